"""What a consumer does beside handling: its batch that is being committed, and the offsets that monitoring reads."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from hub import kafka
from hub.errors import Unavailable

LAG_SECONDS = 1.0
FINISH_SECONDS = 3.0

log = structlog.get_logger(__name__)


class Commits:
    """The batch that is being committed, while the next one is prepared."""

    def __init__(self) -> None:
        self._records: Sequence[ConsumerRecord] = ()
        self._task: asyncio.Task[None] | None = None

    def begin(self, records: Sequence[ConsumerRecord], commit: Coroutine[Any, Any, None]) -> None:
        """Commit a batch beside what comes next; the one before is done."""
        self._records, self._task = records, asyncio.create_task(commit)

    async def done(self) -> Sequence[ConsumerRecord]:
        """Wait for the commit that is under way; return what it committed, or raise why it could not be."""
        if self._task is None:
            return ()
        await asyncio.shield(self._task)  # an end that comes meanwhile leaves it to `finish`
        self._task = None
        return self._records

    async def finish(self) -> None:
        """Let the commit come to its end for a while, when everything ends."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=FINISH_SECONDS)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class Lag:
    """Commits Kafka's offsets, which only monitoring reads: once a second is enough, and a failure costs nothing."""

    def __init__(self, client: AIOKafkaConsumer, name: str) -> None:
        self._client = client
        self._name = name
        self._pending: dict[TopicPartition, OffsetAndMetadata] = {}
        self._committed_at = 0.0

    async def report(self, handled: Sequence[ConsumerRecord]) -> None:
        """Note what was handled, and commit what was noted: now and then under load, at once when nothing comes."""
        for record in handled:
            partition = TopicPartition(record.topic, record.partition)
            self._pending[partition] = OffsetAndMetadata(record.offset + 1, "")
        now = time.monotonic()
        if not self._pending or (handled and now - self._committed_at < LAG_SECONDS):
            return
        self._committed_at, offsets, self._pending = now, self._pending, {}
        try:
            await kafka.bounded(self._client.commit(offsets), kafka.START_SECONDS, "commit")
        except Unavailable as error:
            log.debug("offsets not committed", consumer=self._name, error=str(error))
