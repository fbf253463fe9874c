"""The gateway as an ERP (or an operator) speaks to it: outbound HTTP with a key, and nothing else."""

from dataclasses import dataclass
from typing import Any, Self

import aiohttp


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: Any


class Gateway:
    """Calls one gateway. Use as a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def call(
        self, method: str, path: str, key: str, *, json: Any = None, data: bytes | None = None, **headers: str
    ) -> Answer:
        """Send a request with the key; header names are given with underscores."""
        assert self._session is not None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {key}"
        async with self._session.request(method, self.url + path, json=json, data=data, headers=sent) as response:
            raw = await response.read()
            is_json = "json" in response.content_type
            return Answer(response.status, await response.json(content_type=None) if is_json and raw else raw)

    async def expect(self, method: str, path: str, key: str, *, json: Any = None) -> Any:
        """Send a request that must succeed and return its body; raises RuntimeError with the answer."""
        answer = await self.call(method, path, key, json=json)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {answer.body}")
        return answer.body
