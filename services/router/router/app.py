"""The router, wired together."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hub.db import Database
from hub.ids import utc_now
from hub.runner import Service
from router.handlers import RegisterHandler, RouterHandler
from router.settings import RouterSettings
from router.store import RegisterSeen

NAME = "router"
MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: RouterSettings | None = None, clock: Callable[[], datetime] = utc_now) -> Service:
    """Wire the service together; settings come from the environment unless given."""
    settings = settings or RouterSettings()
    database = Database(settings.database_url.get_secret_value(), NAME)
    return Service(
        name=NAME,
        settings=settings,
        database=database,
        migrations=MIGRATIONS,
        handlers=[RouterHandler(RegisterSeen(database), clock), RegisterHandler()],
    )
