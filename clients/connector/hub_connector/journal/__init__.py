"""What the connector knows, in one SQLite file: what it took, what the hub said, and what it still has to do."""
