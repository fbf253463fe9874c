"""Forgetting what protects nothing any more: inbox rows older than any message that Kafka could still repeat."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.db import Database
from hub.errors import Unavailable
from hub.ids import utc_now

KEPT = timedelta(days=60)  # topics keep 30
PAUSE = timedelta(hours=1)
AT_ONCE = 10_000

_FORGET = text("""
    DELETE FROM inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM inbox WHERE seen_at < :before LIMIT :most))
""")

log = structlog.get_logger(__name__)


async def forget_old(database: Database) -> int:
    """Delete one portion of old inbox rows and return how many they were; raises Unavailable."""
    async with database.begin() as connection:
        done = await connection.execute(_FORGET, {"before": utc_now() - KEPT, "most": AT_ONCE})
        return int(done.rowcount)


async def keep_forgetting(database: Database) -> None:
    """Forget portion by portion, and look again every hour, until cancelled."""
    while True:
        try:
            done = await forget_old(database)
        except (Unavailable, DBAPIError) as error:
            log.warning("old inbox rows were not deleted", error=str(error))
            done = 0
        if done < AT_ONCE:
            await asyncio.sleep(PAUSE.total_seconds())
