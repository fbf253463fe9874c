"""One shape for all consumers: fetch, compute concurrently, then write everything in one transaction.

Results, inbox rows, outbox rows and positions are committed together; Kafka's own offsets are committed for lag only.
A batch that fails runs again one by one, so that one bad message stops nobody else's.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import kafka, metrics, outbox, parking, positions
from hub.db import Database, is_transient
from hub.errors import Unavailable
from hub.messages import MalformedMessageError, Message, decode, event_id, text_headers
from hub.pipeline import Event, Topic
from hub.positions import Partition

GATHER_SECONDS = 0.2
BATCH = 500
IDLE_SECONDS = 1.0
BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


class Handler(Protocol):
    """What a service does with events. `name` is the consumer's; a rebuilt read model takes a new one (`x@2`)."""

    @property
    def name(self) -> str:
        """The consumer's name, and its Kafka group's."""

    @property
    def topics(self) -> Sequence[Topic]:
        """What it subscribes to."""

    async def compute(self, event: Event) -> Any:
        """Do what needs no transaction (look-ups, blobs, the process pool); raises one of the four failures."""

    async def write(self, connection: AsyncConnection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Write the batch's results and return the events they cause. One transaction, one call, any size."""


class PositionLostError(Exception):
    """The log begins after our position: messages are gone that we never handled. An operator decides."""


class Item(NamedTuple):
    """A message of a batch: `event` is absent for a type that this version does not know."""

    id: UUID
    message: Message
    event: Event | None
    error: BaseException | None


def read(record: ConsumerRecord, prefix: str) -> Item:
    """Return the record as an item; a malformed one carries its error, under an id of its own."""
    message = Message(
        record.topic.removeprefix(prefix),
        (record.key or b"").decode("utf-8", "replace"),
        text_headers(record.headers),
        record.value or b"",
    )
    try:
        return Item(event_id(message.headers), message, decode(message), None)
    except MalformedMessageError as error:
        try:
            identifier = event_id(message.headers)
        except MalformedMessageError:
            identifier = uuid5(NAMESPACE_OID, f"{record.topic}/{record.partition}/{record.offset}")
        return Item(identifier, message, None, error)


class Batch:
    """Runs items through a handler and commits: everything of them, or nothing."""

    def __init__(self, handler: Handler, database: Database) -> None:
        self._handler = handler
        self._database = database

    async def run(self, items: Sequence[Item], nexts: dict[Partition, int]) -> None:
        """Handle the items and move the positions; raises Unavailable with nothing done."""
        async with self._database.begin() as connection:
            repeated = await positions.seen(connection, self._handler.name, [item.id for item in items])
            fresh = {item.id: item for item in items if item.id not in repeated}
            blocked = await self._blocked(connection, fresh.values())
        computed = await self._compute([item for item in fresh.values() if item.message.key not in blocked])
        metrics.REPEATED.labels(self._handler.name).inc(len(items) - len(fresh))
        await self._commit(list(fresh.values()), computed, blocked, nexts)

    async def _blocked(self, connection: AsyncConnection, items: Any) -> set[str]:
        return await parking.blocked_keys(connection, self._handler.name, {item.message.key for item in items})

    async def _compute(self, items: Sequence[Item]) -> dict[UUID, Any]:
        """Return each item's result or exception; raises Unavailable when any met a world that is down."""

        async def one(item: Item) -> Any:
            if item.error is not None:
                return item.error
            if item.event is None:
                return None
            with structlog.contextvars.bound_contextvars(transaction_id=item.message.key):
                return await self._handler.compute(item.event)

        results = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
        for result in results:
            if isinstance(result, Unavailable) or (isinstance(result, BaseException) and is_transient(result)):
                raise Unavailable(str(result)) from result
        return dict(zip((item.id for item in items), results, strict=True))

    async def _commit(
        self, fresh: Sequence[Item], computed: dict[UUID, Any], blocked: set[str], nexts: dict[Partition, int]
    ) -> None:
        name = self._handler.name
        async with self._database.begin() as connection:
            if blocked:
                await parking.lock(connection, name, blocked)
                if await parking.blocked_keys(connection, name, blocked) != blocked:
                    raise Unavailable("a parked key was freed meanwhile: this batch is computed anew")
            new = await positions.mark(connection, name, [item.id for item in fresh])
            ready, parked = _divide([item for item in fresh if item.id in new], computed, blocked)
            if ready:
                events = await self._handler.write(connection, ready)
                await outbox.emit(connection, events)
            if parked:
                await parking.park(connection, name, parked)
            await positions.save(connection, name, nexts)
        for event, _ in ready:
            metrics.CONSUMED.labels(name, event.type).inc()


def _divide(
    items: Sequence[Item], computed: dict[UUID, Any], blocked: set[str]
) -> tuple[list[tuple[Event, Any]], list[tuple[UUID, Message, BaseException | None]]]:
    """Tell what goes on from what parks: the failed, and whatever of the same key comes behind it."""
    ready: list[tuple[Event, Any]] = []
    parked: list[tuple[UUID, Message, BaseException | None]] = []
    stopped = set(blocked)
    for item in items:
        result = computed.get(item.id)
        if item.message.key in stopped:
            parked.append((item.id, item.message, None))
        elif isinstance(result, BaseException):
            parked.append((item.id, item.message, result))
            stopped.add(item.message.key)
        elif item.event is not None:
            ready.append((item.event, result))
    return ready, parked


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
    ) -> None:
        self._handler = handler
        self._database = database
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._member = member
        self._committed = committed
        self._batch = Batch(handler, database)
        self.ready = False

    async def run(self) -> None:
        """Consume until cancelled; outlives outages by building the client anew."""
        failures = 0
        while True:
            try:
                await self._session()
            except PositionLostError as error:
                metrics.CONSUMER_STOPPED.labels(self._handler.name).set(1)
                log.critical("consumer stopped: its position is lost", consumer=self._handler.name, error=str(error))
                await asyncio.Event().wait()  # the rest of the service goes on; an operator decides here
            except (Unavailable, KafkaError, OSError) as error:
                wait = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures = 0 if self.ready else failures + 1
                log.warning("consumer starts again", consumer=self._handler.name, error=str(error), seconds=wait)
                await asyncio.sleep(wait)
            finally:
                self.ready = False

    async def _session(self) -> None:
        name = self._handler.name
        client = kafka.make_consumer(self._bootstrap, self._prefix + name, f"{self._prefix}{name}-{self._member}")
        listener = _Seeker(client, self._database, name, self._prefix)
        client.subscribe([self._prefix + topic.name for topic in self._handler.topics], listener=listener)
        try:
            await kafka.bounded(client.start(), kafka.START_SECONDS, "start of the consumer")
            began = 0.0
            while True:
                self.ready = True
                records = await self._fetch(client, began)
                listener.check()
                if records:
                    began = time.monotonic()
                    await self._handle(records)
                    await self._report_lag(client, records)
        finally:
            await kafka.stop_consumer(client)

    async def _fetch(self, client: AIOKafkaConsumer, began: float) -> list[ConsumerRecord]:
        """Start at once if the last batch began a while ago; else gather what comes meanwhile."""
        pause = began + GATHER_SECONDS - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        fetched = await client.getmany(timeout_ms=int(IDLE_SECONDS * 1000), max_records=BATCH)
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
                log.warning("waiting for the world", consumer=self._handler.name, error=str(error), seconds=wait)
                await asyncio.sleep(wait)
            except Exception as error:
                if len(items) > 1 or items[0].error is not None:
                    raise
                log.exception("message parked", consumer=self._handler.name, event_id=str(items[0].id))
                items = [items[0]._replace(error=error)]
            else:
                return

    async def _report_lag(self, client: AIOKafkaConsumer, records: Sequence[ConsumerRecord]) -> None:
        """Commit Kafka's offsets, which only monitoring reads: a failure costs nothing."""
        offsets = {
            TopicPartition(record.topic, record.partition): OffsetAndMetadata(record.offset + 1, "")
            for record in records
        }
        try:
            await asyncio.wait_for(client.commit(offsets), kafka.START_SECONDS)
        except (KafkaError, TimeoutError) as error:
            log.debug("offsets not committed", consumer=self._handler.name, error=str(error))


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

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing to give back: what was not committed is nobody's."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Seek, or keep why not."""
        try:
            await self._seek(assigned)
        except (Unavailable, KafkaError, OSError, PositionLostError) as error:
            self._error = error

    async def _seek(self, assigned: Any) -> None:
        if not assigned:
            return
        async with self._database.begin() as connection:
            known = await positions.load(connection, self._name)
        begins = await self._client.beginning_offsets(list(assigned))
        for partition in assigned:
            begin = begins[partition]
            position = known.get(Partition(partition.topic.removeprefix(self._prefix), partition.partition))
            if position is not None and position < begin:
                where = f"{partition.topic}/{partition.partition}"
                raise PositionLostError(f"{where} is at {position}, but the log begins at {begin}")
            self._client.seek(partition, begin if position is None else position)

    def check(self) -> None:
        """Raise what kept the last assignment from being sought."""
        if self._error is not None:
            raise self._error
