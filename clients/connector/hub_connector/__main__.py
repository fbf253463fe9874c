"""`python -m hub_connector`."""

from hub_connector.cli import main

main()
