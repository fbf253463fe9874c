"""An operator with a token, at the /ops of one service on a real database."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.routing import BaseRoute

from hub.auth import Actor, issue
from hub.health import Health
from hub.ops.app import make_app, standard_routes
from hub.ops.desk import Desk

KEY = SecretStr(base64.b64encode(b"k" * 32).decode())
OPERATOR = Actor(name="kari", role="operator")
VIEWER = Actor(name="vera", role="viewer")


class Office:
    """Calls /ops as an actor."""

    def __init__(self, client: httpx.AsyncClient, service: str) -> None:
        self.client = client
        self._service = service

    async def call(
        self, method: str, path: str, *, status: int = 200, actor: Actor = OPERATOR, **body: Any
    ) -> dict[str, Any]:
        """Return the answer's JSON; anything but the status expected is a failure."""
        headers = {"Authorization": f"Bearer {issue(KEY, actor, self._service, datetime.now(UTC))}"}
        answer = await self.client.request(method, f"/ops{path}", headers=headers, json=body or None)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def get(self, path: str, **expected: Any) -> dict[str, Any]:
        return await self.call("GET", path, **expected)

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        return await self.call("POST", path, **body)

    async def audit(self) -> list[dict[str, Any]]:
        """What was done, oldest first."""
        return list(reversed((await self.get("/audit"))["audit"]))


@asynccontextmanager
async def office(desk: Desk, routes: Sequence[BaseRoute] = ()) -> AsyncIterator[Office]:
    health = Health(desk.database, {})
    health.opened = True
    app = make_app(desk.service, KEY, health, [*standard_routes(desk), *routes], None)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{desk.service}") as client:
        yield Office(client, desk.service)
