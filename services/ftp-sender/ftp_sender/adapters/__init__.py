"""The outside world: customers' servers."""
