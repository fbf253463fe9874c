"""Engagements (who serves whom, from when, and who pays) and activations."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import problems
from gateway.models import activation, engagement, office
from gateway.register import versions
from gateway.register.companies import company_entry
from gateway.register.rows import activation_of, engagement_of, next_each
from hub.errors import Refused
from hub.ids import uuid7
from hub.parties import Activation, Engagement

FETCH_IS_NEWS_AFTER = timedelta(days=1)

Service = Literal["sending", "receiving"]

_NOTE_FETCHED = text("""
    UPDATE activation SET inbox_fetched_at = :now
    WHERE service = 'receiving' AND company = ANY(CAST(:companies AS text[])) AND active_to IS NULL
      AND (inbox_fetched_at IS NULL OR inbox_fetched_at < :since)
    RETURNING company, service, active_from, active_to, inbox_fetched_at
""")
_SET_VERSION = text("UPDATE activation SET version = :version WHERE company = :company AND service = :service")
_FETCH_IS_NEWS = text("""
    SELECT company FROM activation
    WHERE service = 'receiving' AND company = ANY(CAST(:companies AS text[])) AND active_to IS NULL
      AND (inbox_fetched_at IS NULL OR inbox_fetched_at < :since)
""")


async def engage(
    connection: AsyncConnection,
    office_number: str,
    company_number: str,
    client_number: str,
    payer: Literal["office", "company"],
    valid_from: date,
    now: datetime,
    valid_to: date | None = None,
) -> Engagement:
    """Start an engagement; raises Refused when either is unknown, or the two have one in that time already."""
    await versions.lock(connection)
    found = (
        await connection.execute(select(office.c.name).where(office.c.organisation_number == office_number))
    ).first()
    if found is None:
        raise Refused(problems.unknown("noe kontor", "office", office_number))
    await company_entry(connection, company_number)
    if valid_to is not None and valid_to <= valid_from:
        raise Refused(
            problems.invalid("Oppdraget slutter før det begynner.", "The engagement ends before it begins.", "valid_to")
        )
    made = Engagement(
        id=uuid7(now),
        office=office_number,
        office_name=found.name,
        company=company_number,
        client_number=client_number,
        payer=payer,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    await _refuse_overlap(connection, made)
    await connection.execute(insert(engagement).values(**made.model_dump(exclude={"office_name"}), version=0))
    await next_each(connection, [made], now)
    return made


async def end_engagement(connection: AsyncConnection, identifier: UUID, valid_to: date, now: datetime) -> Engagement:
    """End an engagement on a day (which it no longer covers); raises Refused."""
    await versions.lock(connection)
    known = (await _engagements(connection, engagement.c.id == identifier))[:1]
    if not known:
        raise Refused(problems.unknown("noe oppdrag", "engagement", identifier))
    if valid_to <= known[0].valid_from:
        raise Refused(
            problems.invalid("Oppdraget slutter før det begynner.", "The engagement ends before it begins.", "valid_to")
        )
    ended = known[0].model_copy(update={"valid_to": valid_to})
    await _refuse_overlap(connection, ended)
    await connection.execute(update(engagement).where(engagement.c.id == identifier).values(valid_to=valid_to))
    await next_each(connection, [ended], now)
    return ended


async def engagements(connection: AsyncConnection) -> Sequence[Engagement]:
    """Return every engagement, by office and client number."""
    return await _engagements(connection)


async def _engagements(connection: AsyncConnection, *where: object) -> Sequence[Engagement]:
    rows = await connection.execute(
        select(engagement, office.c.name.label("office_name"))
        .join(office, office.c.organisation_number == engagement.c.office)
        .where(*where)  # type: ignore[arg-type]
        .order_by(engagement.c.office, engagement.c.client_number, engagement.c.valid_from)
    )
    return [engagement_of(row, row.office_name) for row in rows]


async def _refuse_overlap(connection: AsyncConnection, made: Engagement) -> None:
    others = await _engagements(
        connection,
        engagement.c.office == made.office,
        engagement.c.company == made.company,
        engagement.c.id != made.id,
    )
    for other in others:
        if (other.valid_to is None or made.valid_from < other.valid_to) and (
            made.valid_to is None or other.valid_from < made.valid_to
        ):
            raise Refused(
                problems.conflict(
                    f"Kontoret har allerede et oppdrag for {made.company} fra {other.valid_from}. Avslutt det først.",
                    f"The office already has an engagement with {made.company} from {other.valid_from}. End it first.",
                    "valid_from",
                )
            )


async def activate(
    connection: AsyncConnection,
    company_number: str,
    service: Service,
    now: datetime,
    *,
    active_from: datetime | None = None,
    active_to: datetime | None = None,
) -> Activation:
    """Activate sending or receiving, or end it (`active_to`); raises Refused for an unknown company."""
    version = await versions.next_version(connection)
    await company_entry(connection, company_number)
    known = (
        await connection.execute(
            select(activation).where(activation.c.company == company_number, activation.c.service == service)
        )
    ).first()
    begins = active_from or (known.active_from if known and known.active_to is None else now)
    if active_to is not None and active_to <= begins:
        raise Refused(
            problems.invalid(
                "Aktiveringen slutter før den begynner.", "The activation ends before it begins.", "active_to"
            )
        )
    values = {"active_from": begins, "active_to": active_to, "version": version}
    row = (
        await connection.execute(
            upsert(activation)
            .values(company=company_number, service=service, **values)
            .on_conflict_do_update(index_elements=["company", "service"], set_=values)
            .returning(activation)
        )
    ).one()
    changed = activation_of(row)
    await versions.tell(connection, [(version, changed)], now)
    return changed


async def activations(connection: AsyncConnection) -> Sequence[Activation]:
    """Return every activation, by company."""
    rows = await connection.execute(select(activation).order_by(activation.c.company, activation.c.service))
    return [activation_of(row) for row in rows]


async def note_inbox_fetched(connection: AsyncConnection, companies: Sequence[str], now: datetime) -> None:
    """Tell, at most once a day and company, that its inbox was asked for (the router chooses the inbox by it)."""
    asked = {"companies": list(companies), "now": now, "since": now - FETCH_IS_NEWS_AFTER}
    if (await connection.execute(_FETCH_IS_NEWS, asked)).first() is None:
        return
    await versions.lock(connection)
    rows = (await connection.execute(_NOTE_FETCHED, asked)).all()
    if not rows:
        return
    first = await versions.next_version(connection, len(rows))
    changed = [(first + place, activation_of(row)) for place, row in enumerate(rows)]
    await connection.execute(
        _SET_VERSION,
        [{"version": version, "company": known.company, "service": known.service} for version, known in changed],
    )
    await versions.tell(connection, changed, now)
