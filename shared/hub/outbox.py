"""The outbox: events written in the transaction that caused them, published by one relay per service.

The relay publishes pending rows in `seq` order and deletes them after the broker's ack, on the connection that holds
the session lock. (A cursor `seq > last` would lose rows that commit late.) At the first row that fails it closes its
producer and starts again from the lowest seq; consumers drop what they saw twice.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import structlog
from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import failpoints, kafka, metrics
from hub.db import Database, in_words, milliseconds
from hub.errors import Unavailable
from hub.failpoints import Point
from hub.health import Part
from hub.ids import utc_now
from hub.messages import encode
from hub.pipeline import Event
from hub.tasks import woken

POLL_SECONDS = 0.2
DOWN_SECONDS = 1.0
BATCH = 500
_LOCK = 0x4855424F

_INSERT = text("""
    INSERT INTO outbox (event_id, topic, key, headers, body, created_at)
    SELECT r.event_id, r.topic, r.key, r.headers::jsonb, r.body, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:headers AS text[]),
                CAST(:bodies AS bytea[])) WITH ORDINALITY AS r(event_id, topic, key, headers, body, place)
    ORDER BY r.place
""")
_PENDING = text("SELECT seq, topic, key, headers, body FROM outbox ORDER BY seq LIMIT :most")
_DELETE = text("DELETE FROM outbox WHERE seq = ANY(CAST(:seqs AS bigint[]))")

log = structlog.get_logger(__name__)


async def emit(connection: AsyncConnection, events: Sequence[Event]) -> None:
    """Write the events in the caller's transaction, after the rows of their keys were locked in key order."""
    if not events:
        return
    service = connection.sync_connection.get_execution_options()["hub_service"]  # type: ignore[union-attr]
    messages = [encode(event, f"/sentral/{service}") for event in events]
    await connection.execute(
        _INSERT,
        {
            "ids": [event.id for event in events],
            "topics": [message.topic for message in messages],
            "keys": [message.key for message in messages],
            "headers": [orjson.dumps(message.headers).decode() for message in messages],
            "bodies": [message.body for message in messages],
            "now": utc_now(),
        },
    )


class Relay:
    """Publishes one service's outbox; of several processes, the one that holds the session lock."""

    def __init__(self, database: Database, bootstrap: str, topic_prefix: str) -> None:
        self._database = database
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._woken = asyncio.Event()
        self.part = Part("outbox relay")

    def wake(self) -> None:
        """Tell that a commit may have left rows; saves the rest of the poll."""
        self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled; outlives every outage of the database and the broker."""
        while True:
            try:
                await self._lead()
            except (Unavailable, SQLAlchemyError, OSError) as error:
                self.part.lacks(f"{in_words(error)}; it starts again")
                metrics.RELAY_RESTARTS.inc()
                await asyncio.sleep(DOWN_SECONDS)

    async def _lead(self) -> None:
        async with self._database.engine.connect() as plain:
            try:
                await self._relay(await plain.execution_options(isolation_level="AUTOCOMMIT"))
            finally:
                await plain.invalidate()  # wherever it ended: the pool must not keep a connection that has the lock

    async def _relay(self, connection: AsyncConnection) -> None:
        await self._refuse_pooler(connection)
        if not await self._lock(connection):
            return
        producer = await kafka.start_producer(self._bootstrap)
        self.part.works()
        try:
            while True:
                self._woken.clear()
                if not await self._publish(connection, producer):
                    await woken(self._woken, POLL_SECONDS)
        finally:
            await kafka.stop_producer(producer)

    async def _lock(self, connection: AsyncConnection) -> bool:
        """Wait until this process is the one that publishes; False when the wait was too long for one statement.

        A process that stands still while it holds the lock would keep every other from publishing: its session ends.
        """
        limit = {"limit": milliseconds(self._database.standstill)}
        await connection.execute(text("SELECT set_config('idle_session_timeout', :limit, false)"), limit)
        names = {"lock": _LOCK, "schema": self._database.schema}
        taken = await connection.execute(text("SELECT pg_try_advisory_lock(:lock, hashtext(:schema))"), names)
        if taken.scalar_one():
            return True
        self.part.works()  # another process publishes: nothing is missing here
        try:
            await connection.execute(text("SELECT pg_advisory_lock(:lock, hashtext(:schema))"), names)
        except TimeoutError:
            return False
        return True

    @staticmethod
    async def _refuse_pooler(connection: AsyncConnection) -> None:
        """Fail behind a transaction pooler, where a session lock protects nothing."""
        pids = {(await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one() for _ in range(3)}
        if len(pids) != 1:
            raise RuntimeError("HUB_DATABASE_URL leads through a transaction pooler; give a session or direct address")

    async def _publish(self, connection: AsyncConnection, producer: AIOKafkaProducer) -> int:
        """Publish one batch and delete what was acked; raises Unavailable at the first row that failed."""
        rows = (await connection.execute(_PENDING, {"most": BATCH})).all()
        if not rows:
            return 0
        failpoints.reach(Point.RELAY_BEFORE_PUBLISH)
        sent: list[tuple[int, asyncio.Future[object]]] = []
        acked: list[int] = []
        try:
            # One limit for the whole batch: a limit for each wait would cost a task and a timer for every event.
            async with kafka.limited(kafka.SEND_SECONDS, "send"):
                for row in rows:
                    sent.append((row.seq, await self._send(producer, row)))  # noqa: PERF401 - kept where one fails
                failpoints.reach(Point.RELAY_BEFORE_ACK)
                for seq, future in sent:
                    await future
                    acked.append(seq)
            failpoints.reach(Point.RELAY_BEFORE_DELETE)
        finally:
            for _, future in sent[len(acked) :]:  # nobody awaits them: their outcome is read from the table again
                future.add_done_callback(lambda done: done.cancelled() or done.exception())
            if acked:
                await connection.execute(_DELETE, {"seqs": acked})
        failpoints.reach(Point.RELAY_AFTER_DELETE)
        metrics.PUBLISHED.inc(len(acked))
        return len(acked)

    async def _send(self, producer: AIOKafkaProducer, row: Any) -> asyncio.Future[object]:
        """Hand a row to the producer; the future that comes back is its ack."""
        headers = [(name, value.encode()) for name, value in row.headers.items()]
        future: asyncio.Future[object] = await producer.send(
            self._prefix + row.topic, value=row.body, key=row.key.encode(), headers=headers
        )
        return future
