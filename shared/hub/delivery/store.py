"""Delivery rows and attempts: claimed under a lease, every later change checked by its fencing number."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import structlog
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import metrics, outbox
from hub.db import Database
from hub.delivery import cancelling
from hub.delivery.ports import Fenced
from hub.errors import Problem
from hub.ids import utc_now
from hub.pipeline import DeliveryOrdered, Event

log = structlog.get_logger(__name__)

_INSERT = text("""
    INSERT INTO delivery (transaction_id, leg, destination, "order", order_id, ordered_at, due_at)
    VALUES (:transaction_id, :leg, :destination, CAST(:order AS jsonb), :order_id, :ordered_at, :due_at)
    ON CONFLICT (transaction_id, leg) DO NOTHING
""")
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
_FENCED_UPDATE = """
    UPDATE delivery SET {changes}
    WHERE transaction_id = :transaction_id AND leg = :leg AND fence = :fence AND result IS NULL
"""
_PREPARE = text(_FENCED_UPDATE.format(changes="attempts = :number, doubted_at = NULL, asked = 0"))
_NEW_ATTEMPT = text("""
    INSERT INTO attempt (transaction_id, leg, number, fence, state, started_at)
    VALUES (:transaction_id, :leg, :number, :fence, 'prepared', :now)
""")
_HOLD = text(_FENCED_UPDATE.format(changes="fence = fence"))
_COMMITTING = text("""
    UPDATE attempt SET state = 'committing', committing_at = :now
    WHERE transaction_id = :transaction_id AND leg = :leg AND number = :number AND fence = :fence
""")
_END_ATTEMPT = text("""
    UPDATE attempt SET state = 'done', done_at = :now, outcome = :outcome, problem = CAST(:problem AS jsonb)
    WHERE transaction_id = :transaction_id AND leg = :leg AND number = :number AND state <> 'done'
""")
_AGAIN = text(_FENCED_UPDATE.format(changes="due_at = :due_at, lease_until = NULL, doubted_at = NULL, asked = 0"))
_DOUBT = text("""
    UPDATE delivery SET due_at = :due_at, lease_until = NULL, doubted_at = COALESCE(doubted_at, :now),
                        asked = asked + 1, asked_until = CASE WHEN asked_until > :now THEN asked_until END
    WHERE transaction_id = :transaction_id AND leg = :leg AND fence = :fence
      AND (result IS NULL OR asked_until IS NOT NULL)
""")
_END = text(_FENCED_UPDATE.format(changes="result = :result, result_at = :now, lease_until = NULL"))
# A real result beats an operator's settlement: it is kept beside it, and a delivery replaces a failure.
_FIND_OUT = text("""
    UPDATE delivery
    SET found_out = :outcome, found_out_at = :now, asked_until = NULL, lease_until = NULL,
        result = CASE WHEN CAST(:outcome AS text) = 'delivered' THEN 'delivered' ELSE result END,
        result_at = CASE WHEN CAST(:outcome AS text) = 'delivered' AND result = 'failed' THEN :now ELSE result_at END
    WHERE transaction_id = :transaction_id AND leg = :leg AND fence = :fence
      AND settled_as IN ('delivered', 'failed') AND result IS NOT NULL AND found_out IS NULL
    RETURNING settled_as
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


class DeliveryStore:
    """All SQL of the sender framework."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    async def insert(connection: AsyncConnection, orders: Sequence[tuple[DeliveryOrdered, str]]) -> None:
        """Note orders with their destinations; a leg that is known already stays as it is."""
        now = utc_now()
        await connection.execute(
            _INSERT,
            [
                {
                    "transaction_id": order.transaction_id,
                    "leg": order.leg,
                    "destination": destination,
                    "order": order.model_dump_json(),
                    "order_id": order.id,
                    "ordered_at": order.time,
                    "due_at": now,
                }
                for order, destination in orders
            ],
        )

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

    async def prepare(self, claimed: Claimed, number: int) -> datetime:
        """Begin an attempt; raises Fenced."""
        now = utc_now()
        async with self._database.begin() as connection:
            await self._checked(connection, _PREPARE, {**claimed.keys, "number": number})
            await connection.execute(_NEW_ATTEMPT, {**claimed.keys, "number": number, "now": now})
        return now

    async def committing(self, claimed: Claimed, number: int) -> None:
        """Record that the next step is the one the outside sees; raises Fenced."""
        async with self._database.begin() as connection:
            await self._checked(connection, _HOLD, claimed.keys)
            await self._checked(connection, _COMMITTING, {**claimed.keys, "number": number, "now": utc_now()})

    async def not_sent(self, claimed: Claimed, number: int) -> bool:
        """End an attempt that provably sent nothing; False where an operator has settled it, so that none follows.

        Raises Fenced.
        """
        async with self._database.begin() as connection:
            held = await self._matches(connection, _HOLD, claimed.keys)
            if not held:
                await self._found_out(connection, claimed, "not_sent")
            await self._end_attempt(connection, claimed, number, "not_sent", None)
        return held

    async def again(
        self, claimed: Claimed, number: int, due_at: datetime, problem: Problem, events: Sequence[Event]
    ) -> None:
        """End an attempt that sent nothing; the next one comes at `due_at`. Raises Fenced."""
        async with self._database.begin() as connection:
            await self._checked(connection, _AGAIN, {**claimed.keys, "due_at": due_at})
            await self._end_attempt(connection, claimed, number, "not_sent", problem)
            await outbox.emit(connection, events)

    async def doubt(self, claimed: Claimed, due_at: datetime, events: Sequence[Event]) -> None:
        """Note that the outcome is unknown; it is asked again at `due_at`. Raises Fenced."""
        async with self._database.begin() as connection:
            await self._checked(connection, _DOUBT, {**claimed.keys, "due_at": due_at, "now": utc_now()})
            await outbox.emit(connection, events)

    async def end(
        self, claimed: Claimed, number: int, result: str, problem: Problem | None, events: Sequence[Event]
    ) -> None:
        """Give the delivery its one result and tell; raises Fenced when it has one.

        Where an operator settled it meanwhile, the real result is kept beside the settlement, and told if it is a
        delivery that had been settled as failed.
        """
        async with self._database.begin() as connection:
            told = True
            if not await self._matches(connection, _END, {**claimed.keys, "result": result, "now": utc_now()}):
                settled_as = await self._found_out(connection, claimed, result)
                told = result == "delivered" and settled_as == "failed"
            await self._end_attempt(connection, claimed, number, result, problem)
            await outbox.emit(connection, events if told else [])

    @staticmethod
    async def _found_out(connection: AsyncConnection, claimed: Claimed, outcome: str) -> str:
        """Keep a real result beside the operator's settlement, and return what that was; raises Fenced."""
        found = await connection.execute(_FIND_OUT, {**claimed.keys, "outcome": outcome, "now": utc_now()})
        settled_as: str | None = found.scalar_one_or_none()
        if settled_as is None:
            raise Fenced
        if settled_as != outcome and (settled_as, outcome) != ("failed", "not_sent"):
            metrics.OVERRULED.inc()
            log.warning("a settlement was wrong", delivery=claimed.name, settled_as=settled_as, found_out=outcome)
        return settled_as

    @staticmethod
    async def _matches(connection: AsyncConnection, statement: TextClause, values: dict[str, object]) -> bool:
        return (await connection.execute(statement, values)).rowcount == 1

    @classmethod
    async def _checked(cls, connection: AsyncConnection, statement: TextClause, values: dict[str, object]) -> None:
        if not await cls._matches(connection, statement, values):
            raise Fenced

    @staticmethod
    async def _end_attempt(
        connection: AsyncConnection, claimed: Claimed, number: int, outcome: str, problem: Problem | None
    ) -> None:
        await connection.execute(
            _END_ATTEMPT,
            {
                **claimed.keys,
                "number": number,
                "outcome": outcome,
                "problem": orjson.dumps(problem.model_dump(exclude_none=True)).decode() if problem else None,
                "now": utc_now(),
            },
        )

    async def delivered_all_the_same(self, claimed: Claimed, number: int, events: Sequence[Event]) -> None:
        """Tell of a delivery that was cancelled while its attempt learned that it had been made; raises Fenced."""
        async with self._database.begin() as connection:
            if not await cancelling.overrule(connection, claimed.keys, number):
                raise Fenced
            await outbox.emit(connection, events)
