"""Keys of installs and operators: made, rotated with an overlap, revoked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import problems
from gateway.keys import INSTALL_SCOPES, NewKey, Scope, new_key
from gateway.models import api_key, install
from hub.errors import Refused

OVERLAP = timedelta(days=7)


class Key(NamedTuple):
    """A key as it may be shown: never its secret."""

    id: str
    install: UUID | None
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


async def add_key(
    connection: AsyncConnection,
    identifier: UUID | None,
    label: str,
    now: datetime,
    *,
    scopes: Sequence[Scope] = INSTALL_SCOPES,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key of an install, or of an operator (None; scope admin only). Its text is never shown again."""
    if (identifier is None) != (list(scopes) == [Scope.ADMIN]):
        raise Refused(
            problems.invalid(
                "En driftsnøkkel har bare tilgangen admin, og en installasjons nøkkel aldri.",
                "An operator's key has the scope admin alone, an install's key never.",
                "scopes",
            )
        )
    if not scopes:
        raise Refused(problems.invalid("Nøkkelen trenger en tilgang.", "The key needs a scope.", "scopes"))
    if identifier is not None:
        found = await connection.execute(select(install.c.id).where(install.c.id == identifier))
        if found.first() is None:
            raise Refused(problems.unknown("noen installasjon", "install", identifier))
    made = new_key()
    await connection.execute(
        insert(api_key).values(
            id=made.id,
            install=identifier,
            label=label,
            hash=made.hash,
            scopes=[str(scope) for scope in scopes],
            created_at=now,
            expires_at=expires_at,
        )
    )
    return made


async def rotate_key(
    connection: AsyncConnection, key_id: str, now: datetime, *, overlap: timedelta = OVERLAP
) -> NewKey:
    """Make a key with the same rights; the old one still works for the overlap."""
    old = (
        await connection.execute(select(api_key).where(api_key.c.id == key_id, _live(now)).with_for_update())
    ).first()
    if old is None:
        raise Refused(problems.unknown("noen gyldig nøkkel", "live key", key_id))
    ends = now + overlap if old.expires_at is None else min(now + overlap, old.expires_at)
    await connection.execute(update(api_key).where(api_key.c.id == key_id).values(expires_at=ends))
    scopes = [Scope(scope) for scope in old.scopes]
    return await add_key(connection, old.install, old.label, now, scopes=scopes)


async def revoke_key(connection: AsyncConnection, key_id: str, now: datetime) -> None:
    """End a key at once; again changes nothing."""
    values = {"revoked_at": func.coalesce(api_key.c.revoked_at, now)}
    changed = await connection.execute(update(api_key).where(api_key.c.id == key_id).values(values))
    if changed.rowcount == 0:
        raise Refused(problems.unknown("noen nøkkel", "key", key_id))


async def api_keys(connection: AsyncConnection) -> Sequence[Key]:
    """Return every key without its secret, newest first."""
    shown = (getattr(api_key.c, name) for name in Key._fields)
    rows = await connection.execute(select(*shown).order_by(api_key.c.created_at.desc(), api_key.c.id))
    return [Key(row.id, row.install, row.label, tuple(row.scopes), *row[4:]) for row in rows]


def _live(now: datetime) -> ColumnElement[bool]:
    return api_key.c.revoked_at.is_(None) & (api_key.c.expires_at.is_(None) | (api_key.c.expires_at > now))
