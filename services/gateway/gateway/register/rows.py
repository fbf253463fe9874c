"""Rows of the register as the facts that events carry, and the one way to write a changed one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.register import versions
from hub.parties import Activation, Engagement

_SET_ENGAGEMENT_VERSION = text("UPDATE engagement SET version = :version WHERE id = :id")


def engagement_of(row: Any, office_name: str) -> Engagement:
    """Return an engagement's row as its fact."""
    return Engagement(
        id=row.id,
        office=row.office,
        office_name=office_name,
        company=row.company,
        client_number=row.client_number,
        payer=row.payer,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def activation_of(row: Any) -> Activation:
    """Return an activation's row as its fact."""
    return Activation(
        company=row.company,
        service=row.service,
        active_from=row.active_from,
        active_to=row.active_to,
        inbox_fetched_at=row.inbox_fetched_at,
    )


async def next_each(connection: AsyncConnection, engagements: Sequence[Engagement], now: datetime) -> None:
    """Give each engagement a version of its own and tell of them."""
    if not engagements:
        return
    first = await versions.next_version(connection, len(engagements))
    numbered = [(first + place, known) for place, known in enumerate(engagements)]
    await connection.execute(
        _SET_ENGAGEMENT_VERSION, [{"id": known.id, "version": version} for version, known in numbered]
    )
    await versions.tell(connection, numbered, now)
