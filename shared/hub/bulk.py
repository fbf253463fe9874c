"""Many rows in one statement: handlers write batches, and a statement a row would decide their throughput.

Rows travel as one JSON parameter, so values are what JSON has: give UUIDs and times as they are, JSON columns as dicts.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

Row = Mapping[str, Any]


@lru_cache(maxsize=64)
def _statement(table: Table, columns: tuple[str, ...], newer: bool) -> TextClause:
    """Return the insert, in key order so that two batches never wait for each other in a circle."""
    names = ", ".join(columns)
    key = ", ".join(column.name for column in table.primary_key)
    conflict = "ON CONFLICT DO NOTHING"
    if newer:
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        conflict = f"ON CONFLICT ({key}) DO UPDATE SET {changes} WHERE {table.name}.version < excluded.version"
    source = f"jsonb_populate_recordset(NULL::{table.name}, CAST(CAST(:rows AS text) AS jsonb))"
    # Names are our own tables' and columns', never a caller's values.
    return text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {source} ORDER BY {key} {conflict}")  # noqa: S608


async def insert_new(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows that break no unique constraint; the others are there already. All have the same columns."""
    await _run(connection, table, rows, newer=False)


async def upsert_newer(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those with the same primary key and a lower `version`."""
    key = [column.name for column in table.primary_key]
    newest: dict[tuple[Any, ...], Row] = {}
    for row in rows:  # one statement may not touch a row twice
        name = tuple(row[column] for column in key)
        if name not in newest or newest[name]["version"] < row["version"]:
            newest[name] = row
    await _run(connection, table, list(newest.values()), newer=True)


async def _run(connection: AsyncConnection, table: Table, rows: Sequence[Row], *, newer: bool) -> None:
    if rows:
        statement = _statement(table, tuple(rows[0]), newer)
        await connection.execute(statement, {"rows": orjson.dumps([dict(row) for row in rows]).decode()})
