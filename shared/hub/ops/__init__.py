"""What operators see and do: /ops of every service, and the command line over it."""
