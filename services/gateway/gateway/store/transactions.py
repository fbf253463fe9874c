"""Reading transactions, only ever through what an install may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.access import Principal

# What it submitted itself; and what its companies have, for an office within its engagements' dates.
VISIBLE = """(t.install = :install OR EXISTS (
        SELECT FROM install_company ic
        WHERE ic.install = :install AND ic.company = t.client AND (CAST(:office AS text) IS NULL OR EXISTS (
            SELECT FROM engagement e WHERE e.office = :office AND e.company = t.client
              AND e.valid_from <= (t.accepted_at AT TIME ZONE 'Europe/Oslo')::date
              AND (e.valid_to IS NULL OR (t.accepted_at AT TIME ZONE 'Europe/Oslo')::date < e.valid_to)))))"""

_ONE = text(f"SELECT t.* FROM transaction t WHERE t.id = :id AND {VISIBLE}")  # noqa: S608 - a constant of ours
_TIMELINE = text("""
    SELECT state, time, overtaken, detail FROM timeline WHERE transaction_id = :id ORDER BY time, rank, event_id
""")

# Newest first, a page from each company's own index and one from the install's: the cost is the page, never the table.
_PAGE = text("""
    WITH span AS (
        SELECT ic.company AS client, coalesce(e.valid_from, '-infinity')::timestamp AT TIME ZONE 'Europe/Oslo' AS low,
               coalesce(e.valid_to, 'infinity')::timestamp AT TIME ZONE 'Europe/Oslo' AS high
        FROM install_company ic
        LEFT JOIN engagement e ON e.office = CAST(:office AS text) AND e.company = ic.company
        WHERE ic.install = :install AND (CAST(:office AS text) IS NULL OR e.id IS NOT NULL)
          AND (CAST(:client AS text) IS NULL OR ic.company = :client)
    ), found AS (
        SELECT page.id FROM span CROSS JOIN LATERAL (
            SELECT t.id FROM transaction t
            WHERE t.client = span.client AND t.id < :before AND t.accepted_at >= span.low AND t.accepted_at < span.high
              AND (CAST(:state AS text) IS NULL OR t.state = :state)
            ORDER BY t.id DESC LIMIT :most) page
        UNION
        (SELECT t.id FROM transaction t
         WHERE t.install = :install AND t.id < :before AND (CAST(:client AS text) IS NULL OR t.client = :client)
           AND (CAST(:state AS text) IS NULL OR t.state = :state)
         ORDER BY t.id DESC LIMIT :most)
    )
    SELECT t.* FROM transaction t JOIN (SELECT id FROM found ORDER BY id DESC LIMIT :most) f ON f.id = t.id
    ORDER BY t.id DESC
""")
LAST = UUID(int=2**128 - 1)


async def one(connection: AsyncConnection, who: Principal, identifier: UUID) -> Any | None:
    """Return a transaction's row, None when there is none or the install may not see it."""
    asked = {"id": identifier, "install": who.install, "office": who.owner_office}
    return (await connection.execute(_ONE, asked)).first()


async def timeline(connection: AsyncConnection, identifier: UUID) -> Sequence[Any]:
    """Return what happened to a transaction, in the order it happened."""
    return (await connection.execute(_TIMELINE, {"id": identifier})).all()


async def page(
    connection: AsyncConnection, who: Principal, *, before: UUID | None, state: str | None, most: int
) -> Sequence[Any]:
    """Return up to `most` transactions that are older than `before`, newest first (of the client asked for)."""
    asked = {
        "install": who.install,
        "office": who.owner_office,
        "client": who.asked,
        "before": before or LAST,
        "state": state,
        "most": most,
    }
    return (await connection.execute(_PAGE, asked)).all()
