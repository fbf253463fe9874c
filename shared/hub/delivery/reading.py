"""Deliveries as operators look at them: what state each is in, per destination, and one with its attempts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

OPEN_STATES = ("due", "waiting", "under_way", "in_doubt")
ENDED_STATES = ("delivered", "failed", "cancelled")

# One in doubt stays so while it is asked after.
STATE = """
    CASE WHEN result IS NOT NULL THEN result WHEN doubted_at IS NOT NULL THEN 'in_doubt'
         WHEN lease_until > :now THEN 'under_way' WHEN due_at > :now THEN 'waiting' ELSE 'due' END
"""
_SINCE = f"CASE WHEN {STATE} = 'in_doubt' THEN doubted_at ELSE ordered_at END"
_WORST = text(f"""
    SELECT DISTINCT ON (state) state, destination, count(*) AS depth
    FROM (SELECT {STATE} AS state, destination FROM delivery WHERE result IS NULL) d
    GROUP BY state, destination ORDER BY state, count(*) DESC
""")  # noqa: S608 - a constant of ours
_DESTINATIONS = text(f"""
    SELECT destination, count(*) FILTER (WHERE state = 'due') AS due,
           count(*) FILTER (WHERE state = 'waiting') AS waiting,
           count(*) FILTER (WHERE state = 'under_way') AS under_way,
           count(*) FILTER (WHERE state = 'in_doubt') AS in_doubt, min(since) AS oldest,
           min(due_at) FILTER (WHERE state = 'waiting') AS next_at
    FROM (SELECT {STATE} AS state, destination, due_at, {_SINCE} AS since FROM delivery WHERE result IS NULL) d
    GROUP BY destination ORDER BY min(since)
""")  # noqa: S608 - a constant of ours
_COLUMNS = f"""
    transaction_id, leg, destination, {STATE} AS state, "order"->'parties'->>'client' AS client,
    "order"->'parties'->>'number' AS number, "order"->'parties'->>'recipient' AS recipient, ordered_at, attempts,
    due_at, doubted_at, asked, result, result_at, settled_by, settled_at, settled_as, settled_reason, asked_until,
    found_out, found_out_at
"""
_OPEN_PAGE = text(f"""
    SELECT {_COLUMNS} FROM delivery
    WHERE result IS NULL AND (transaction_id, leg) > (:transaction_id, :leg)
      AND (CAST(:state AS text) IS NULL OR {STATE} = :state)
      AND (CAST(:destination AS text) IS NULL OR destination = :destination)
    ORDER BY transaction_id, leg LIMIT :most
""")  # noqa: S608 - a constant of ours
_ENDED_PAGE = text(f"""
    SELECT {_COLUMNS} FROM delivery
    WHERE result = :state AND CAST(:now AS timestamptz) IS NOT NULL
      AND (transaction_id, leg) < (:transaction_id, :leg)
      AND (CAST(:destination AS text) IS NULL OR destination = :destination)
    ORDER BY transaction_id DESC, leg DESC LIMIT :most
""")  # noqa: S608 - a constant of ours
_ONE = text(f"""
    SELECT {_COLUMNS}, lease_until, lease_owner, "order"
    FROM delivery WHERE transaction_id = :transaction_id AND leg = :leg
""")  # noqa: S608 - a constant of ours
_ATTEMPTS = text("""
    SELECT number, state, started_at, committing_at, done_at, outcome, problem FROM attempt
    WHERE transaction_id = :transaction_id AND leg = :leg ORDER BY number
""")
FIRST, LAST = (UUID(int=0), 0), (UUID(int=2**128 - 1), 32_767)


async def worst(connection: AsyncConnection, now: datetime) -> dict[str, dict[str, Any]]:
    """Return, by queue (hub.queues.DELIVERIES), the destination that has most of it."""
    rows = await connection.execute(_WORST, {"now": now})
    return {
        f"deliveries {row.state.replace('_', ' ')}": {"destination": row.destination, "depth": row.depth}
        for row in rows
    }


async def destinations(connection: AsyncConnection, now: datetime) -> list[dict[str, Any]]:
    """Return each destination that has open deliveries, the longest waiting first."""
    return [dict(row) for row in (await connection.execute(_DESTINATIONS, {"now": now})).mappings()]


async def page(
    connection: AsyncConnection,
    now: datetime,
    *,
    state: str | None,
    destination: str | None,
    after: tuple[UUID, int] | None,
    most: int,
) -> Sequence[dict[str, Any]]:
    """Return deliveries: the open ones oldest first (all without a state), ended ones newest first."""
    ended = state in ENDED_STATES
    transaction_id, leg = after or (LAST if ended else FIRST)
    asked = {
        "now": now,
        "state": state,
        "destination": destination,
        "transaction_id": transaction_id,
        "leg": leg,
        "most": most,
    }
    rows = await connection.execute(_ENDED_PAGE if ended else _OPEN_PAGE, asked)
    return [dict(row) for row in rows.mappings()]


async def one(connection: AsyncConnection, transaction_id: UUID, leg: int, now: datetime) -> dict[str, Any] | None:
    """Return a delivery with its attempts, None when there is none."""
    asked = {"transaction_id": transaction_id, "leg": leg}
    row = (await connection.execute(_ONE, {**asked, "now": now})).mappings().first()
    if row is None:
        return None
    attempts = [dict(attempt) for attempt in (await connection.execute(_ATTEMPTS, asked)).mappings()]
    return {**row, "attempts": row["attempts"], "tried": attempts}
