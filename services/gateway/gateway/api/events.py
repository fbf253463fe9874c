"""The install's own feed, by long poll: no connection to the customer's premises is ever needed."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.api.parts import AnyInstall, Wired
from gateway.api.views import FeedPage
from gateway.store import feeds
from hub.errors import Problem, Refused
from hub.tasks import woken

_NEWEST = 2**62

router = APIRouter(prefix="/v1/events", tags=["events"])


@router.get("", summary="Read the feed")
async def read(
    parts: Wired,
    caller: AnyInstall,
    after: Annotated[int, Query(ge=0, le=_NEWEST, description="The last number you kept; acknowledges up to it.")] = 0,
    wait: Annotated[int, Query(ge=0, le=30, description="Seconds to wait for something new.")] = 0,
    limit: Annotated[int, Query(ge=1, le=feeds.PORTION)] = 200,
) -> FeedPage:
    """Return what happened after a number, in order; wait for it if there is nothing yet. Entries stay 90 days."""
    clock = asyncio.get_running_loop().time
    until = clock() + wait
    if wait:
        await parts.bell.pace(caller.install)
    news = parts.bell.listen(caller.install)
    try:
        while True:
            news.clear()
            async with parts.database.begin() as connection:
                last, rows = await feeds.read(connection, caller.install, after, limit)
            if after > last:
                raise Refused(_beyond(after, last))
            if rows or clock() >= until or parts.bell.closing:
                return FeedPage(entries=[{"number": row.number, **row.entry} for row in rows], last=last)
            await woken(news, until - clock())
    finally:
        parts.bell.leave(caller.install, news)


def _beyond(after: int, last: int) -> Problem:
    return Problem(
        code="invalid",
        nb=f"Hendelse {after} finnes ikke ennå; den siste er {last}. Er nummeret fra en annen installasjon?",
        en=f"There is no entry {after} yet; the newest is {last}. Is the number from another install?",
        field="after",
    )
