"""The library that all services share."""
