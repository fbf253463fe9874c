"""Offices and companies."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import problems
from gateway.domain.identifiers import electronic_address, organisation_number
from gateway.models import company, engagement, office
from gateway.register import versions
from gateway.register.rows import engagement_of, next_each
from hub.errors import Refused
from hub.parties import RegisterEntry


class Office(NamedTuple):
    """An accounting firm."""

    organisation_number: str
    name: str


async def put_office(connection: AsyncConnection, number: str, name: str, now: datetime) -> Office:
    """Create or rename an office; its engagements carry the name, so they are told anew."""
    put = Office(organisation_number(number), _name(name))
    await versions.lock(connection)
    await connection.execute(
        insert(office)
        .values(organisation_number=put.organisation_number, name=put.name, created_at=now)
        .on_conflict_do_update(index_elements=["organisation_number"], set_={"name": put.name})
    )
    served = select(engagement).where(engagement.c.office == put.organisation_number).order_by(engagement.c.id)
    rows = (await connection.execute(served)).all()
    await next_each(connection, [engagement_of(row, put.name) for row in rows], now)
    return put


async def offices(connection: AsyncConnection) -> Sequence[Office]:
    """Return every office, by name."""
    rows = await connection.execute(select(office.c.organisation_number, office.c.name).order_by(office.c.name))
    return [Office(*row) for row in rows]


async def put_company(connection: AsyncConnection, entry: RegisterEntry, now: datetime) -> RegisterEntry:
    """Create a company or replace its entry; raises Refused for a number or endpoint that cannot be."""
    entry = entry.model_copy(
        update={
            "organisation_number": organisation_number(entry.organisation_number),
            "name": _name(entry.name),
            "endpoint": electronic_address(entry.endpoint) if entry.endpoint else None,
        }
    )
    version = await versions.next_version(connection)
    stored = entry.model_dump(mode="json", exclude_none=True)
    await connection.execute(
        insert(company)
        .values(organisation_number=entry.organisation_number, entry=stored, version=version, created_at=now)
        .on_conflict_do_update(index_elements=["organisation_number"], set_={"entry": stored, "version": version})
    )
    await versions.tell(connection, [(version, entry)], now)
    return entry


async def put_hold(connection: AsyncConnection, number: str, minutes: int) -> None:
    """Set how long a company's invoices are kept before they are let go; no other service needs to know."""
    await connection.execute(
        update(company).where(company.c.organisation_number == number).values(hold_minutes=minutes)
    )


async def companies(connection: AsyncConnection) -> Sequence[RegisterEntry]:
    """Return every company, by organisation number."""
    rows = await connection.execute(select(company.c.entry).order_by(company.c.organisation_number))
    return [RegisterEntry.model_validate(row.entry) for row in rows]


async def company_entry(connection: AsyncConnection, number: str) -> RegisterEntry:
    """Return one company's entry; raises Refused (not-found)."""
    row = (await connection.execute(select(company.c.entry).where(company.c.organisation_number == number))).first()
    if row is None:
        raise Refused(problems.unknown("noe firma", "company", number))
    return RegisterEntry.model_validate(row.entry)


def _name(name: str) -> str:
    if not name.strip():
        raise Refused(problems.invalid("Navnet mangler.", "The name is missing.", "name"))
    return name.strip()
