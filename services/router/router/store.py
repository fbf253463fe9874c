"""The router's tables: what it knows of companies, and what it decided. One or two statements a batch."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import bulk
from hub.db import Database
from hub.parties import Activation
from hub.pipeline import (
    EVENTS,
    ActivationChanged,
    Cancelled,
    CompanyChanged,
    DeliveryFailed,
    DeliveryOrdered,
    EngagementChanged,
    RegisterEvent,
)
from router.domain.cancelling import Asked
from router.domain.decision import Decision, Facts
from router.domain.orders import FIRST_LEG
from router.models import activation, company, decision, engagement, register_seen

_NORWEGIAN = "0192:"
READ_AGAIN_SECONDS = 0.2
Decided = DeliveryOrdered | DeliveryFailed | Cancelled


class Recipient(NamedTuple):
    """A recipient that is on the hub."""

    company: str
    receiving: Activation | None


async def recipients(connection: AsyncConnection, addresses: Iterable[str]) -> Mapping[str, Recipient]:
    """Return who of the addresses (`scheme:id`, any case) is on the hub, by lower-case address.

    A company is found by its endpoint, and by its organisation number unless another has that as its endpoint.
    """
    wanted = {address.lower() for address in addresses}
    numbers = {address.removeprefix(_NORWEGIAN) for address in wanted if address.startswith(_NORWEGIAN)}
    receiving = (activation.c.company == company.c.organisation_number) & (activation.c.service == "receiving")
    rows = await connection.execute(
        select(company.c.organisation_number, company.c.address, activation.c.entry)
        .outerjoin(activation, receiving)
        .where(or_(company.c.address.in_(wanted), company.c.organisation_number.in_(numbers)))
        .order_by(company.c.organisation_number)
    )
    by_number: dict[str, Recipient] = {}
    by_address: dict[str, Recipient] = {}
    for number, address, entry in rows:
        found = Recipient(number, Activation.model_validate(entry) if entry else None)
        by_number[_NORWEGIAN + number] = found
        by_address.setdefault(address, found)
    return {**by_number, **by_address}


async def sending(connection: AsyncConnection, companies: Iterable[str]) -> Mapping[str, Activation]:
    """Return the companies' activations of sending, whether in force or not."""
    rows = await connection.execute(
        select(activation.c.company, activation.c.entry).where(
            activation.c.company.in_(set(companies)), activation.c.service == "sending"
        )
    )
    return {number: Activation.model_validate(entry) for number, entry in rows}


class Made(NamedTuple):
    """A decision that was just made: what it is about, and the event that carries it out."""

    facts: Facts | Asked
    decision: Decision
    event: Decided

    def row(self) -> Mapping[str, Any]:
        """Return it as a row of `decision`."""
        return {
            "transaction_id": self.event.transaction_id,
            "leg": self.event.leg,
            "channel": self.decision.channel,
            "chosen_by": self.decision.chosen_by,
            "facts": self.facts.model_dump(mode="json", exclude_none=True),
            "reasons": [reason.model_dump(mode="json", exclude_none=True) for reason in self.decision.rejected],
            "event_id": self.event.id,
            "event_type": self.event.type,
            "event_body": self.event.model_dump(mode="json", exclude_none=True),
            "decided_at": self.facts.at,
        }


async def record(connection: AsyncConnection, made: Sequence[Made]) -> Mapping[UUID, Sequence[Decided]]:
    """Keep the decisions that are new (the first of a leg); return the events of all that their transactions have.

    Those of each transaction are in the order of their legs.
    """
    if not made:
        return {}
    firsts = {(one.event.transaction_id, one.event.leg): one for one in reversed(made)}
    await bulk.insert_new(connection, decision, [one.row() for one in firsts.values()])
    rows = await connection.execute(
        select(decision)
        .where(decision.c.transaction_id.in_({identifier for identifier, _ in firsts}))
        .order_by(decision.c.transaction_id, decision.c.leg)
        .with_for_update()
    )
    kept: dict[UUID, list[Decided]] = {}
    for row in rows:
        kept.setdefault(row.transaction_id, []).append(decided(row))
    return kept


async def legs(connection: AsyncConnection, transaction_id: UUID) -> Sequence[Any]:
    """Return the rows of a transaction's decisions in the order of their legs."""
    asked = select(decision).where(decision.c.transaction_id == transaction_id).order_by(decision.c.leg)
    return (await connection.execute(asked)).all()


async def locked_legs(connection: AsyncConnection, transaction_id: UUID) -> Sequence[Any]:
    """Return the same, with nobody else at it until the transaction ends.

    Read after the lock, by a statement of its own: a snapshot older than the lock would not show a leg that was
    ordered while we waited.
    """
    first = select(decision.c.leg).where(decision.c.transaction_id == transaction_id, decision.c.leg == FIRST_LEG)
    await connection.execute(first.with_for_update())
    return await legs(connection, transaction_id)


def decided(row: Any) -> Decided:
    """Return the event that a decision's row stands for."""
    event = EVENTS[row.event_type].model_validate({**row.event_body, "id": row.event_id, "time": row.decided_at})
    if not isinstance(event, (DeliveryOrdered, DeliveryFailed, Cancelled)):
        raise TypeError(f"a decision holds {row.event_type}")
    return event


async def learn(connection: AsyncConnection, events: Sequence[RegisterEvent]) -> None:
    """Keep what is newer than what is known, and note how far the register was read."""
    rows: dict[Any, list[Mapping[str, Any]]] = {company: [], activation: [], engagement: []}
    for event in events:
        if isinstance(event, CompanyChanged):
            entry = event.company
            key: Mapping[str, Any] = {
                "organisation_number": entry.organisation_number,
                "address": entry.electronic_address.lower(),
            }
            rows[company].append({**key, "entry": entry.model_dump(mode="json"), "version": event.version})
        elif isinstance(event, ActivationChanged):
            known = event.activation
            key = {"company": known.company, "service": known.service}
            rows[activation].append({**key, "entry": known.model_dump(mode="json"), "version": event.version})
        elif isinstance(event, EngagementChanged):
            served = event.engagement
            key = {"id": served.id, "company": served.company, "office": served.office}
            rows[engagement].append({**key, "entry": served.model_dump(mode="json"), "version": event.version})
    for table, found in rows.items():
        await bulk.upsert_newer(connection, table, found)
    highest = max((event.version for event in events), default=0)
    await connection.execute(update(register_seen).values(version=func.greatest(register_seen.c.version, highest)))


class RegisterSeen:
    """How far the register was read: cached, because it only grows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = 0
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def reaches(self, version: int) -> bool:
        """Tell whether what the register said up to this version is known; at most one short query a batch."""
        if version <= self._version:
            return True
        async with self._reading:
            now = asyncio.get_running_loop().time()
            if version > self._version and now - self._read_at > READ_AGAIN_SECONDS:
                async with self._database.begin() as connection:
                    self._version = (await connection.execute(select(register_seen.c.version))).scalar_one()
                self._read_at = now
        return version <= self._version
