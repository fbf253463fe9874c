"""What operators have paused in a service: kept in its schema, so that every process and every restart respects it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.db import Database
from hub.errors import Unavailable

POLL_SECONDS = 1.0

_LISTED = text("SELECT kind, name, paused_at, paused_by, reason FROM paused ORDER BY kind, name")
_PAUSE = text("""
    INSERT INTO paused (kind, name, paused_at, paused_by, reason) VALUES (:kind, :name, :now, :by, :reason)
    ON CONFLICT DO NOTHING
""")
_RESUME = text("DELETE FROM paused WHERE kind = :kind AND name = :name")

log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """What can be paused: a consumer with its replayer, one destination of a sender, or a sender's whole channel."""

    CONSUMER = "consumer"
    DESTINATION = "destination"
    CHANNEL = "channel"


async def listed(connection: AsyncConnection) -> Sequence[Any]:
    """Return everything that is paused: kind, name, since when, by whom, why."""
    return (await connection.execute(_LISTED)).all()


async def pause(
    connection: AsyncConnection, kind: Kind, name: str, *, by: str, reason: str | None, now: datetime
) -> bool:
    """Pause; False where it was paused before (which stays as it is)."""
    asked = {"kind": kind, "name": name, "by": by, "reason": reason, "now": now}
    return (await connection.execute(_PAUSE, asked)).rowcount == 1


async def resume(connection: AsyncConnection, kind: Kind, name: str) -> bool:
    """Let it go on; False where it was not paused."""
    return (await connection.execute(_RESUME, {"kind": kind, "name": name})).rowcount == 1


class Pauses:
    """This process's knowledge of what is paused, a second old at most while the database answers.

    Senders need none of it: they look in the statement that claims their deliveries.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: frozenset[tuple[str, str]] | None = None

    async def run(self) -> None:
        """Look again every second, until cancelled; what was known last holds through an outage."""
        while True:
            try:
                await self.look()
            except (Unavailable, DBAPIError, OSError) as error:
                log.warning("what is paused cannot be read now", error=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def look(self) -> None:
        """Read what is paused now; raises Unavailable."""
        async with self._database.begin() as connection:
            self._known = frozenset((row.kind, row.name) for row in await listed(connection))

    def hold(self, kind: Kind, name: str) -> bool:
        """Tell whether it must stand still: it is paused, or nobody knows yet."""
        return self._known is None or (kind, name) in self._known
