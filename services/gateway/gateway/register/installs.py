"""Installs: one ERP installation each, owned by an office or a company, acting for named companies."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import problems
from gateway.models import feed_counter, install, install_company, office
from gateway.register.companies import company_entry
from hub.errors import Refused
from hub.ids import uuid7


class Install(NamedTuple):
    """An install; exactly one of the owners is given."""

    id: UUID
    name: str
    owner_office: str | None
    owner_company: str | None
    companies: tuple[str, ...]


async def add_install(
    connection: AsyncConnection,
    name: str,
    now: datetime,
    *,
    owner_office: str | None = None,
    owner_company: str | None = None,
    companies: Sequence[str] = (),
) -> Install:
    """Create an install that may act for the companies; a company's own install acts for its owner always."""
    if (owner_office is None) == (owner_company is None) or not name.strip():
        raise Refused(
            problems.invalid(
                "En installasjon har et navn og én eier: et kontor eller et firma.",
                "An install has a name and one owner: an office or a company.",
                "owner",
            )
        )
    if owner_office is not None:
        await _office_known(connection, owner_office)
    if owner_company is not None:
        await company_entry(connection, owner_company)
        companies = [owner_company, *companies]
    made = Install(uuid7(now), name.strip(), owner_office, owner_company, tuple(dict.fromkeys(companies)))
    await connection.execute(
        insert(install).values(
            id=made.id, name=made.name, owner_office=owner_office, owner_company=owner_company, created_at=now
        )
    )
    await connection.execute(insert(feed_counter).values(install=made.id, last=0, acknowledged=0))
    for number in made.companies:
        await allow(connection, made.id, number)
    return made


async def allow(connection: AsyncConnection, identifier: UUID, company: str) -> None:
    """Let an install act for a company; an office's also needs an engagement on the day."""
    await company_entry(connection, company)
    if (await connection.execute(select(install.c.id).where(install.c.id == identifier))).first() is None:
        raise Refused(problems.unknown("noen installasjon", "install", identifier))
    await connection.execute(
        upsert(install_company).values(install=identifier, company=company).on_conflict_do_nothing()
    )


async def disallow(connection: AsyncConnection, identifier: UUID, company: str) -> None:
    """Let an install act for a company no longer."""
    await connection.execute(
        delete(install_company).where(install_company.c.install == identifier, install_company.c.company == company)
    )


async def installs(connection: AsyncConnection) -> Sequence[Install]:
    """Return every install with the companies it may act for, by name."""
    named = func.array_agg(install_company.c.company).filter(install_company.c.company.is_not(None))
    rows = await connection.execute(
        select(install.c.id, install.c.name, install.c.owner_office, install.c.owner_company, named.label("companies"))
        .join(install_company, install_company.c.install == install.c.id, isouter=True)
        .group_by(install.c.id)
        .order_by(install.c.name, install.c.id)
    )
    return [
        Install(row.id, row.name, row.owner_office, row.owner_company, tuple(sorted(row.companies or ())))
        for row in rows
    ]


async def _office_known(connection: AsyncConnection, number: str) -> None:
    found = await connection.execute(select(office.c.name).where(office.c.organisation_number == number))
    if found.first() is None:
        raise Refused(problems.unknown("noe kontor", "office", number))
