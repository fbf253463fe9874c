"""A sender's destinations: what waits for each, which were down lately, and pausing one or the whole channel."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub import pauses
from hub.delivery import reading
from hub.ids import utc_now
from hub.ops import audit
from hub.ops.answers import OpsError, OpsJSON
from hub.ops.asked import Noted, body_of
from hub.ops.desk import Desk, WatchedSender
from hub.ops.guard import changer
from hub.pauses import Kind

_LONGEST_NAME = 200
_IDLE = {"due": 0, "waiting": 0, "under_way": 0, "in_doubt": 0, "oldest": None, "next_at": None}


def _held(row: Any) -> dict[str, Any] | None:
    return row and {"at": row.paused_at, "by": row.paused_by, "reason": row.reason}


def _by_destination(instances: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return what the instances that live know of each destination."""
    found: dict[str, list[dict[str, Any]]] = {}
    for instance in instances:
        for breaker in () if instance["silent"] else instance["breakers"]:
            about = {name: value for name, value in breaker.items() if name != "destination"}
            found.setdefault(breaker["destination"], []).append({"instance": instance["ordinal"], **about})
    return found


class _Room:
    """The operations over one desk, which has a sender."""

    def __init__(self, desk: Desk, sender: WatchedSender) -> None:
        self._desk = desk
        self._sender = sender

    async def listed(self, _request: Request) -> Response:
        """Give each destination that something waits for or that is paused.

        `name` is how people know it, if they do by another; `breakers` tell which instances leave it alone.
        """
        async with self._desk.database.begin() as connection:
            rows = {row["destination"]: row for row in await reading.destinations(connection, utc_now())}
            held = {(row.kind, row.name): row for row in await pauses.listed(connection)}
        for kind, name in held:
            if kind == Kind.DESTINATION:
                rows.setdefault(name, {"destination": name, **_IDLE})
        names = await self._desk.names(list(rows))
        breakers = _by_destination(await self._desk.instances())
        shown = [
            {
                **row,
                "name": names.get(name),
                "breakers": breakers.get(name, []),
                "paused": _held(held.get((Kind.DESTINATION, name))),
            }
            for name, row in rows.items()
        ]
        paused = _held(held.get((Kind.CHANNEL, self._sender.channel)))
        return OpsJSON({"channel": self._sender.channel, "paused": paused, "destinations": shown})

    async def pause(self, request: Request) -> Response:
        actor, asked, (kind, name) = changer(request), await body_of(request, Noted), self._named(request)
        async with self._desk.database.begin() as connection:
            if await pauses.pause(connection, kind, name, by=actor.name, reason=asked.reason, now=utc_now()):
                await audit.record(connection, actor, f"{kind}.pause", name, reason=asked.reason)
        return OpsJSON({str(kind): name, "paused": True})

    async def resume(self, request: Request) -> Response:
        actor, asked, (kind, name) = changer(request), await body_of(request, Noted), self._named(request)
        async with self._desk.database.begin() as connection:
            if await pauses.resume(connection, kind, name):
                await audit.record(connection, actor, f"{kind}.resume", name, reason=asked.reason)
        await self._desk.changed()
        return OpsJSON({str(kind): name, "paused": False})

    def _named(self, request: Request) -> tuple[Kind, str]:
        """Return what the path names: a destination, or the whole channel."""
        name = request.path_params.get("name")
        if name is None:
            return Kind.CHANNEL, self._sender.channel
        if len(name) > _LONGEST_NAME:
            raise OpsError(422, "invalid", f"A destination's name has at most {_LONGEST_NAME} characters.")
        return Kind.DESTINATION, name


def routes(desk: Desk) -> list[Route]:
    """Return `GET /destinations`, `POST /destinations/{name}/pause|resume`, `/channel/pause|resume` of a sender."""
    if desk.sender is None:
        return []
    room = _Room(desk, desk.sender)
    return [
        Route("/destinations", room.listed),
        Route("/channel/pause", room.pause, methods=["POST"]),
        Route("/channel/resume", room.resume, methods=["POST"]),
        Route("/destinations/{name:path}/pause", room.pause, methods=["POST"]),
        Route("/destinations/{name:path}/resume", room.resume, methods=["POST"]),
    ]
