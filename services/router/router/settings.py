"""The router's settings, from the environment (`HUB_…`)."""

from hub.settings import HubSettings


class RouterSettings(HubSettings):
    """`gateway_url`: asked for a transaction's standing when an operator reroutes it, and for nothing else."""

    gateway_url: str = ""
