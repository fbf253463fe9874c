"""Set-based statements over the gateway's tables."""
