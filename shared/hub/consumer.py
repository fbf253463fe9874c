"""One shape for all consumers: fetch, and hand batches on until they are committed (hub.batch).

Positions are sought from the database on assignment; Kafka's own offsets are committed for lag only. A batch that fails
runs again one by one, so that one bad message stops nobody else's.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from hub import kafka, metrics, positions
from hub.batch import Batch, Handler, read
from hub.db import Database
from hub.errors import Unavailable
from hub.health import Part
from hub.pauses import Kind, Pauses
from hub.positions import Lost, Partition
from hub.tasks import finish, running
from hub.watch import Watch

GATHER_SECONDS = 0.2
BATCH = 64  # more hold up the loop, and who waits for an answer, for longer than they save
IDLE_SECONDS = 1.0
LAG_SECONDS = 1.0
JOIN_SECONDS = 60.0
FINISH_SECONDS = 3.0
COUNT_SECONDS = 3.0
BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


class PositionLostError(Exception):
    """The log begins after our position: messages are gone that we never handled. An operator decides."""


class Consumer:
    """Consumes a handler's topics as one static member of its group."""

    def __init__(
        self,
        handler: Handler,
        database: Database,
        bootstrap: str,
        topic_prefix: str,
        member: str,
        committed: Callable[[], None],
        pauses: Pauses | None = None,
    ) -> None:
        self._handler = handler
        self._database = database
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._member = member
        self._committed = committed
        self._pauses = pauses
        self._batch = Batch(handler, database)
        self._client: AIOKafkaConsumer | None = None
        self.part = Part(f"consumer {handler.name}")

    @property
    def handler(self) -> Handler:
        """What it hands batches to."""
        return self._handler

    async def run(self) -> None:
        """Consume until cancelled; outlives outages by building the client anew."""
        failures = 0
        while True:
            try:
                await self._session()
            except PositionLostError as error:
                metrics.CONSUMER_STOPPED.labels(self._handler.name).set(1)
                self.part.lacks(f"its position is lost: {error}. An operator decides")
                log.critical("consumer stopped: its position is lost", consumer=self._handler.name, error=str(error))
                await self._until_decided()  # the rest of the service goes on
                metrics.CONSUMER_STOPPED.labels(self._handler.name).set(0)
            except (Unavailable, KafkaError, OSError) as error:
                wait = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures = 0 if self.part.lack is None else failures + 1
                self.part.lacks(f"{error or type(error).__name__}; it starts again")
                await asyncio.sleep(wait)

    async def _until_decided(self) -> None:
        """Wait until an operator has told what to do about the lost positions (hub.ops.consumers)."""
        while True:
            await asyncio.sleep(IDLE_SECONDS)
            with suppress(Unavailable):
                async with self._database.begin() as connection:
                    if not await positions.lost(connection, self._handler.name):
                        return

    async def lag(self) -> int | None:
        """Return how many messages lie before this consumer, in all its processes; None while that is not known."""
        client = self._client
        if client is None:
            return None
        names = [self._prefix + topic.name for topic in self._handler.topics]
        logs = [TopicPartition(name, number) for name in names for number in client.partitions_for_topic(name) or ()]
        try:
            async with kafka.limited(COUNT_SECONDS, "lag"):
                async with self._database.begin() as connection:
                    known = await positions.load(connection, self._handler.name)
                begins, ends = await client.beginning_offsets(logs), await client.end_offsets(logs)
        except Unavailable:
            return None
        handled = {
            at: known.get(Partition(at.topic.removeprefix(self._prefix), at.partition), begins[at]) for at in logs
        }
        return sum(ends[at] - handled[at] for at in logs) if logs else None

    async def _session(self) -> None:
        name = self._handler.name
        client = kafka.make_consumer(self._bootstrap, self._prefix + name, f"{self._prefix}{name}-{self._member}")
        listener = _Seeker(client, self._database, name, self._prefix)
        watch = Watch(client, name)
        try:
            await kafka.bounded(client.start(), kafka.START_SECONDS, f"start of the consumer on {self._bootstrap}")
            client.subscribe(await self._topics(client), listener=listener)
            self._client = client
            async with running(watch.run()):
                await self._work(client, listener, watch)
        finally:
            self._client = None
            await kafka.stop_consumer(client)

    async def _work(self, client: AIOKafkaConsumer, listener: "_Seeker", watch: Watch) -> None:
        began, lag = 0.0, _Lag(client, self._handler.name)
        while True:
            records = await self._fetch(client, began)
            if self._held:
                await self._stand_still(client, listener, records)
                records = []
            listener.check()
            watch.check()
            if listener.unsought_since is None:
                self.part.works()
            else:  # what was fetched from wherever aiokafka began comes again from our own positions
                records = []
                self.part.waits(f"Kafka at {self._bootstrap} has not admitted it to its group yet")
            if records:
                began = time.monotonic() if len(records) < BATCH else 0.0  # more lies ready: no pause
                with watch.handling():
                    await finish(self._handle(records), FINISH_SECONDS)
            await lag.report(records)

    @property
    def _held(self) -> bool:
        """Whether an operator has paused this consumer."""
        return self._pauses is not None and self._pauses.hold(Kind.CONSUMER, self._handler.name)

    async def _stand_still(
        self, client: AIOKafkaConsumer, listener: "_Seeker", records: Sequence[ConsumerRecord]
    ) -> None:
        """Handle nothing while paused (neither what was fetched already), and stay a member of the group."""
        while True:
            if listener.unsought_since is None:
                for record in reversed(records):  # as if they were never fetched
                    client.seek(TopicPartition(record.topic, record.partition), record.offset)
            if not self._held:
                client.resume(*client.paused())
                return
            self.part.works()
            client.pause(*client.assignment())
            records = await self._fetch(client, 0.0)  # of what was assigned meanwhile

    async def _topics(self, client: AIOKafkaConsumer) -> list[str]:
        """Return the topics' names in Kafka; raises Unavailable while some are missing (aiokafka waits in silence)."""
        wanted = [self._prefix + topic.name for topic in self._handler.topics]
        found = await kafka.bounded(client.topics(), kafka.START_SECONDS, "list of the topics")
        if missing := sorted(set(wanted) - found):
            raise Unavailable(
                f"kafka: {self._bootstrap} has no topics {', '.join(missing)} (or we may not read them): create them"
            )
        return wanted

    async def _fetch(self, client: AIOKafkaConsumer, began: float) -> list[ConsumerRecord]:
        """Start at once if the last batch began a while ago; else gather what comes meanwhile."""
        pause = began + GATHER_SECONDS - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        fetched = await kafka.bounded(
            client.getmany(timeout_ms=int(IDLE_SECONDS * 1000), max_records=BATCH), JOIN_SECONDS, "fetch"
        )
        return [record for records in fetched.values() for record in records]

    async def _handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Handle a batch until it is committed; a batch with a bug in it goes one by one."""
        name = self._handler.name
        started = time.monotonic()
        metrics.BATCH_SIZE.labels(name).observe(len(records))
        try:
            await self._persist(records)
        except Exception as error:
            if len(records) == 1:
                raise
            log.exception("a batch failed and runs one by one", consumer=name, error=str(error))
            for record in records:
                await self._persist([record])
        metrics.BATCH_SECONDS.labels(name).observe(time.monotonic() - started)
        self._committed()

    async def _persist(self, records: Sequence[ConsumerRecord]) -> None:
        """Commit the records' results, waiting out an unavailable world; a lone message with a bug is parked."""
        items = [read(record, self._prefix) for record in records]
        nexts = {Partition(r.topic.removeprefix(self._prefix), r.partition): r.offset + 1 for r in records}
        failures = 0
        while True:
            try:
                await self._batch.run(items, nexts)
            except Unavailable as error:
                wait = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures += 1
                self.part.lacks(str(error))
                await asyncio.sleep(wait)
            except Exception as error:
                if len(items) > 1 or items[0].error is not None:
                    raise
                log.exception("message parked", consumer=self._handler.name, event_id=str(items[0].id))
                items = [items[0]._replace(error=error)]
            else:
                return


class _Lag:
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


class _Seeker(ConsumerRebalanceListener):  # type: ignore[misc]
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
