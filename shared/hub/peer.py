"""A call to another service's /ops, with a token of 60 seconds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import aiohttp
import orjson
from pydantic import SecretStr

from hub.auth import Actor, issue
from hub.errors import Problem, Refused, Unavailable

_TIMEOUT = aiohttp.ClientTimeout(total=5, connect=2)


class NotThereError(Unavailable):
    """The peer knows nothing by that name (404)."""


class Peer:
    """One service of the hub by its address, called as `caller`. Opens its connections when entered as a context."""

    def __init__(self, caller: str, service: str, url: str, secret: SecretStr) -> None:
        self._caller = Actor(name=caller, role="service")
        self._service = service
        self._url = url.rstrip("/")
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        now: datetime,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Return the answer's JSON; raises Refused for what the peer says is wrong, NotThereError, else Unavailable."""
        if self._session is None or not self._url:
            raise Unavailable(f"{self._service} has no address (HUB_{self._service.upper().replace('-', '_')}_URL)")
        headers = {"Authorization": f"Bearer {issue(self._secret, self._caller, self._service, now)}"}
        data = orjson.dumps(body) if body is not None else None
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                method, self._url + path, data=data, params=query, headers=headers, allow_redirects=False
            ) as response:
                return _read(self._service, response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"{self._service} does not answer: {type(error).__name__}") from error


def _read(service: str, status: int, raw: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        content = {}
    if status < 300 and isinstance(content, dict):
        return content
    if status == 404:
        raise NotThereError(service)
    if status in (400, 409, 422) and isinstance(content, dict):
        raise Refused(*_problems(content))
    raise Unavailable(f"{service} answered {status}")


def _problems(content: Mapping[str, Any]) -> list[Problem]:
    """Read problem details as our services write them; a peer without words gets ours."""
    told = content.get("errors") or [content]
    fallback = "The other service refused the value."
    return [
        Problem(
            code=str(one.get("code") or "invalid"),
            nb=str(one.get("nb") or one.get("detail_nb") or "Verdien ble ikke godtatt."),
            en=str(one.get("en") or one.get("detail") or one.get("title") or fallback),
            field=one.get("field"),
            rule=one.get("rule"),
        )
        for one in told
        if isinstance(one, dict)
    ] or [Problem(code="invalid", nb="Verdien ble ikke godtatt.", en=fallback)]
