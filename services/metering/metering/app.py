"""metering, wired together."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hub.db import Database
from hub.ids import utc_now
from hub.runner import Service
from metering.api import routes
from metering.handlers import MeteringHandler, RegisterHandler
from metering.settings import MeteringSettings

NAME = "metering"
MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: MeteringSettings | None = None, clock: Callable[[], datetime] = utc_now) -> Service:
    """Wire the service together; settings come from the environment unless given."""
    settings = settings or MeteringSettings()
    database = Database(settings.database_url.get_secret_value(), NAME)
    return Service(
        name=NAME,
        settings=settings,
        database=database,
        migrations=MIGRATIONS,
        handlers=[MeteringHandler(), RegisterHandler()],
        ops_routes=routes(database, clock),
    )
