"""What each instance of a service says of itself, noted in its schema every few seconds: any of them tells of all."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.db import Database
from hub.errors import Unavailable
from hub.health import Part
from hub.ids import utc_now

NOTE_SECONDS = 5.0
SILENT_AFTER = timedelta(seconds=20)
FORGOTTEN_AFTER = timedelta(days=1)

# What is lost with the machine is noted anew a moment later: nothing waits for the disk.
_AT_EASE = text("SET LOCAL synchronous_commit TO off")
_NOTE = text("""
    INSERT INTO instance (ordinal, started_at, seen_at, parts, breakers)
    VALUES (:ordinal, :started_at, :now, CAST(:parts AS jsonb), CAST(:breakers AS jsonb))
    ON CONFLICT (ordinal) DO UPDATE SET started_at = excluded.started_at, seen_at = excluded.seen_at,
                                        parts = excluded.parts, breakers = excluded.breakers
""")
_FORGET = text("DELETE FROM instance WHERE seen_at < :before")
_LISTED = text("SELECT ordinal, started_at, seen_at, parts, breakers FROM instance ORDER BY ordinal")

log = structlog.get_logger(__name__)


class Instance:
    """This process, as it tells of itself. `breakers` gives the destinations that were down lately (a sender's)."""

    def __init__(
        self,
        database: Database,
        ordinal: int,
        parts: Sequence[Part],
        breakers: Callable[[], Sequence[dict[str, Any]]] = lambda: (),
    ) -> None:
        self._database = database
        self._ordinal = ordinal
        self._parts = parts
        self._breakers = breakers
        self._started = utc_now()

    def told(self) -> dict[str, Any]:
        """Return what is true of it now."""
        return {
            "ordinal": self._ordinal,
            "started_at": self._started,
            "seen_at": utc_now(),
            "silent": False,
            "parts": [part.told() for part in self._parts],
            "breakers": list(self._breakers()),
        }

    async def run(self) -> None:
        """Note it every few seconds, until cancelled."""
        while True:
            try:
                await self.note()
            except (Unavailable, DBAPIError, OSError) as error:
                log.debug("this instance could not note that it lives", error=str(error))
            await asyncio.sleep(NOTE_SECONDS)

    async def note(self) -> None:
        """Note it once; raises Unavailable."""
        told = self.told()
        async with self._database.begin() as connection:
            await connection.execute(_AT_EASE)
            await connection.execute(_FORGET, {"before": told["seen_at"] - FORGOTTEN_AFTER})
            noted = {name: orjson.dumps(told[name]).decode() for name in ("parts", "breakers")}
            asked = {"ordinal": self._ordinal, "started_at": self._started, "now": told["seen_at"]}
            await connection.execute(_NOTE, {**asked, **noted})

    async def all(self, connection: AsyncConnection) -> list[dict[str, Any]]:
        """Return what each instance said last, by ordinal; one that is `silent` has stopped, or cannot write."""
        rows = (await connection.execute(_LISTED)).mappings()
        silent_before = utc_now() - SILENT_AFTER
        others = [{**row, "silent": row["seen_at"] < silent_before} for row in rows if row["ordinal"] != self._ordinal]
        return sorted([self.told(), *others], key=lambda one: int(one["ordinal"]))
