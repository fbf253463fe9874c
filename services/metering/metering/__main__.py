"""`python -m metering` runs the service, `python -m metering usage` shows what was counted."""

from metering.cli import main

main()
