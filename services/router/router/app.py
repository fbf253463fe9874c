"""The router, wired together."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hub.db import Database
from hub.ids import utc_now
from hub.peer import Peer
from hub.runner import Service
from router import operations
from router.handlers import RegisterHandler, RouterHandler
from router.settings import RouterSettings
from router.store import RegisterSeen

NAME = "router"
MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: RouterSettings | None = None, clock: Callable[[], datetime] = utc_now) -> Service:
    """Wire the service together; settings come from the environment unless given."""
    settings = settings or RouterSettings()
    database = Database(settings.database_url.get_secret_value(), NAME)
    gateway = Peer(NAME, "gateway", settings.gateway_url, settings.secret_key)
    service = Service(
        name=NAME,
        settings=settings,
        database=database,
        migrations=MIGRATIONS,
        handlers=[RouterHandler(RegisterSeen(database), clock), RegisterHandler()],
        resources=[gateway],
    )
    service.ops_routes = operations.routes(database, gateway, clock, service.committed)
    return service
