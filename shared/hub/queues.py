"""What waits in a service: how much of it, and since when. For /ops, and as gauges that a light sampler keeps."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import metrics
from hub.db import Database
from hub.errors import Unavailable
from hub.ids import utc_now

SAMPLE_SECONDS = 5.0

# Each gives rows (queue, depth, oldest), also of queues that are empty.
TRANSPORT = text("""
    SELECT 'outbox' AS queue, count(*) AS depth, min(created_at) AS oldest FROM outbox
    UNION ALL
    SELECT 'parked ' || s.state, count(p.seq), min(p.parked_at)
    FROM unnest(ARRAY['waiting', 'retry', 'dead']) AS s(state) LEFT JOIN parked p ON p.state = s.state
    GROUP BY s.state
""")
DELIVERIES = text("""
    SELECT 'deliveries ' || s.state AS queue, count(d.ordered_at) AS depth, min(d.ordered_at) AS oldest
    FROM unnest(ARRAY['due', 'under way', 'waiting', 'in doubt']) AS s(state)
    LEFT JOIN (
        SELECT ordered_at,
               CASE WHEN doubted_at IS NOT NULL THEN 'in doubt' WHEN lease_until > now() THEN 'under way'
                    WHEN due_at <= now() THEN 'due' ELSE 'waiting' END AS state
        FROM delivery WHERE result IS NULL
    ) d ON d.state = s.state
    GROUP BY s.state
""")

log = structlog.get_logger(__name__)


async def queues(connection: AsyncConnection, statements: Sequence[TextClause]) -> list[dict[str, Any]]:
    """Return each queue as `queue`, `depth` and `oldest` (aware, None when it is empty)."""
    return [dict(row) for statement in statements for row in (await connection.execute(statement)).mappings()]


class Sampler:
    """Keeps the gauges of one service's queues; several processes of it show the same."""

    def __init__(self, database: Database, statements: Sequence[TextClause]) -> None:
        self._database = database
        self._statements = statements

    async def run(self) -> None:
        """Look every few seconds until cancelled; an outage leaves the gauges as they were."""
        while True:
            try:
                await self.sample(utc_now())
            except (Unavailable, DBAPIError) as error:
                log.debug("the queues cannot be measured now", error=str(error))
            await asyncio.sleep(SAMPLE_SECONDS)

    async def sample(self, now: datetime) -> None:
        """Measure every queue once; raises Unavailable."""
        async with self._database.begin() as connection:
            found = await queues(connection, self._statements)
        for queue in found:
            name, oldest = queue["queue"], queue["oldest"]
            metrics.QUEUE_DEPTH.labels(name).set(queue["depth"])
            metrics.QUEUE_OLDEST.labels(name).set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
