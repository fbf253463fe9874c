"""The probes and /metrics, which need no token, and the door that stays closed until a service has started."""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.health import Health


def probe_routes(health: Health) -> list[Route]:
    """Return the routes that need no token."""

    async def live(_request: Request) -> Response:
        """Answer at all: the loop turns, and a service whose part has died ends."""
        return _answer("live", 200, health)

    async def started(_request: Request) -> Response:
        """Tell whether the service has what it needs to start: its database, its tables, its tools."""
        return _answer("started", 200, health) if health.opened else _answer("starting", 503, health)

    async def ready(_request: Request) -> Response:
        """Tell per part what is not ready, and since when."""
        return _answer("ready", 200, health) if await health.ready() else _answer("not ready", 503, health)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/health/started", started),
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
    ]


def _answer(status: str, code: int, health: Health) -> Response:
    content: dict[str, Any] = {"status": status, "parts": health.told()}
    return JSONResponse(content, status_code=code)


class Closed:
    """Answers 503 for an application whose service has not started yet; its tables may not even be there."""

    def __init__(self, app: ASGIApp, health: Health) -> None:
        self._app = app
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on once the service has started."""
        if scope["type"] == "http" and not self._health.opened:
            answer = JSONResponse(
                {
                    "type": "urn:sentral:problem:unavailable",
                    "title": "The service is starting. Try again in a few seconds.",
                    "status": 503,
                },
                status_code=503,
                headers={"Retry-After": "2"},
                media_type="application/problem+json",
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
