"""Where a consumer goes on when partitions are assigned to it: at the position in our database, never at Kafka's."""

import time
from collections.abc import Sequence
from typing import Any, NoReturn

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from hub import positions
from hub.db import Database
from hub.errors import Unavailable
from hub.positions import Lost, Partition

JOIN_SECONDS = 60.0

log = structlog.get_logger(__name__)


class PositionLostError(Exception):
    """The log begins after our position: messages are gone that we never handled. An operator decides."""


class Seeker(ConsumerRebalanceListener):  # type: ignore[misc]
    """Seeks each assigned partition to the position in our database.

    aiokafka swallows what a listener raises and would go on from Kafka's own offsets, so the error is kept for the
    session to raise before it handles anything.
    """

    def __init__(self, client: AIOKafkaConsumer, database: Database, name: str, prefix: str) -> None:
        self._client = client
        self._database = database
        self._name = name
        self._prefix = prefix
        self._error: BaseException | None = None
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
        ours = {at: Partition(at.topic.removeprefix(self._prefix), at.partition) for at in assigned}
        lost = [
            Lost(ours[at], known[ours[at]], begin) for at, begin in begins.items() if known.get(ours[at], begin) < begin
        ]
        if lost:
            await self._note(lost)
        async with self._database.begin() as connection:
            await positions.forget_lost(connection, self._name, list(ours.values()))
        # Nothing is awaited from here on: what is fetched between a seek and the end would be taken for unsought, and
        # dropped.
        for partition in assigned:
            begin = begins[partition]
            position = known.get(ours[partition])
            where = f"{partition.topic}/{partition.partition}"
            if position is not None and position > ends[partition]:
                # Another log than the one we read: handle all of it, the inbox drops what we saw.
                log.error("log was replaced", partition=where, position=position, end=ends[partition])
                position = begin
            self._client.seek(partition, begin if position is None else position)

    async def _note(self, lost: Sequence[Lost]) -> NoReturn:
        """Write the lost positions down for an operator, and stop."""
        async with self._database.begin() as connection:
            await positions.note_lost(connection, self._name, lost)
        told = "; ".join(
            f"{one.partition.topic}/{one.partition.number} is at {one.next}, but the log begins at {one.begins_at}"
            for one in lost
        )
        raise PositionLostError(told)

    def check(self) -> None:
        """Raise what kept the last assignment from being sought, or that none came for long."""
        if self._error is not None:
            raise self._error
        if self.unsought_since is not None and time.monotonic() - self.unsought_since > JOIN_SECONDS:
            raise Unavailable(f"kafka: not admitted to the group for {JOIN_SECONDS:.0f} s")
