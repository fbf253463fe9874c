"""What every service answers on its localhost port: health, metrics, and /ops behind a 60-second token."""

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.db import Database
from hub.health import Health
from hub.ops.answers import OpsError, OpsJSON, as_problem
from hub.ops.guard import Guarded
from hub.probes import Closed, probe_routes
from hub.queues import TRANSPORT
from hub.queues import queues as waiting

_OWN = frozenset({"health", "metrics", "ops"})

_PARKED = text("""
    SELECT seq, consumer, event_id, topic, key, state, attempts, next_at, error_class, error_fingerprint, error_text,
           parked_at
    FROM parked WHERE state IN ('waiting', 'retry', 'dead') AND seq > :after ORDER BY seq LIMIT 200
""")


def standard_routes(database: Database) -> list[Route]:
    """Return the operations that every service has: its queues and its parked messages."""

    async def rows(statement: Any, **values: Any) -> list[dict[str, Any]]:
        async with database.begin() as connection:
            return [dict(row) for row in (await connection.execute(statement, values)).mappings()]

    async def queues(_request: Request) -> Response:
        async with database.begin() as connection:
            return OpsJSON({"queues": await waiting(connection, [TRANSPORT])})

    async def parked(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            return OpsJSON({"title": "after must be a number"}, status_code=422)
        return OpsJSON({"parked": await rows(_PARKED, after=int(after))})

    return [Route("/queues", queues), Route("/parked", parked)]


def make_app(
    service: str,
    database: Database,
    secret: SecretStr,
    health: Health,
    routes: Sequence[BaseRoute],
    app: ASGIApp | None,
) -> ASGIApp:
    """Assemble a service's HTTP side; `routes` come under /ops, `app` (the public API) at the root."""
    operations = Starlette(routes=[*standard_routes(database), *routes], exception_handlers={OpsError: as_problem})
    own = Starlette(routes=[*probe_routes(health), Mount("/ops", Closed(Guarded(operations, service, secret), health))])
    return own if app is None else _divided(own, Closed(app, health))


def _divided(own: ASGIApp, public: ASGIApp) -> ASGIApp:
    """Give our own paths to `own` and all others straight to the public API, not through another set of middleware."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        first = scope.get("path", "/").split("/", 2)[1]
        await (own if first in _OWN else public)(scope, receive, send)

    return app
