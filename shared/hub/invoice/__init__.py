"""The JSON invoice that ERPs send: its model, how it is read, and findings in its own field names."""
