"""The sender framework: what every channel shares."""
