"""access_point."""
