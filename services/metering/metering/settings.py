"""metering's settings, from the environment (`HUB_…`)."""

from hub.settings import HubSettings


class MeteringSettings(HubSettings):
    """Nothing but what every service has."""
