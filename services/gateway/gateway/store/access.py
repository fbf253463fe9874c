"""Who presents a key, and what it may act for and see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import keys
from gateway.keys import Scope
from gateway.store.statements import single
from hub.db import Database
from hub.parties import Initiator, RegisterEntry
from hub.together import Together

OSLO = ZoneInfo("Europe/Oslo")

# One round trip for keys and the companies asked for. Without a company, two are enough to know that it is needed.
_PRINCIPALS = text("""
    SELECT r.place, k.id AS key_id, k.hash, k.scopes, k.install, i.owner_office, i.owner_company,
           (SELECT jsonb_agg(jsonb_build_object(
                'entry', c.entry, 'hold', c.hold_minutes, 'engaged', i.owner_office IS NULL OR EXISTS (
                       SELECT FROM engagement e
                       WHERE e.office = i.owner_office AND e.company = a.company
                         AND e.valid_from <= :today AND (e.valid_to IS NULL OR :today < e.valid_to))))
            FROM (SELECT company FROM install_company
                  WHERE install = k.install AND (r.client IS NULL OR company = r.client) LIMIT 2) a
            JOIN company c ON c.organisation_number = a.company) AS acting
    FROM unnest(CAST(:ids AS text[]), CAST(:clients AS text[])) WITH ORDINALITY AS r(id, client, place)
    JOIN api_key k ON k.id = r.id
    LEFT JOIN install i ON i.id = k.install
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)
""")

_ACTING = text("""
    SELECT ic.company FROM install_company ic
    WHERE ic.install = :install AND (CAST(:client AS text) IS NULL OR ic.company = :client)
      AND (CAST(:office AS text) IS NULL OR EXISTS (
           SELECT FROM engagement e WHERE e.office = :office AND e.company = ic.company
             AND e.valid_from <= :today AND (e.valid_to IS NULL OR :today < e.valid_to)))
    ORDER BY ic.company
""")

_SERVED = text("""
    SELECT EXISTS (SELECT FROM engagement e WHERE e.office = :office AND e.company = :client
                   AND e.valid_from < :until AND (e.valid_to IS NULL OR :since < e.valid_to)) AS served
""")


@dataclass(frozen=True, slots=True)
class Client:
    """A company that the install may act for; `engaged` is whether its owner's engagement covers today.

    `hold` is how long the company wants its invoices kept before they are let go.
    """

    entry: RegisterEntry
    engaged: bool
    hold: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `asked` is the Hub-Client header, `clients` what it leaves to choose from (at most two)."""

    key_id: str
    scopes: frozenset[Scope]
    install: UUID | None
    owner_office: str | None
    owner_company: str | None
    asked: str | None
    clients: tuple[Client, ...]

    @property
    def initiator(self) -> Initiator:
        """Who sends with this key: the office, or the company by itself."""
        if self.owner_office is not None:
            return Initiator(kind="office", organisation_number=self.owner_office)
        return Initiator(kind="client", organisation_number=self.owner_company or "")


def oslo_day(now: datetime) -> date:
    """Return the day it is in Oslo: engagements are dated there."""
    return now.astimezone(OSLO).date()


class Presented(NamedTuple):
    """A key as a request presents it, and the company (organisation number) that it asks to act for."""

    key: str
    client: str | None


class Access:
    """Finds who calls: the requests of a moment in one query, each answered by what the database says now."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._together = Together(self._principals)

    async def principal(self, presented: Presented) -> Principal | None:
        """Return who presents this key, None when it is unknown, wrong, expired or revoked."""
        return await self._together.ask(presented)

    async def _principals(self, batch: Sequence[Presented]) -> Sequence[Principal | None]:
        parts = [keys.split(presented.key) for presented in batch]
        now = self._clock()
        asked = {
            "ids": [part[0] if part else None for part in parts],
            "clients": [presented.client for presented in batch],
            "now": now,
            "today": oslo_day(now),
        }
        async with single(self._database) as connection:
            rows = {row.place - 1: row for row in await connection.execute(_PRINCIPALS, asked)}
        return [
            _principal(row, presented.client) if part and row and keys.matches(part[1], row.hash) else None
            for presented, part, row in zip(batch, parts, map(rows.get, range(len(batch))), strict=True)
        ]


def _principal(row: Any, client: str | None) -> Principal:
    acting: Sequence[Mapping[str, Any]] = row.acting or ()
    return Principal(
        key_id=row.key_id,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        install=row.install,
        owner_office=row.owner_office,
        owner_company=row.owner_company,
        asked=client,
        clients=tuple(
            Client(RegisterEntry.model_validate(a["entry"]), a["engaged"], timedelta(minutes=a["hold"])) for a in acting
        ),
    )


async def acting_for(connection: AsyncConnection, who: Principal, now: datetime) -> Sequence[str]:
    """Return every company that the install may act for today (of those asked for)."""
    asked = {"install": who.install, "client": who.asked, "office": who.owner_office, "today": oslo_day(now)}
    return [row.company for row in await connection.execute(_ACTING, asked)]


async def served_between(connection: AsyncConnection, who: Principal, client: str, since: date, until: date) -> bool:
    """Tell whether the install's owner had to do with the company on a day from `since` until before `until`."""
    if who.owner_office is None:
        return True
    asked = {"office": who.owner_office, "client": client, "since": since, "until": until}
    return bool((await connection.execute(_SERVED, asked)).scalar_one())
