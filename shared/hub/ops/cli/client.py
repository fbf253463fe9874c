"""Finding a running hub's services, and calling their /ops as an operator."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from pydantic import SecretStr

from hub.auth import Actor, issue
from hub.ids import utc_now
from hub.stack import process
from hub.stack.catalogue import SERVICES, url_variable
from hub.stack.errors import StackError
from hub.stack.local import SECRETS
from hub.stack.run import ADDRESSES

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=3)
Answer = Mapping[str, Any]


class CommandError(Exception):
    """Why a command was not done, in words that say what to do. `status` is the answer's, 0 where there was none."""

    def __init__(self, told: str, status: int = 0) -> None:
        super().__init__(told)
        self.status = status


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub's services by name, and who calls them."""

    addresses: Mapping[str, str]
    secret: SecretStr
    actor: Actor

    @classmethod
    def find(cls, data: Path, environment: Mapping[str, str], actor: Actor) -> "Hub":
        """Return the hub that the environment names (HUB_SECRET_KEY, HUB_<SERVICE>_URL), else the one run on `data`.

        Raises CommandError.
        """
        named = {name: url for name in SERVICES if (url := environment.get(url_variable(name)))}
        try:
            ran = process.read_private(data / ADDRESSES)
            secret = environment.get("HUB_SECRET_KEY") or process.read_private(data / SECRETS).get("secret_key")
        except (OSError, StackError) as error:
            raise CommandError(str(error)) from error
        addresses = named or {name: urls[0] for name, urls in ran.items() if urls}
        if not addresses or not secret:
            raise CommandError(
                f"No hub runs on {data.absolute()}. Start it (python -m hub run), name its folder with --data, or set "
                "HUB_SECRET_KEY and HUB_GATEWAY_URL, HUB_ROUTER_URL and so on."
            )
        return cls(addresses, SecretStr(secret), actor)

    async def call(self, service: str, method: str, path: str, given: Mapping[str, Any] | None = None) -> Answer:
        """Return what a service answers; raises CommandError."""
        if service not in self.addresses:
            raise CommandError(f"There is no service {service}; there are {', '.join(self.addresses)}.")
        body = orjson.dumps({name: value for name, value in (given or {}).items() if value is not None})
        headers = {"Authorization": f"Bearer {issue(self.secret, self.actor, service, utc_now())}"}
        url = f"{self.addresses[service].rstrip('/')}/ops{path}"
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return _read(service, answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CommandError(f"{service} does not answer at {url.partition('/ops')[0]}. Does the hub run?") from error

    async def everywhere(self, path: str) -> tuple[dict[str, Answer], list[str]]:
        """Return the answer of each service that has it, and why others did not answer."""

        async def one(service: str) -> Answer | CommandError:
            try:
                return await self.call(service, "GET", path)
            except CommandError as error:
                return error

        answers = await asyncio.gather(*(one(service) for service in self.addresses))
        found = dict(zip(self.addresses, answers, strict=True))
        failed = [str(error) for error in answers if isinstance(error, CommandError) and error.status != 404]
        return {name: answer for name, answer in found.items() if not isinstance(answer, CommandError)}, failed

    async def holder(self, path: str, what: str) -> tuple[str, Answer]:
        """Return the service that knows this path, and its answer; raises CommandError."""
        found, failed = await self.everywhere(path)
        if found:
            return next(iter(found.items()))
        raise CommandError(" ".join([f"No service knows {what}.", *failed]))


def _read(service: str, status: int, raw: bytes) -> Answer:
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError:
        content = None
    if status < 300 and isinstance(content, dict):
        return content
    told = content.get("title") if isinstance(content, dict) else None
    if status == 401:
        told = "The token was refused: this hub has another secret. Name its folder with --data, or HUB_SECRET_KEY."
    raise CommandError(str(told or f"{service} answered {status}; its log says why."), status)
