"""Cancelling a transaction in its own row, which the releaser may be about to take."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.progress import Progress, advance
from gateway.store import progress as store
from gateway.store.access import Principal
from gateway.store.transactions import VISIBLE
from hub.pipeline import Cancelled

_LOCKED = text(f"SELECT t.* FROM transaction t WHERE t.id = :id AND {VISIBLE} FOR UPDATE OF t")  # noqa: S608 - ours
# Released as documents from outside are: it waits for nobody, and nobody waits for its verdict.
_WAITS_NO_MORE = text("UPDATE transaction SET released_at = :now WHERE id = :id")


async def locked(connection: AsyncConnection, who: Principal, identifier: UUID) -> Any | None:
    """Lock a transaction's row and return it, None when there is none or the install may not see it.

    From here until the commit it can neither be released nor moved by an event.
    """
    asked = {"id": identifier, "install": who.install, "office": who.owner_office}
    return (await connection.execute(_LOCKED, asked)).first()


async def end(connection: AsyncConnection, progress: Progress, event: Cancelled, now: datetime) -> set[UUID]:
    """End a locked transaction that waits, as its event would: timeline, feed, number; return who has news."""
    told = await store.write(connection, advance({progress.transaction_id: progress}, [event]), now)
    await connection.execute(_WAITS_NO_MORE, {"id": progress.transaction_id, "now": now})
    return told
