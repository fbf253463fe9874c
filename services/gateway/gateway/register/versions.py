"""The register's version: assigned under one row's lock, so that versions become visible in order."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import derived_id, uuid7
from hub.outbox import emit
from hub.parties import Activation, Engagement, RegisterEntry
from hub.pipeline import ActivationChanged, CompanyChanged, EngagementChanged, RegisterEvent

_NEXT = text("UPDATE register_counter SET version = version + :many RETURNING version")
_LOCK = text("SELECT version FROM register_counter FOR UPDATE")


async def lock(connection: AsyncConnection) -> None:
    """Hold the register until the commit: for changes that look before they write."""
    await connection.execute(_LOCK)


async def next_version(connection: AsyncConnection, many: int = 1) -> int:
    """Take the next `many` versions, one per event, and return the first; the row is held until the commit."""
    return int((await connection.execute(_NEXT, {"many": many})).scalar_one()) - many + 1


async def tell(
    connection: AsyncConnection, changed: Sequence[tuple[int, RegisterEntry | Activation | Engagement]], now: datetime
) -> None:
    """Emit each entity, whole, with its version; the row that it is (key and version) is the cause."""
    events = []
    for version, entity in changed:
        event = _event(version, entity, now)
        cause = f"{event.key}@{version}"
        events.append(event.model_copy(update={"id": derived_id(event.id, cause, event.type)}))
    await emit(connection, events)


def _event(version: int, entity: RegisterEntry | Activation | Engagement, now: datetime) -> RegisterEvent:
    identifier = uuid7(now)
    match entity:
        case RegisterEntry():
            return CompanyChanged(id=identifier, time=now, version=version, company=entity)
        case Activation():
            return ActivationChanged(id=identifier, time=now, version=version, activation=entity)
        case Engagement():
            return EngagementChanged(id=identifier, time=now, version=version, engagement=entity)
