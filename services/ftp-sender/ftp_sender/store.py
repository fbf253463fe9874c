"""Targets in the database, their secrets sealed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert

from ftp_sender.models import target as table
from ftp_sender.sealing import Sealer, UnsealableError
from ftp_sender.targets import Secret, Target, TargetForm
from hub.db import Database
from hub.ids import utc_now

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class OtherOwnerError(Exception):
    """The target belongs to another company."""


class SecretNeededError(Exception):
    """A new target, or one that moves to another server or user, needs its secret given."""


class TargetStore:
    """Keeps targets. A secret leaves it opened only to connect."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def get(self, identifier: UUID) -> Target | None:
        """Return the target, None when there is none; raises UnsealableError when its secret does not open."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(table).where(table.c.id == identifier))).mappings().first()
        return None if row is None else self._target(row)

    async def names(self, destinations: Sequence[str]) -> Mapping[str, str]:
        """Return `user@host:port/folder` of those destinations that are targets here."""
        ids = [UUID(one) for one in destinations if _ID.fullmatch(one)]
        columns = (table.c.id, table.c.username, table.c.host, table.c.port, table.c.folder)
        async with self._database.begin() as connection:
            rows = await connection.execute(select(*columns).where(table.c.id.in_(ids)))
            return {str(row.id): f"{row.username}@{row.host}:{row.port}/{row.folder.lstrip('/')}" for row in rows}

    def _target(self, row: RowMapping) -> Target:
        try:
            secret = Secret.model_validate(orjson.loads(self._sealer.open(row["secret"], row["id"])))
        except (ValidationError, orjson.JSONDecodeError) as error:
            raise UnsealableError("the sealed secret is not of a known form") from error
        return Target(
            id=row["id"],
            owner=row["owner"],
            host=row["host"],
            port=row["port"],
            user=row["username"],
            secret=secret,
            folder=row["folder"],
            host_key=row["host_key"],
            changed_at=row["changed_at"],
        )

    async def put(self, identifier: UUID, form: TargetForm) -> bool:
        """Make or change the target; True when it is new. Raises OtherOwnerError or SecretNeededError.

        A known secret is kept only for the same server and user: else whoever may change a target could have its
        secret sent to a server of their own.
        """
        async with self._database.begin() as connection:
            known = await connection.execute(select(table).where(table.c.id == identifier).with_for_update())
            row = known.mappings().first()
            if row is not None and row["owner"] != form.owner:
                raise OtherOwnerError
            values: dict[str, Any] = {
                "owner": form.owner,
                "protocol": form.protocol,
                "host": form.host,
                "port": form.port,
                "username": form.user,
                "secret": self._sealed(identifier, form, row),
                "folder": form.folder,
                "host_key": form.host_key,
                "changed_at": utc_now(),
            }
            upsert = insert(table).values(id=identifier, **values)
            await connection.execute(
                upsert.on_conflict_do_update(
                    index_elements=[table.c.id], set_=values, where=table.c.owner == form.owner
                )
            )
        return row is None

    def _sealed(self, identifier: UUID, form: TargetForm, row: RowMapping | None) -> bytes:
        if form.secret is not None:
            return self._sealer.seal(orjson.dumps(form.secret.plain()), identifier)
        same = row is not None and (row["host"], row["port"], row["username"]) == (form.host, form.port, form.user)
        if row is None or not same:
            raise SecretNeededError
        kept: bytes = row["secret"]
        return kept
