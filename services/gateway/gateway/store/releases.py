"""Moving accepted transactions to the outbox, a turn for each install."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock, hashtext(current_schema()))")
_RELEASER_LOCK = 0x48554252

# At most `most`: how many there are beyond that is of no interest.
_IN_FLIGHT = text("""
    SELECT count(*) FROM (
        SELECT FROM transaction WHERE released_at > :since AND judged_at IS NULL LIMIT :most) x
""")

# The installs that have something waiting are found by skipping through the index, one probe each; so 50,000
# waiting for one install cost as much as one.
_NEXT = text("""
    WITH RECURSIVE waiting AS (
        (SELECT install FROM transaction WHERE released_at IS NULL AND NOT held ORDER BY install LIMIT 1)
        UNION ALL
        SELECT (SELECT t.install FROM transaction t WHERE t.released_at IS NULL AND NOT t.held AND t.install > w.install
                ORDER BY t.install LIMIT 1)
        FROM waiting w WHERE w.install IS NOT NULL
    ), turn AS (
        SELECT w.install, t.id, row_number() OVER (PARTITION BY w.install ORDER BY t.id) AS turn
        FROM waiting w CROSS JOIN LATERAL (
            SELECT id FROM transaction t WHERE t.released_at IS NULL AND NOT t.held AND t.install = w.install
            ORDER BY t.id LIMIT :free) t
        WHERE w.install IS NOT NULL
    )
    SELECT install, id FROM turn ORDER BY turn, install <= :last, install LIMIT :free
""")

# Whoever was cancelled since it was found to wait is released already.
_RELEASE = text("""
    UPDATE transaction t SET released_at = :now
    FROM company c
    WHERE t.id = ANY(CAST(:ids AS uuid[])) AND t.released_at IS NULL AND c.organisation_number = t.client
    RETURNING t.*, c.entry AS seller, coalesce(
        (SELECT u.entry FROM customer u WHERE u.company = t.client AND u.customer_number = t.customer_number),
        (SELECT u.entry FROM customer u WHERE u.company = t.client AND u.endpoint = t.recipient
         ORDER BY u.changed_at DESC LIMIT 1)) AS customer
""")
# What waits for its turn, as an operator sees it.
QUEUE = text("""
    SELECT 'accepted' AS queue, count(*) AS depth, min(coalesce(send_not_before, accepted_at)) AS oldest
    FROM transaction WHERE released_at IS NULL AND NOT held
""")
# Whoever is being cancelled is passed by.
_DUE = text("""
    UPDATE transaction SET held = false WHERE id IN (
        SELECT id FROM transaction WHERE held AND send_not_before <= :now
        ORDER BY send_not_before LIMIT :most FOR UPDATE SKIP LOCKED)
""")
_VERSION = text("SELECT version FROM register_counter")
FIRST = UUID(int=0)


async def lead(connection: AsyncConnection) -> bool:
    """Become the only releaser until the commit; False when another process is."""
    return bool((await connection.execute(_LOCK, {"lock": _RELEASER_LOCK})).scalar_one())


async def let_due(connection: AsyncConnection, now: datetime, most: int) -> None:
    """Put up to `most` of those whose time has come into their installs' queues."""
    await connection.execute(_DUE, {"now": now, "most": most})


async def in_flight(connection: AsyncConnection, since: datetime, most: int) -> int:
    """Count what was released since then and has no verdict."""
    return int((await connection.execute(_IN_FLIGHT, {"since": since, "most": most})).scalar_one())


async def next_waiting(connection: AsyncConnection, free: int, last: UUID) -> Sequence[Any]:
    """Return the next (install, id), round robin beginning after the install that had the last turn."""
    return (await connection.execute(_NEXT, {"free": free, "last": last})).all()


async def release(connection: AsyncConnection, ids: Sequence[UUID], now: datetime) -> tuple[int, Sequence[Any]]:
    """Mark those released that still wait; return the register's version and their rows, in the order given.

    The version is read first: what it promises is that nothing older than it is missing. Rows have seller and customer.
    """
    version = int((await connection.execute(_VERSION)).scalar_one())
    rows = (await connection.execute(_RELEASE, {"ids": list(ids), "now": now})).all()
    place = {identifier: index for index, identifier in enumerate(ids)}
    return version, sorted(rows, key=lambda row: place[row.id])
