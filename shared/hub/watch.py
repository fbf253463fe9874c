"""Looks at the log's ends while a consumer works: measures its lag, and notices a client that stands still.

aiokafka can stand still after a broker's restart, a long stop or a connection that swallows everything, without an
error to anyone. Who has messages ahead, fetches none and is not busy either, is given a new client.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from hub import kafka, metrics
from hub.errors import Unavailable

LOOK_SECONDS = 5.0
ANSWER_SECONDS = 10.0
STUCK_SECONDS = 10.0


class Watch:
    """Watches one client of a consumer; a new client gets a new watch."""

    def __init__(self, client: AIOKafkaConsumer, consumer: str) -> None:
        self._client = client
        self._consumer = consumer
        self._busy = False
        self._batches = 0
        self._behind_since: float | None = None
        self._wrong: Unavailable | None = None

    async def run(self) -> None:
        """Look every few seconds until cancelled, or until something is wrong."""
        while self._wrong is None:
            await asyncio.sleep(LOOK_SECONDS)
            batches = self._batches
            try:
                lag, waiting = await self._lag()
            except Unavailable as error:
                self._wrong = None if self._busy or batches != self._batches else error
                continue
            metrics.CONSUMER_LAG.labels(self._consumer).set(lag)
            self._judge(waiting, moved=self._busy or batches != self._batches)

    def _judge(self, waiting: int, *, moved: bool) -> None:
        """Note since when messages lie ready that nobody fetches."""
        now = time.monotonic()
        if moved or not waiting:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        elif now - self._behind_since >= STUCK_SECONDS:
            self._wrong = Unavailable(
                f"kafka: the client stands still: {waiting} messages lie ready, and none was fetched for "
                f"{now - self._behind_since:.0f} s"
            )

    async def _lag(self) -> tuple[int, int]:
        """Return the messages behind our positions, and how many of them may be fetched (not paused)."""
        assigned: set[TopicPartition] = self._client.assignment()
        if not assigned:
            return 0, 0
        try:
            ends = await kafka.bounded(self._client.end_offsets(list(assigned)), ANSWER_SECONDS, "ends of the logs")
            behind = {}
            for partition in assigned:
                position = await kafka.bounded(self._client.position(partition), ANSWER_SECONDS, "position")
                behind[partition] = max(0, ends[partition] - position)
        except Unavailable:
            if self._client.assignment() != assigned:  # they went to another member while we looked
                return 0, 0
            raise
        paused = self._client.paused()
        return sum(behind.values()), sum(count for part, count in behind.items() if part not in paused)

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Tell that a batch was fetched and is being handled: whatever that takes, the client is not to blame."""
        self._busy = True
        self._batches += 1
        try:
            yield
        finally:
            self._busy = False
            self._batches += 1

    def check(self) -> None:
        """Raise Unavailable when the client should be built anew."""
        if self._wrong is not None:
            metrics.CONSUMER_REBUILDS.labels(self._consumer).inc()
            raise self._wrong
