"""Companies' inboxes: one item per delivered leg, leased to whoever fetches it, acknowledged once per company."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.arrival import company_of, item_id
from gateway.register.rows import activation_of
from gateway.store.progress import as_json
from hub import failpoints
from hub.failpoints import Point
from hub.parties import Activation
from hub.pipeline import BlobRef, DeliveryOrdered

LEASE = timedelta(minutes=10)

_ACTIVATIONS = text("""
    SELECT * FROM activation WHERE service = 'receiving' AND company = ANY(CAST(:companies AS text[]))
""")
# The update changes nothing; it makes a repeated order get the time at which it first arrived.
_PUT = text("""
    INSERT INTO inbox_item (id, transaction_id, leg, company, sender, number, document_type, document, received_at)
    SELECT id, transaction_id, leg, company, sender, number, document_type, document, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        id uuid, transaction_id uuid, leg integer, company text, sender text, number text, document_type text,
        document jsonb)
    ORDER BY id
    ON CONFLICT (transaction_id, leg) DO UPDATE SET leg = excluded.leg
    RETURNING transaction_id, leg, received_at
""")
_HOLDERS = text("""
    SELECT DISTINCT ic.company, ic.install
    FROM install_company ic JOIN install i ON i.id = ic.install
    WHERE ic.company = ANY(CAST(:companies AS text[]))
      AND EXISTS (SELECT FROM api_key k WHERE k.install = ic.install AND 'inbox' = ANY(k.scopes)
                  AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now))
      AND (i.owner_office IS NULL OR EXISTS (
           SELECT FROM engagement e WHERE e.office = i.owner_office AND e.company = ic.company
             AND e.valid_from <= :today AND (e.valid_to IS NULL OR :today < e.valid_to)))
""")
_FETCH = text("""
    WITH found AS (
        SELECT id FROM inbox_item
        WHERE company = ANY(CAST(:companies AS text[])) AND acknowledged_at IS NULL
          AND (leased_until IS NULL OR leased_until <= :now OR leased_by = :install)
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE inbox_item i SET leased_by = :install, leased_until = :until
    FROM found WHERE i.id = found.id RETURNING i.*
""")
_ONE = text("SELECT * FROM inbox_item WHERE id = :id AND company = ANY(CAST(:companies AS text[]))")
_ACKNOWLEDGE = text("""
    UPDATE inbox_item SET acknowledged_by = :install, acknowledged_at = :now, leased_until = NULL
    WHERE id = :id AND acknowledged_at IS NULL
      AND (leased_until IS NULL OR leased_until <= :now OR leased_by = :install)
    RETURNING acknowledged_at
""")


async def receiving(connection: AsyncConnection, companies: Iterable[str]) -> Mapping[str, Activation]:
    """Return the activations of receiving, by company."""
    rows = await connection.execute(_ACTIVATIONS, {"companies": sorted(set(companies))})
    return {row.company: activation_of(row) for row in rows}


async def put(
    connection: AsyncConnection, orders: Sequence[tuple[DeliveryOrdered, BlobRef]], now: datetime
) -> Mapping[tuple[UUID, int], datetime]:
    """Put each order's document into its company's inbox, once; return when each (transaction, leg) arrived."""
    if not orders:
        return {}
    rows = {
        (order.transaction_id, order.leg): {
            "id": item_id(order),
            "transaction_id": order.transaction_id,
            "leg": order.leg,
            "company": company_of(order),
            "sender": order.parties.sender,
            "number": order.parties.number,
            "document_type": order.parties.document_type,
            "document": copy.model_dump(),
        }
        for order, copy in orders
    }
    stored = await connection.execute(_PUT, {"rows": as_json(list(rows.values())), "now": now})
    failpoints.reach(Point.INBOX_BEFORE_COMMIT)
    return {(row.transaction_id, row.leg): row.received_at for row in stored}


async def holders(
    connection: AsyncConnection, companies: Iterable[str], now: datetime, today: object
) -> Mapping[str, Sequence[UUID]]:
    """Return the installs that may read each company's inbox."""
    found: dict[str, list[UUID]] = {}
    asked = {"companies": sorted(set(companies)), "now": now, "today": today}
    for row in await connection.execute(_HOLDERS, asked):
        found.setdefault(row.company, []).append(row.install)
    return found


async def fetch(
    connection: AsyncConnection, install: UUID, companies: Sequence[str], now: datetime, most: int
) -> Sequence[Any]:
    """Lease the oldest items that nobody else has, and return them, oldest first."""
    asked = {"install": install, "companies": list(companies), "now": now, "until": now + LEASE, "most": most}
    return sorted((await connection.execute(_FETCH, asked)).all(), key=lambda row: row.id)


async def one(connection: AsyncConnection, companies: Sequence[str], identifier: UUID) -> Any | None:
    """Return an item of one of these companies, None when there is none."""
    return (await connection.execute(_ONE, {"id": identifier, "companies": list(companies)})).first()


async def acknowledge(connection: AsyncConnection, install: UUID, identifier: UUID, now: datetime) -> bool:
    """Take an item out of the inbox; False when another install has the lease (or it is out already)."""
    asked = {"install": install, "id": identifier, "now": now}
    return (await connection.execute(_ACKNOWLEDGE, asked)).first() is not None
