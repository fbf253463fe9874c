"""Delivery rows and attempts: what is written of them, every change checked by the claim's fencing number."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import outbox
from hub.db import Database
from hub.delivery import cancelling, overruling
from hub.delivery.leases import Claimed, Leases
from hub.delivery.ports import Fenced
from hub.delivery.reports import Reports
from hub.errors import Problem
from hub.ids import utc_now
from hub.pipeline import DeliveryOrdered, Event

Ended = Literal["delivered", "failed"]

_INSERT = text("""
    INSERT INTO delivery (transaction_id, leg, destination, "order", order_id, ordered_at, due_at)
    VALUES (:transaction_id, :leg, :destination, CAST(:order AS jsonb), :order_id, :ordered_at, :due_at)
    ON CONFLICT (transaction_id, leg) DO NOTHING
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
_CANCELLED = text("""
    SELECT FROM delivery
    WHERE transaction_id = :transaction_id AND leg = :leg AND fence = :fence AND result = 'cancelled'
""")


class DeliveryStore:
    """Orders, attempts and results; `leases` tells who may write them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.leases = Leases(database)

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
                await self._overrule(connection, claimed, number, "not_sent", [])
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
        self, claimed: Claimed, number: int, result: Ended, problem: Problem | None, events: Sequence[Event]
    ) -> None:
        """Give the delivery its one result and tell; raises Fenced when it has one.

        Where an operator settled it meanwhile, the real result is kept beside the settlement (hub.delivery.overruling).
        """
        async with self._database.begin() as connection:
            if await self._matches(connection, _END, {**claimed.keys, "result": result, "now": utc_now()}):
                await outbox.emit(connection, events)
            else:
                await self._overrule(connection, claimed, number, result, events)
            await self._end_attempt(connection, claimed, number, result, problem)

    @staticmethod
    async def _overrule(
        connection: AsyncConnection,
        claimed: Claimed,
        number: int,
        outcome: overruling.Outcome,
        events: Sequence[Event],
    ) -> None:
        """Let a result beat the settlement that came before it; raises Fenced where none did."""
        now = utc_now()
        settled_as = await overruling.find_out(connection, claimed.keys, outcome, now)
        told = overruling.told(settled_as, outcome, Reports(claimed.order, number), events, now)
        await outbox.emit(connection, told)

    async def is_cancelled(self, claimed: Claimed) -> bool:
        """Tell whether the delivery was cancelled under our lease."""
        async with self._database.begin() as connection:
            return await self._matches(connection, _CANCELLED, claimed.keys)

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
