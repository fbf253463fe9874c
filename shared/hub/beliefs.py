"""Where a consumer believes to be, held against what the database says and against what lies in the log.

A database that was set back under a running service has older positions, and what lies between must be handled again. A
log that was replaced has other events at the same places. Neither tells by itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from hub import positions
from hub.batch import read
from hub.db import Database
from hub.errors import Unavailable
from hub.positions import Move, Partition, Position, PositionMovedError

LOOK_SECONDS = 5.0


class Witness(NamedTuple):
    """The record that must lie before a position."""

    offset: int
    event: UUID


class Beliefs:
    """One session's: a consumer that joins its group anew learns its positions anew."""

    def __init__(self, database: Database, consumer: str, prefix: str) -> None:
        self._database = database
        self._consumer = consumer
        self._prefix = prefix
        self._next: dict[Partition, int | None] = {}
        self._ours: frozenset[Partition] = frozenset()
        self._witnesses: dict[TopicPartition, Witness] = {}
        self._wrong: PositionMovedError | None = None

    def partition(self, at: TopicPartition) -> Partition:
        """Return the partition's name here: without the deployment's prefix."""
        return Partition(at.topic.removeprefix(self._prefix), at.partition)

    def learn(self, known: Mapping[Partition, Position], assigned: Sequence[TopicPartition]) -> None:
        """Believe what the database says of the partitions assigned; what was to be seen before is forgotten."""
        self._witnesses = {}
        self._ours = frozenset(map(self.partition, assigned))
        for partition in self._ours:  # of those that went, a commit may be under way
            position = known.get(partition)
            self._next[partition] = position and position.next

    def expect(self, at: TopicPartition, witness: Witness) -> None:
        """Look at this record when it is fetched; it is the first one of its partition."""
        self._witnesses[at] = witness

    def seen(self, records: Sequence[ConsumerRecord]) -> tuple[list[ConsumerRecord], list[TopicPartition]]:
        """Return the records without those that only bear witness, and the partitions where another one lies."""
        if not self._witnesses:
            return list(records), []
        new, replaced = [], []
        for record in records:
            at = TopicPartition(record.topic, record.partition)
            witness = self._witnesses.pop(at, None)
            if witness is None or record.offset != witness.offset:  # it may have been compacted away
                new.append(record)
            elif read(record, self._prefix).id != witness.event:
                replaced.append(at)
        return new, replaced

    def moves(self, records: Sequence[ConsumerRecord], ids: Sequence[UUID]) -> list[Move]:
        """Return how the positions move once these records (with their events' ids) are handled, as we believe now."""
        last = {
            self.partition(TopicPartition(record.topic, record.partition)): Position(record.offset + 1, identifier)
            for record, identifier in zip(records, ids, strict=True)
        }
        return [Move(partition, self._next.get(partition), position) for partition, position in last.items()]

    def moved(self, moves: Sequence[Move]) -> None:
        """Note that these are committed."""
        self._next |= {move.partition: move.to.next for move in moves}

    async def run(self) -> None:
        """Look every few seconds: where nothing comes in, no commit would notice. Runs until cancelled."""
        while self._wrong is None:
            await asyncio.sleep(LOOK_SECONDS)
            believed = {partition: self._next[partition] for partition in self._ours}
            try:
                async with self._database.begin() as connection:
                    known = await positions.load(connection, self._consumer)
            except Unavailable:
                continue
            if other := [one for one in _behind(known, believed) if self._next[one] == believed[one]]:
                told = ", ".join(f"{one.topic}/{one.number}" for one in other)
                self._wrong = PositionMovedError(f"the database has older positions for {told} than we came to")

    def check(self) -> None:
        """Raise PositionMovedError where the database was found to be elsewhere."""
        if self._wrong is not None:
            raise self._wrong


def _behind(known: Mapping[Partition, Position], believed: Mapping[Partition, int | None]) -> list[Partition]:
    """Return where the database is behind us; that it is ahead is a commit under way, or another process's."""
    found = []
    for partition, next_one in believed.items():
        position = known.get(partition)
        if next_one is not None and (position is None or position.next < next_one):
            found.append(partition)
    return found
