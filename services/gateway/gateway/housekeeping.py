"""Removes what has had its time: feed entries and idempotency keys of more than 90 days."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.db import Database
from hub.errors import Unavailable
from hub.ids import utc_now

KEPT = timedelta(days=90)
EVERY_SECONDS = 3600
_AT_ONCE = 10_000

# An entry that was never read keeps its place: numbering it later must leave no gap.
_FEED = text("""
    DELETE FROM feed WHERE seq IN (
        SELECT seq FROM feed WHERE created_at < :before AND number IS NOT NULL LIMIT :most)
""")
_KEYS = text("""
    DELETE FROM idempotency WHERE (install, key) IN (
        SELECT install, key FROM idempotency WHERE created_at < :before LIMIT :most)
""")

log = structlog.get_logger(__name__)


class Housekeeping:
    """Cleans up hourly, in small transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Clean up until cancelled."""
        while True:
            try:
                more = await self.clean(utc_now())
            except (Unavailable, DBAPIError) as error:
                log.warning("nothing can be cleaned up now", error=str(error))
                more = False
            await asyncio.sleep(1 if more else EVERY_SECONDS)

    async def clean(self, now: datetime) -> bool:
        """Remove one portion; tell whether there may be more."""
        asked = {"before": now - KEPT, "most": _AT_ONCE}
        async with self._database.begin() as connection:
            removed = [(await connection.execute(statement, asked)).rowcount for statement in (_FEED, _KEYS)]
        return max(removed) == _AT_ONCE
