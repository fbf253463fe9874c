"""Cancelling transactions in their own rows, which the releaser may be about to take."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.progress import Progress, advance
from gateway.store import progress as store
from gateway.store.access import Principal
from gateway.store.transactions import VISIBLE
from hub.pipeline import Cancelled
from hub.status import ENDED

FIRST = UUID(int=0)
_LOCKED = text(f"SELECT t.* FROM transaction t WHERE t.id = :id AND {VISIBLE} FOR UPDATE OF t")  # noqa: S608 - ours
# Released as documents from outside are: they wait for nobody, and nobody waits for their verdict.
_WAIT_NO_MORE = text("""
    UPDATE transaction SET released_at = :now, held = false WHERE id = ANY(CAST(:ids AS uuid[]))
""")
# A batch and an install's own are its install's; a company's are those that the install may see.
_BATCH = "t.batch = :batch AND t.install = :install"
_INSTALL = "t.install = :install"
_COMPANY = f"t.client = :client AND {VISIBLE}"
_UNSENT = """
    SELECT t.* FROM transaction t
    WHERE {scope} AND t.id > :after AND t.direction = 'outbound' AND t.state <> ALL(CAST(:ended AS text[]))
    ORDER BY t.id LIMIT :most FOR UPDATE OF t
"""
_UNSENT_OF = {scope: text(_UNSENT.format(scope=scope)) for scope in (_BATCH, _INSTALL, _COMPANY)}
_KNOWN = text(f"SELECT EXISTS (SELECT FROM transaction t WHERE {_BATCH})")  # noqa: S608 - ours


class Scope(NamedTuple):
    """What is to be cancelled: a batch, a company's, or (neither) what the install submitted."""

    batch: UUID | None = None
    client: str | None = None


async def locked(connection: AsyncConnection, who: Principal, identifier: UUID) -> Any | None:
    """Lock a transaction's row and return it, None when there is none or the install may not see it.

    From here until the commit it can neither be released nor moved by an event.
    """
    asked = {"id": identifier, "install": who.install, "office": who.owner_office}
    return (await connection.execute(_LOCKED, asked)).first()


async def known(connection: AsyncConnection, who: Principal, scope: Scope) -> bool:
    """Tell whether the install has sent such a batch."""
    return bool((await connection.execute(_KNOWN, {"batch": scope.batch, "install": who.install})).scalar_one())


async def unsent(connection: AsyncConnection, who: Principal, scope: Scope, after: UUID, most: int) -> Sequence[Any]:
    """Lock and return the next (by id) that have not ended."""
    where = _BATCH if scope.batch else _COMPANY if scope.client else _INSTALL
    asked: dict[str, object] = {
        "install": who.install,
        "after": after,
        "ended": [str(state) for state in ENDED],
        "most": most,
    }
    if scope.batch:
        asked["batch"] = scope.batch
    elif scope.client:
        asked |= {"client": scope.client, "office": who.owner_office}
    return (await connection.execute(_UNSENT_OF[where], asked)).all()


async def end(
    connection: AsyncConnection, waiting: Mapping[UUID, Progress], events: Sequence[Cancelled], now: datetime
) -> set[UUID]:
    """End locked transactions that wait, as their events would: timelines, feeds, numbers; return who has news."""
    told = await store.write(connection, advance(waiting, events), now)
    await connection.execute(_WAIT_NO_MORE, {"ids": sorted(waiting), "now": now})
    return told
