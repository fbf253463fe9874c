"""What waits in a service, how much of it, and since when: depth and age, null where it is not known."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.delivery import reading
from hub.ids import utc_now
from hub.ops.answers import OpsJSON
from hub.ops.desk import Desk
from hub.queues import queues as waiting


async def queues(desk: Desk) -> list[dict[str, Any]]:
    """Return each queue with `depth`, `oldest` (UTC), `oldest_age` (seconds), and a sender's `worst` destination.

    A consumer's depth is its lag; the age of what Kafka holds is not known without reading it.
    """
    now = utc_now()
    async with desk.database.begin() as connection:
        found = await waiting(connection, desk.queues)
        worst = await reading.worst(connection, now) if desk.sender is not None else {}
    names = await desk.names([one["destination"] for one in worst.values()])
    lags = await asyncio.gather(*(consumer.lag() for consumer in desk.consumers))
    found += [
        {"queue": f"consumer {consumer.handler.name}", "depth": lag, "oldest": None}
        for consumer, lag in zip(desk.consumers, lags, strict=True)
    ]
    return [
        {**queue, "oldest_age": _age(queue["oldest"], now), "worst": _named(worst.get(queue["queue"]), names)}
        for queue in found
    ]


def _named(worst: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    return None if worst is None else {**worst, "name": names.get(worst["destination"])}


def _age(oldest: datetime | None, now: datetime) -> float | None:
    return None if oldest is None else round(max(0.0, (now - oldest).total_seconds()), 1)


def routes(desk: Desk) -> list[Route]:
    """Return `GET /queues`."""

    async def listed(_request: Request) -> Response:
        return OpsJSON({"service": desk.service, "at": utc_now(), "queues": await queues(desk)})

    return [Route("/queues", listed)]
