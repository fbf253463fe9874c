"""One shape for all consumers: fetch, and hand batches on until they are committed (hub.batch).

Positions are sought from the database on assignment; Kafka's own offsets are committed for lag only. A batch that fails
runs again one by one, so that one bad message stops nobody else's.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from hub import kafka, metrics, positions
from hub.assignment import JOIN_SECONDS, PositionLostError, Seeker
from hub.batch import Batch, Handler, Item, Prepared, read
from hub.beliefs import Beliefs
from hub.commits import Commits, Lag
from hub.db import Database
from hub.errors import Unavailable
from hub.health import Part
from hub.pauses import Kind, Pauses
from hub.positions import Partition, PositionMovedError
from hub.tasks import running
from hub.watch import Watch

GATHER_SECONDS = 0.2
BATCH = 64  # more hold up the loop, and who waits for an answer, for longer than they save
IDLE_SECONDS = 1.0
COUNT_SECONDS = 3.0
BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


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
            except (Unavailable, PositionMovedError, KafkaError, OSError) as error:
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
        ours = {at: known.get(Partition(at.topic.removeprefix(self._prefix), at.partition)) for at in logs}
        return sum(ends[at] - (one.next if (one := ours[at]) else begins[at]) for at in logs) if logs else None

    async def _session(self) -> None:
        name = self._handler.name
        client = kafka.make_consumer(self._bootstrap, self._prefix + name, f"{self._prefix}{name}-{self._member}")
        listener = Seeker(client, self._database, name, self._prefix)
        watch = Watch(client, name)
        try:
            await kafka.bounded(client.start(), kafka.START_SECONDS, f"start of the consumer on {self._bootstrap}")
            client.subscribe(await self._topics(client), listener=listener)
            self._client = client
            async with running(watch.run()), running(listener.beliefs.run()):
                await self._work(client, listener, watch)
        finally:
            self._client = None
            await kafka.stop_consumer(client)

    async def _work(self, client: AIOKafkaConsumer, listener: Seeker, watch: Watch) -> None:
        """Prepare a batch while the one before is committed; batches are committed one after the other."""
        began, lag, commits = 0.0, Lag(client, self._handler.name), Commits()
        try:
            while True:
                records = await self._fetch(client, began)
                if self._held:
                    await lag.report(await commits.done())
                    await self._stand_still(client, listener, records)
                    records = []
                listener.check()
                watch.check()
                if listener.unsought_since is None:
                    self.part.works()
                    records = await listener.verified(records)
                else:  # what was fetched from wherever aiokafka began comes again from our own positions
                    records = []
                    self.part.waits(f"Kafka at {self._bootstrap} has not admitted it to its group yet")
                began = time.monotonic() if 0 < len(records) < BATCH else 0.0  # else more lies ready: no pause
                with watch.handling():
                    items = [read(record, self._prefix) for record in records]
                    prepared = await self._prepare(items) if items else None
                    await lag.report(await commits.done())
                    if items:
                        commits.begin(records, self._commit(records, items, prepared, listener.beliefs))
        finally:
            await commits.finish()

    @property
    def _held(self) -> bool:
        """Whether an operator has paused this consumer."""
        return self._pauses is not None and self._pauses.hold(Kind.CONSUMER, self._handler.name)

    async def _stand_still(self, client: AIOKafkaConsumer, listener: Seeker, records: Sequence[ConsumerRecord]) -> None:
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

    async def _prepare(self, items: Sequence[Item]) -> Prepared | None:
        """Prepare a batch; None where that failed: it is prepared anew, and waited for, when its turn has come."""
        metrics.BATCH_SIZE.labels(self._handler.name).observe(len(items))
        try:
            return await self._batch.prepare(items)
        except Exception as error:  # noqa: BLE001 - it comes again, where it can be waited for or parked
            log.info("a batch is prepared anew", consumer=self._handler.name, error=str(error))
            return None

    async def _commit(
        self, records: Sequence[ConsumerRecord], items: Sequence[Item], prepared: Prepared | None, beliefs: Beliefs
    ) -> None:
        """Commit a batch; one with a bug in it goes one by one. Raises PositionMovedError with nothing done."""
        name = self._handler.name
        started = time.monotonic()
        try:
            await self._persist(records, items, prepared, beliefs)
        except Exception as error:
            if len(records) == 1 or isinstance(error, PositionMovedError):
                raise
            log.exception("a batch failed and runs one by one", consumer=name, error=str(error))
            for record, item in zip(records, items, strict=True):
                await self._persist([record], [item], None, beliefs)
        metrics.BATCH_SECONDS.labels(name).observe(time.monotonic() - started)
        self._committed()

    async def _persist(
        self, records: Sequence[ConsumerRecord], items: Sequence[Item], prepared: Prepared | None, beliefs: Beliefs
    ) -> None:
        """Commit the records' results, waiting out an unavailable world; a lone message with a bug is parked."""
        moves = beliefs.moves(records, [item.id for item in items])
        failures = 0
        while True:
            try:
                await self._batch.run(items, moves, prepared)
            except PositionMovedError:
                raise
            except Unavailable as error:
                prepared = None
                wait = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures += 1
                self.part.lacks(str(error))
                await asyncio.sleep(wait)
            except Exception as error:
                if len(items) > 1 or items[0].error is not None:
                    raise
                log.exception("message parked", consumer=self._handler.name, event_id=str(items[0].id))
                prepared = None
                items = [items[0]._replace(error=error)]
            else:
                beliefs.moved(moves)
                return
