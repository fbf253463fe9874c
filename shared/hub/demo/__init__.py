"""The demonstration: a made-up office with clients, an outside world on this machine, and the examples sent."""
