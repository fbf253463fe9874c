"""What operators see of transactions, of every install and company."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

BEING_JUDGED = text("""
    SELECT 'being judged' AS queue, count(*) AS depth, min(released_at) AS oldest
    FROM transaction WHERE released_at IS NOT NULL AND judged_at IS NULL
""")
_ONE = text("""
    SELECT t.*, (SELECT o.id FROM transaction o
                 WHERE o.client = t.client AND o.document_type = t.document_type AND o.number = t.number
                   AND extract(year FROM o.issue_date) = extract(year FROM t.issue_date) AND o.holds_number
                   AND o.id <> t.id) AS number_taken_by
    FROM transaction t WHERE t.id = :id
""")
_TIMELINE = text("""
    SELECT event_id, state, time, overtaken, detail FROM timeline WHERE transaction_id = :id
    ORDER BY time, rank, event_id
""")


async def one(connection: AsyncConnection, identifier: UUID) -> Any | None:
    """Return a transaction's row with `number_taken_by`, None when there is none."""
    return (await connection.execute(_ONE, {"id": identifier})).first()


async def timeline(connection: AsyncConnection, identifier: UUID) -> Sequence[dict[str, Any]]:
    """Return what happened to it, in the order it happened."""
    return [dict(row) for row in (await connection.execute(_TIMELINE, {"id": identifier})).mappings()]
