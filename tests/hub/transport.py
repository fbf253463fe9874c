"""What the transport's tests share: events, a handler that records, and running parts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import outbox
from hub.consumer import Consumer
from hub.db import Database
from hub.ids import uuid7
from hub.outbox import Relay
from hub.parties import Initiator
from hub.pauses import Pauses
from hub.pipeline import INVOICE_VALIDATED, Event, InvoiceRefused, Parties, Topic, TransactionEvent
from hub.replayer import Replayer
from hub.stack import provision

T = TypeVar("T")
PARTIES = Parties(
    client="310000019",
    initiator=Initiator(kind="client", organisation_number="310000019"),
    sender="0192:310000019",
    recipient="0192:310000027",
    number="1",
    document_type="invoice",
)


def refusal(transaction_id: UUID | None = None) -> InvoiceRefused:
    """A small real event, with a cause of its own."""
    now = datetime.now(UTC)
    return InvoiceRefused.caused(transaction_id or uuid7(now), uuid4(), now, parties=PARTIES, problems=())


class Recorder:
    """A handler that writes what it handled into a table, and fails as it is told."""

    name = "recorder"
    topics: Sequence[Topic] = (INVOICE_VALIDATED,)

    def __init__(self, fail: Callable[[TransactionEvent], None] | None = None) -> None:
        self.fail = fail
        self.batches: list[int] = []
        self.break_write: Callable[[Sequence[Event]], None] | None = None

    async def compute(self, event: Event) -> Any:
        if self.fail is not None:
            assert isinstance(event, TransactionEvent)
            self.fail(event)

    async def write(self, connection: AsyncConnection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        if self.break_write is not None:
            self.break_write([event for event, _ in batch])
        self.batches.append(len(batch))
        await connection.execute(
            text("INSERT INTO handled (event_id, key) VALUES (:id, :key)"),
            [{"id": event.id, "key": event.key} for event, _ in batch],
        )
        return []


async def handled(database: Database) -> list[UUID]:
    async with database.begin() as connection:
        return list((await connection.execute(text("SELECT event_id FROM handled ORDER BY seq"))).scalars())


async def parked_states(database: Database) -> list[str]:
    async with database.begin() as connection:
        return list((await connection.execute(text("SELECT state FROM parked ORDER BY seq"))).scalars())


async def publish(database: Database, events: Sequence[Event]) -> None:
    async with database.begin() as connection:
        await outbox.emit(connection, events)


async def drained(database: Database) -> bool:
    """Whether everything has been published."""
    async with database.begin() as connection:
        return not (await connection.execute(text("SELECT 1 FROM outbox LIMIT 1"))).all()


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition; the bound is generous because only its absence is a failure."""
    for _ in range(1800):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never happened: {what}")


async def waits_for_lock(database: Database, call: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Begin a call and return it once it waits for another transaction."""
    task = asyncio.create_task(call)

    async def blocked() -> bool:
        assert not task.done()
        async with database.begin() as connection:
            found = text(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock')"
            )
            return bool((await connection.execute(found)).scalar_one())

    await until(blocked, "it waits for a lock")
    return task


@asynccontextmanager
async def running(*parts: Callable[[], Awaitable[None]]) -> AsyncIterator[list[asyncio.Future[None]]]:
    tasks: list[asyncio.Future[None]] = [asyncio.ensure_future(part()) for part in parts]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Transport:
    """One service's transport: its database, its relay, its consumer and its replayer."""

    def __init__(self, database: Database, kafka: str, prefix: str) -> None:
        self.database = database
        self.kafka = kafka
        self.prefix = prefix

    async def prepare(self) -> None:
        await self._make_topic()
        await self.make_table()

    async def _make_topic(self) -> None:
        few = Topic(name=INVOICE_VALIDATED.name, partitions=3)
        await provision.create_topics(self.kafka, [few], self.prefix)

    async def replace_topic(self) -> None:
        """Delete the topic and make it anew, as an operator might."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            name = self.prefix + INVOICE_VALIDATED.name
            await admin.delete_topics([name])

            async def gone() -> bool:
                return name not in await admin.list_topics()

            await until(gone, "the topic is deleted")
        finally:
            await admin.close()
        await self._make_topic()

    async def make_table(self) -> None:
        async with self.database.begin() as connection:
            await connection.execute(
                text("CREATE TABLE handled (seq bigserial PRIMARY KEY, event_id uuid UNIQUE, key text)")
            )

    def relay(self) -> Relay:
        return Relay(self.database, self.kafka, self.prefix)

    def consumer(self, handler: Recorder, member: str = "0", pauses: Pauses | None = None) -> Consumer:
        return Consumer(handler, self.database, self.kafka, self.prefix, member, lambda: None, pauses)

    def replayer(self, handler: Recorder) -> Replayer:
        return Replayer(handler, self.database, lambda: None)
