"""What the router decides: pure, over facts that were gathered before."""
