"""Where a consumer is, and what it has handled: both in the database that its results are in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import utc_now


class Partition(NamedTuple):
    """A partition of a topic (the topic without the deployment's prefix)."""

    topic: str
    number: int


_LOAD = text("SELECT topic, partition, next FROM position WHERE consumer = :consumer")
_SAVE = text("""
    INSERT INTO position (consumer, topic, partition, next)
    SELECT :consumer, p.topic, p.partition, p.next
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:nexts AS bigint[]))
         AS p(topic, partition, next)
    ORDER BY p.topic, p.partition
    ON CONFLICT (consumer, topic, partition) DO UPDATE SET next = excluded.next
""")
_SEEN = text("SELECT event_id FROM inbox WHERE consumer = :consumer AND event_id = ANY(CAST(:ids AS uuid[]))")
_MARK = text("""
    INSERT INTO inbox (consumer, event_id, seen_at)
    SELECT :consumer, e.id, :now FROM unnest(CAST(:ids AS uuid[])) AS e(id) ORDER BY e.id
    ON CONFLICT (consumer, event_id) DO NOTHING
    RETURNING event_id
""")
_NOTE_LOST = text("""
    INSERT INTO position_lost (consumer, topic, partition, next, begins_at, noticed_at)
    SELECT :consumer, p.topic, p.partition, p.next, p.begins_at, :now
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:nexts AS bigint[]),
                CAST(:begins AS bigint[])) AS p(topic, partition, next, begins_at)
    ORDER BY p.topic, p.partition
    ON CONFLICT (consumer, topic, partition) DO UPDATE SET next = excluded.next, begins_at = excluded.begins_at
""")
_LOST = text("SELECT topic, partition, next, begins_at, noticed_at FROM position_lost WHERE consumer = :consumer")
_FORGET_LOST = text("""
    DELETE FROM position_lost WHERE consumer = :consumer AND (topic, partition) IN (
        SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])))
""")


class Lost(NamedTuple):
    """A position before the log's beginning: the messages from `next` up to `begins_at` were never handled."""

    partition: Partition
    next: int
    begins_at: int


async def load(connection: AsyncConnection, consumer: str) -> dict[Partition, int]:
    """Return the next offset of each partition that the consumer has handled anything of."""
    rows = await connection.execute(_LOAD, {"consumer": consumer})
    return {Partition(row.topic, row.partition): row.next for row in rows}


async def save(connection: AsyncConnection, consumer: str, nexts: Mapping[Partition, int]) -> None:
    """Note the positions. They move back where a log was replaced by a shorter one; the inbox drops what repeats."""
    await connection.execute(
        _SAVE,
        {
            "consumer": consumer,
            "topics": [partition.topic for partition in nexts],
            "partitions": [partition.number for partition in nexts],
            "nexts": list(nexts.values()),
        },
    )


async def seen(connection: AsyncConnection, consumer: str, ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the events that the consumer handled before."""
    rows = await connection.execute(_SEEN, {"consumer": consumer, "ids": list(ids)})
    return set(rows.scalars())


async def mark(connection: AsyncConnection, consumer: str, ids: Sequence[UUID]) -> set[UUID]:
    """Note the events as handled and return those that were not before (two transactions cannot both get one)."""
    rows = await connection.execute(_MARK, {"consumer": consumer, "ids": list(ids), "now": utc_now()})
    return set(rows.scalars())


async def note_lost(connection: AsyncConnection, consumer: str, lost: Sequence[Lost]) -> None:
    """Write down which positions are lost, for an operator to decide."""
    await connection.execute(
        _NOTE_LOST,
        {
            "consumer": consumer,
            "topics": [one.partition.topic for one in lost],
            "partitions": [one.partition.number for one in lost],
            "nexts": [one.next for one in lost],
            "begins": [one.begins_at for one in lost],
            "now": utc_now(),
        },
    )


async def lost(connection: AsyncConnection, consumer: str) -> list[Lost]:
    """Return the consumer's lost positions that no operator has decided on."""
    rows = await connection.execute(_LOST, {"consumer": consumer})
    return [Lost(Partition(row.topic, row.partition), row.next, row.begins_at) for row in rows]


async def skip_lost(connection: AsyncConnection, consumer: str) -> list[Lost]:
    """Move each lost position to its log's beginning and return what was lost; [] where nothing is."""
    gone = await lost(connection, consumer)
    if gone:
        await save(connection, consumer, {one.partition: one.begins_at for one in gone})
        await forget_lost(connection, consumer, [one.partition for one in gone])
    return gone


async def forget_lost(connection: AsyncConnection, consumer: str, found: Sequence[Partition]) -> None:
    """Note that these positions are in their logs (again)."""
    asked = {"topics": [one.topic for one in found], "partitions": [one.number for one in found]}
    await connection.execute(_FORGET_LOST, {"consumer": consumer, **asked})
