"""The other services that the gateway asks while a person waits."""
