"""What tests and the demonstration use in place of the outside world; each fake is held to recorded behaviour."""
