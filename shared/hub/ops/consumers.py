"""A service's consumers: how far behind they are, pausing them, and going on where messages were lost."""

import asyncio
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


async def _shown(consumer: WatchedConsumer, paused: dict[str, Any], lost: list[dict[str, Any]]) -> dict[str, Any]:
    name = consumer.handler.name
    held = paused.get(name)
    return {
        "consumer": name,
        "topics": [topic.name for topic in consumer.handler.topics],
        "running": consumer.part.lack is None,
        "lacks": consumer.part.lack,
        "lag": await consumer.lag(),
        "paused": held and {"at": held.paused_at, "by": held.paused_by, "reason": held.reason},
        "lost": [{key: value for key, value in one.items() if key != "consumer"} for one in lost],
    }


def routes(desk: Desk) -> list[Route]:
    """Return `GET /consumers` and `POST /consumers/{name}/pause`, `…/resume` and `…/skip-to-beginning`."""
    known = {consumer.handler.name: consumer for consumer in desk.consumers}

    def named(request: Request) -> str:
        name: str = request.path_params["name"]
        if name not in known:
            raise OpsError(404, "unknown-consumer", f"No consumer {name} here; there are {', '.join(sorted(known))}.")
        return name

    async def listed(_request: Request) -> Response:
        async with desk.database.begin() as connection:
            held = {row.name: row for row in await pauses.listed(connection) if row.kind == Kind.CONSUMER}
        lost = await desk.rows(_LOST)
        shown = await asyncio.gather(
            *(_shown(one, held, [row for row in lost if row["consumer"] == name]) for name, one in known.items())
        )
        return OpsJSON({"consumers": shown})

    async def pause(request: Request) -> Response:
        actor, name, asked = changer(request), named(request), await body_of(request, Noted)
        async with desk.database.begin() as connection:
            if await pauses.pause(connection, Kind.CONSUMER, name, by=actor.name, reason=asked.reason, now=utc_now()):
                await audit.record(connection, actor, "consumer.pause", name, reason=asked.reason)
        await desk.changed()
        return OpsJSON({"consumer": name, "paused": True})

    async def resume(request: Request) -> Response:
        actor, name, asked = changer(request), named(request), await body_of(request, Noted)
        async with desk.database.begin() as connection:
            if await pauses.resume(connection, Kind.CONSUMER, name):
                await audit.record(connection, actor, "consumer.resume", name, reason=asked.reason)
        await desk.changed()
        return OpsJSON({"consumer": name, "paused": False})

    async def skip(request: Request) -> Response:
        """Go on from the log's beginning where positions were lost; what lay between is named in the audit trail."""
        actor, name, asked = changer(request), named(request), await body_of(request, Explained)
        async with desk.database.begin() as connection:
            gone = [
                {"topic": one.partition.topic, "partition": one.partition.number, "from": one.next, "to": one.begins_at}
                for one in await positions.skip_lost(connection, name)
            ]
            if gone:
                detail = {"skipped": gone}
                await audit.record(connection, actor, "consumer.skip", name, reason=asked.reason, detail=detail)
        return OpsJSON({"consumer": name, "skipped": gone})

    return [
        Route("/consumers", listed),
        Route("/consumers/{name}/pause", pause, methods=["POST"]),
        Route("/consumers/{name}/resume", resume, methods=["POST"]),
        Route("/consumers/{name}/skip-to-beginning", skip, methods=["POST"]),
    ]
