"""Where a consumer goes on when partitions are assigned to it: at the position in our database, never at Kafka's.

What lies before the position is fetched too, once, and must be the event that was handled there: a log that was
replaced and has grown since looks like the one that was read in every other way.
"""

import time
from collections.abc import Sequence
from typing import Any, NoReturn

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from hub import kafka, positions
from hub.beliefs import Beliefs, Witness
from hub.db import Database
from hub.errors import Unavailable
from hub.positions import Lost, Position

JOIN_SECONDS = 60.0

log = structlog.get_logger(__name__)


class PositionLostError(Exception):
    """The log begins after our position, or is another than we read: messages may be gone. An operator decides."""


class Seeker(ConsumerRebalanceListener):  # type: ignore[misc]
    """Seeks each assigned partition to the position in our database.

    aiokafka swallows what a listener raises and would go on from Kafka's own offsets, so the error is kept for the
    session to raise before it handles anything.
    """

    def __init__(self, client: AIOKafkaConsumer, database: Database, name: str, prefix: str) -> None:
        self._client = client
        self._database = database
        self._name = name
        self._error: BaseException | None = None
        self.beliefs = Beliefs(database, name, prefix)
        self.unsought_since: float | None = time.monotonic()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing to give back: what was not committed is nobody's."""
        del revoked
        self.unsought_since = time.monotonic()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Seek, or keep why not."""
        try:
            await self._seek(assigned)
        except (Unavailable, KafkaError, OSError, PositionLostError) as error:
            self._error = error
        else:
            self.unsought_since = None

    async def _seek(self, assigned: Any) -> None:
        if not assigned:
            return
        async with self._database.begin() as connection:
            known = await positions.load(connection, self._name)
        begins = await self._client.beginning_offsets(list(assigned))
        ends = await self._client.end_offsets(list(assigned))
        lost = [
            Lost(ours, known[ours].next, begins[at])
            for at in assigned
            if (ours := self.beliefs.partition(at)) in known and known[ours].next < begins[at]
        ]
        if lost:
            await self._note(lost)
        async with self._database.begin() as connection:
            await positions.forget_lost(connection, self._name, [self.beliefs.partition(at) for at in assigned])
        # Nothing is awaited from here on: what is fetched between a seek and the end would be taken for unsought, and
        # dropped.
        self.beliefs.learn(known, assigned)
        for at in assigned:
            self._client.seek(at, self._start(at, known.get(self.beliefs.partition(at)), begins[at], ends[at]))

    def _start(self, at: TopicPartition, position: Position | None, begin: int, end: int) -> int:
        """Return from where a partition is fetched: the event before the position comes again, to be looked at."""
        if position is None:
            return begin
        if position.next > end:
            # Another log than the one we read: handle all of it, the inbox drops what we saw.
            where = f"{at.topic}/{at.partition}"
            log.error("log was replaced", partition=where, position=position.next, end=end)
            return begin
        if position.last_event is None or position.next == begin:
            return position.next
        self.beliefs.expect(at, Witness(position.next - 1, position.last_event))
        return position.next - 1

    async def verified(self, records: Sequence[ConsumerRecord]) -> list[ConsumerRecord]:
        """Return what is new of what was fetched; raises PositionLostError where the log is not the one we read."""
        new, replaced = self.beliefs.seen(records)
        if replaced:
            begins = await kafka.bounded(
                self._client.beginning_offsets(replaced), JOIN_SECONDS, "beginnings of the logs"
            )
            async with self._database.begin() as connection:
                known = await positions.load(connection, self._name)
            ours = {at: self.beliefs.partition(at) for at in replaced}
            await self._note([Lost(ours[at], known[ours[at]].next, begins[at]) for at in replaced])
        return new

    async def _note(self, lost: Sequence[Lost]) -> NoReturn:
        """Write the lost positions down for an operator, and stop."""
        async with self._database.begin() as connection:
            await positions.note_lost(connection, self._name, lost)
        raise PositionLostError("; ".join(map(str, lost)))

    def check(self) -> None:
        """Raise what kept the last assignment from being sought, that none came for long, or that it holds no more."""
        if self._error is not None:
            raise self._error
        self.beliefs.check()
        if self.unsought_since is not None and time.monotonic() - self.unsought_since > JOIN_SECONDS:
            raise Unavailable(f"kafka: not admitted to the group for {JOIN_SECONDS:.0f} s")
