"""What every service answers on its localhost port: health, metrics, and /ops behind a 60-second token."""

from collections.abc import Sequence

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.errors import Unavailable
from hub.health import Health
from hub.ops import audit, consumers, deliveries, destinations, instances, parked, queues
from hub.ops.answers import OpsError, as_problem, as_unavailable
from hub.ops.desk import Desk
from hub.ops.guard import Guarded
from hub.probes import Closed, probe_routes

_OWN = frozenset({"health", "metrics", "ops"})


def standard_routes(desk: Desk) -> list[Route]:
    """Return the operations that every service has."""
    rooms = (queues, parked, consumers, destinations, deliveries, instances, audit)
    return [route for room in rooms for route in room.routes(desk)]


def make_app(
    service: str,
    secret: SecretStr,
    health: Health,
    routes: Sequence[BaseRoute],
    app: ASGIApp | None,
) -> ASGIApp:
    """Assemble a service's HTTP side; `routes` come under /ops, `app` (the public API) at the root."""
    operations = Starlette(routes=routes, exception_handlers={OpsError: as_problem, Unavailable: as_unavailable})
    own = Starlette(routes=[*probe_routes(health), Mount("/ops", Closed(Guarded(operations, service, secret), health))])
    return own if app is None else _divided(own, Closed(app, health))


def _divided(own: ASGIApp, public: ASGIApp) -> ASGIApp:
    """Give our own paths to `own` and all others straight to the public API, not through another set of middleware."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        first = scope.get("path", "/").split("/", 2)[1]
        await (own if first in _OWN else public)(scope, receive, send)

    return app
