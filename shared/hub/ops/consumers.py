"""A service's consumers: how far behind they are, pausing them, and going on where messages were lost."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub import pauses, positions
from hub.ids import utc_now
from hub.ops import audit
from hub.ops.answers import OpsError, OpsJSON
from hub.ops.asked import Explained, Noted, body_of
from hub.ops.desk import Desk, WatchedConsumer
from hub.ops.guard import changer
from hub.pauses import Kind

_LOST = text("""
    SELECT consumer, topic, partition, next, begins_at, noticed_at FROM position_lost ORDER BY topic, partition
""")


def _of_instances(consumer: WatchedConsumer, instances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return whether it runs in each instance that lives, and what it lacks there."""
    return [
        {"instance": instance["ordinal"], "running": part["ready"], "lacks": part["lacks"]}
        for instance in instances
        if not instance["silent"]
        for part in instance["parts"]
        if part["part"] == consumer.part.name
    ]


def _shown(consumer: WatchedConsumer, places: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    lacks = [consumer.part.lack, *(place["lacks"] for place in places)]
    return {
        "consumer": consumer.handler.name,
        "topics": [topic.name for topic in consumer.handler.topics],
        "running": not any(lacks),
        "lacks": next(filter(None, lacks), None),
        "instances": places,
    }


def _lost(consumer: WatchedConsumer, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in row.items() if key != "consumer"}
        for row in rows
        if row["consumer"] == consumer.handler.name
    ]


def _held(row: Any) -> dict[str, Any] | None:
    return row and {"at": row.paused_at, "by": row.paused_by, "reason": row.reason}


class _Room:
    """The operations over one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known = {consumer.handler.name: consumer for consumer in desk.consumers}

    def _named(self, request: Request) -> str:
        name: str = request.path_params["name"]
        if name not in self._known:
            known = ", ".join(sorted(self._known))
            raise OpsError(404, "unknown-consumer", f"No consumer {name} here; there are {known}.")
        return name

    async def listed(self, _request: Request) -> Response:
        """Give each consumer; `running` tells that it runs wherever it should, `lacks` what keeps the first one."""
        async with self._desk.database.begin() as connection:
            held = {row.name: row for row in await pauses.listed(connection) if row.kind == Kind.CONSUMER}
        lost, instances = await self._desk.rows(_LOST), await self._desk.instances()
        lags = await asyncio.gather(*(consumer.lag() for consumer in self._desk.consumers))
        shown = [
            {
                **_shown(consumer, _of_instances(consumer, instances)),
                "lag": lag,
                "paused": _held(held.get(consumer.handler.name)),
                "lost": _lost(consumer, lost),
            }
            for consumer, lag in zip(self._desk.consumers, lags, strict=True)
        ]
        return OpsJSON({"consumers": shown})

    async def pause(self, request: Request) -> Response:
        actor, name, asked = changer(request), self._named(request), await body_of(request, Noted)
        async with self._desk.database.begin() as connection:
            if await pauses.pause(connection, Kind.CONSUMER, name, by=actor.name, reason=asked.reason, now=utc_now()):
                await audit.record(connection, actor, "consumer.pause", name, reason=asked.reason)
        await self._desk.changed()
        return OpsJSON({"consumer": name, "paused": True})

    async def resume(self, request: Request) -> Response:
        actor, name, asked = changer(request), self._named(request), await body_of(request, Noted)
        async with self._desk.database.begin() as connection:
            if await pauses.resume(connection, Kind.CONSUMER, name):
                await audit.record(connection, actor, "consumer.resume", name, reason=asked.reason)
        await self._desk.changed()
        return OpsJSON({"consumer": name, "paused": False})

    async def skip(self, request: Request) -> Response:
        """Go on from the log's beginning where positions were lost; what lay between is named in the audit trail."""
        actor, name, asked = changer(request), self._named(request), await body_of(request, Explained)
        async with self._desk.database.begin() as connection:
            gone = [
                {"topic": one.partition.topic, "partition": one.partition.number, "from": one.next, "to": one.begins_at}
                for one in await positions.skip_lost(connection, name)
            ]
            if gone:
                detail = {"skipped": gone}
                await audit.record(connection, actor, "consumer.skip", name, reason=asked.reason, detail=detail)
        return OpsJSON({"consumer": name, "skipped": gone})


def routes(desk: Desk) -> list[Route]:
    """Return `GET /consumers` and `POST /consumers/{name}/pause`, `…/resume` and `…/skip-to-beginning`."""
    room = _Room(desk)
    return [
        Route("/consumers", room.listed),
        Route("/consumers/{name}/pause", room.pause, methods=["POST"]),
        Route("/consumers/{name}/resume", room.resume, methods=["POST"]),
        Route("/consumers/{name}/skip-to-beginning", room.skip, methods=["POST"]),
    ]
