"""Who may work on a delivery: a worker under a lease, known by the fencing number that each claim raises."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.db import Database
from hub.ids import utc_now
from hub.pipeline import DeliveryOrdered

# Each destination gives at most what it has room for, so a claim is never filled by one of them. What an operator
# settled is claimed for as long as its outcome is asked after, and what is paused is left alone.
_CLAIM = text("""
    WITH ranked AS (
        SELECT transaction_id, leg, destination, due_at,
               row_number() OVER (PARTITION BY destination ORDER BY due_at) AS place
        FROM delivery
        WHERE (result IS NULL OR asked_until IS NOT NULL) AND due_at <= :now
          AND (lease_until IS NULL OR lease_until < :now) AND destination <> ALL(CAST(:blocked AS text[]))
          AND NOT EXISTS (SELECT FROM paused
                          WHERE kind = 'channel' OR (kind = 'destination' AND name = delivery.destination))
    ), chosen AS (
        SELECT d.transaction_id, d.leg FROM delivery d JOIN ranked r USING (transaction_id, leg)
        LEFT JOIN unnest(CAST(:busy AS text[]), CAST(:running AS integer[])) AS b(destination, running)
               ON b.destination = r.destination
        WHERE r.place <= :each - COALESCE(b.running, 0)
          AND (d.result IS NULL OR d.asked_until IS NOT NULL) AND (d.lease_until IS NULL OR d.lease_until < :now)
        ORDER BY r.due_at LIMIT :most
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE delivery d SET lease_until = :until, lease_owner = :owner, fence = fence + 1
    FROM chosen c WHERE d.transaction_id = c.transaction_id AND d.leg = c.leg
    RETURNING d.transaction_id, d.leg, d.destination, d."order", d.order_id, d.ordered_at, d.fence, d.attempts,
              d.doubted_at, d.asked, d.result IS NOT NULL AS settled
""")
_LAST_ATTEMPTS = text("""
    SELECT a.transaction_id, a.leg, a.number, a.state, a.started_at
    FROM attempt a JOIN unnest(CAST(:ids AS uuid[]), CAST(:legs AS smallint[]), CAST(:numbers AS smallint[]))
         AS w(transaction_id, leg, number) USING (transaction_id, leg, number)
""")
_RELEASE = text("""
    UPDATE delivery SET lease_until = NULL
    WHERE transaction_id = :transaction_id AND leg = :leg AND fence = :fence
      AND (result IS NULL OR asked_until IS NOT NULL)
""")
_RECOVER = text("""
    UPDATE delivery SET lease_until = NULL
    WHERE lease_owner = :owner AND lease_until IS NOT NULL AND (result IS NULL OR asked_until IS NOT NULL)
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery under our lease. `open_attempt` is the number of one that was left unfinished.

    One that an operator has `settled` is only asked after, never attempted.
    """

    order: DeliveryOrdered
    destination: str
    fence: int
    attempts: int
    doubted_at: datetime | None
    asked: int
    open_attempt: int | None = None
    open_state: str | None = None
    open_since: datetime | None = None
    settled: bool = False

    @property
    def name(self) -> str:
        """How logs and operators name the delivery."""
        return f"{self.order.transaction_id}/{self.order.leg}"

    @property
    def keys(self) -> dict[str, object]:
        """What names the row, and proves that it is ours."""
        return {"transaction_id": self.order.transaction_id, "leg": self.order.leg, "fence": self.fence}


def _owner_lock(owner: str) -> int:
    return int.from_bytes(hashlib.sha256(f"delivery/{owner}".encode()).digest()[:8], signed=True)


class Leases:
    """Claims deliveries, frees what dead workers held, and gives back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recover(self, owner: str) -> None:
        """Free at once what a dead worker of this name had leased: `find_out` is safe to ask at any time."""
        async with self._database.begin() as connection:
            await connection.execute(_RECOVER, {"owner": owner})

    async def owner_lock(self, owner: str) -> AsyncConnection | None:
        """Return a connection that proves no other process of this name lives; None while one does."""
        connection = await self._database.engine.connect()
        try:
            taken = await connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _owner_lock(owner)})
            if taken.scalar_one():
                await connection.commit()
                return connection
        except BaseException:  # a cancelled start must not leave it to the garbage collector
            await connection.close()
            raise
        await connection.close()
        return None

    async def claim(
        self, *, owner: str, most: int, each: int, running: dict[str, int], blocked: Iterable[str], lease: timedelta
    ) -> list[Claimed]:
        """Lease due deliveries: at most `most`, and no destination above `each` with what runs already."""
        now = utc_now()
        async with self._database.begin() as connection:
            rows = (
                await connection.execute(
                    _CLAIM,
                    {
                        "now": now,
                        "until": now + lease,
                        "owner": owner,
                        "most": most,
                        "each": each,
                        "blocked": list(blocked),
                        "busy": list(running),
                        "running": list(running.values()),
                    },
                )
            ).all()
            attempts = (
                await connection.execute(
                    _LAST_ATTEMPTS,
                    {
                        "ids": [row.transaction_id for row in rows],
                        "legs": [row.leg for row in rows],
                        "numbers": [row.attempts for row in rows],
                    },
                )
            ).all()
        left = {(a.transaction_id, a.leg): a for a in attempts if a.state != "done"}
        return [self._claimed(row, left.get((row.transaction_id, row.leg))) for row in rows]

    @staticmethod
    def _claimed(row: Row[tuple[object, ...]], left: Row[tuple[object, ...]] | None) -> Claimed:
        order = DeliveryOrdered.model_validate({**row.order, "id": row.order_id, "time": row.ordered_at})
        return Claimed(
            order=order,
            destination=row.destination,
            fence=row.fence,
            attempts=row.attempts,
            doubted_at=row.doubted_at,
            asked=row.asked,
            open_attempt=left.number if left else None,
            open_state=left.state if left else None,
            open_since=left.started_at if left else None,
            settled=row.settled,
        )

    async def release(self, claimed: Claimed) -> None:
        """Give the lease back, so that what was left open is looked into at once."""
        async with self._database.begin() as connection:
            await connection.execute(_RELEASE, claimed.keys)
