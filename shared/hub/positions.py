"""Where a consumer is, and what it has handled: both in the database that its results are in.

A position carries the id of the event before it, its witness: a log that holds another event there is not the log that
was read, however long it has grown.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import utc_now


class Partition(NamedTuple):
    """A partition of a topic (the topic without the deployment's prefix)."""

    topic: str
    number: int


class Position(NamedTuple):
    """The next offset to handle, and the event that lies before it (None where none was noted)."""

    next: int
    last_event: UUID | None = None


class Move(NamedTuple):
    """A position that moves on from where the consumer believes it to be (None: nowhere yet)."""

    partition: Partition
    believed: int | None
    to: Position


class PositionMovedError(Exception):
    """The database says that the consumer is elsewhere: it was set back, or another process has the partition."""


_LOAD = text("SELECT topic, partition, next, last_event FROM position WHERE consumer = :consumer")
# Repeated after a commit of unknown outcome, a move finds what it was about to write, and that is right too.
_SAVE = text("""
    WITH moved AS (
        SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:believed AS bigint[]),
                             CAST(:nexts AS bigint[]), CAST(:events AS uuid[]))
             AS m(topic, partition, believed, next, last_event)
    ), first AS (
        INSERT INTO position (consumer, topic, partition, next, last_event)
        SELECT :consumer, topic, partition, next, last_event FROM moved WHERE believed IS NULL
        ORDER BY topic, partition
        ON CONFLICT DO NOTHING
        RETURNING topic, partition
    ), later AS (
        UPDATE position p SET next = m.next, last_event = m.last_event
        FROM moved m
        WHERE p.consumer = :consumer AND p.topic = m.topic AND p.partition = m.partition
          AND (p.next = m.believed OR (p.next = m.next AND p.last_event = m.last_event))
        RETURNING p.topic, p.partition
    )
    SELECT topic, partition FROM moved EXCEPT (SELECT * FROM first UNION ALL SELECT * FROM later)
""")
_PUT = text("""
    UPDATE position p SET next = m.next, last_event = NULL
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:nexts AS bigint[]))
         AS m(topic, partition, next)
    WHERE p.consumer = :consumer AND p.topic = m.topic AND p.partition = m.partition
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
    """A position that its log does not have.

    Before the log's beginning, the messages from `next` up to `begins_at` were never handled. Behind it, the log is
    another than the one that was read, and what the former one still held is not known.
    """

    partition: Partition
    next: int
    begins_at: int

    def __str__(self) -> str:
        place = f"{self.partition.topic}/{self.partition.number}"
        if self.next < self.begins_at:
            return f"{place} is at {self.next}, but the log begins at {self.begins_at}"
        return f"{place} is at {self.next}, but before that the log holds another event than the one handled there"


async def load(connection: AsyncConnection, consumer: str) -> dict[Partition, Position]:
    """Return the position in each partition that the consumer has handled anything of."""
    rows = await connection.execute(_LOAD, {"consumer": consumer})
    return {Partition(row.topic, row.partition): Position(row.next, row.last_event) for row in rows}


async def save(connection: AsyncConnection, consumer: str, moves: Sequence[Move]) -> None:
    """Move the positions on, every one from where it is believed to be; raises PositionMovedError.

    They move back where a log was replaced by a shorter one; the inbox drops what repeats.
    """
    asked = {
        "topics": [move.partition.topic for move in moves],
        "partitions": [move.partition.number for move in moves],
        "believed": [move.believed for move in moves],
        "nexts": [move.to.next for move in moves],
        "events": [move.to.last_event for move in moves],
    }
    if elsewhere := (await connection.execute(_SAVE, {"consumer": consumer, **asked})).all():
        told = ", ".join(f"{row.topic}/{row.partition}" for row in elsewhere)
        raise PositionMovedError(f"the database has other positions for {told} than we came to")


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
        found = [one.partition for one in gone]
        asked = {"topics": [one.topic for one in found], "partitions": [one.number for one in found]}
        await connection.execute(_PUT, {"consumer": consumer, **asked, "nexts": [one.begins_at for one in gone]})
        await forget_lost(connection, consumer, found)
    return gone


async def forget_lost(connection: AsyncConnection, consumer: str, found: Sequence[Partition]) -> None:
    """Note that these positions are in their logs (again)."""
    asked = {"topics": [one.topic for one in found], "partitions": [one.number for one in found]}
    await connection.execute(_FORGET_LOST, {"consumer": consumer, **asked})
