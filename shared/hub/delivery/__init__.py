"""The sender framework: what every channel shares (DESIGN section 5)."""
