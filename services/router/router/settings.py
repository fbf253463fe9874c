"""The router's settings, from the environment (`HUB_…`)."""

from hub.settings import HubSettings


class RouterSettings(HubSettings):
    """Nothing but what every service has."""
