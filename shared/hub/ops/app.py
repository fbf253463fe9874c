"""What every service answers on its localhost port: health, metrics, and /ops behind a 60-second token."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.db import Database
from hub.ops.answers import OpsError, OpsJSON, as_problem
from hub.ops.guard import Guarded

_OWN = frozenset({"health", "metrics", "ops"})

_QUEUES = text("""
    SELECT 'outbox' AS queue, count(*) AS depth, min(created_at) AS oldest FROM outbox
    UNION ALL
    SELECT 'parked ' || state, count(*), min(parked_at) FROM parked
    WHERE state IN ('waiting', 'retry', 'dead') GROUP BY state
""")
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
        return OpsJSON({"queues": await rows(_QUEUES)})

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
    ready: Callable[[], Awaitable[bool]],
    routes: Sequence[BaseRoute],
    app: ASGIApp | None,
) -> ASGIApp:
    """Assemble a service's HTTP side; `routes` come under /ops, `app` (the public API) at the root."""

    async def live(_request: Request) -> Response:
        return PlainTextResponse("live")

    async def is_ready(_request: Request) -> Response:
        return PlainTextResponse("ready") if await ready() else PlainTextResponse("not ready", status_code=503)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    operations = Starlette(routes=[*standard_routes(database), *routes], exception_handlers={OpsError: as_problem})
    own = Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", is_ready),
            Route("/metrics", metrics),
            Mount("/ops", Guarded(operations, service, secret)),
        ]
    )
    return own if app is None else _divided(own, app)


def _divided(own: ASGIApp, public: ASGIApp) -> ASGIApp:
    """Give our own paths to `own` and all others straight to the public API, not through another set of middleware."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        first = scope.get("path", "/").split("/", 2)[1]
        await (own if first in _OWN else public)(scope, receive, send)

    return app
