"""A batch of messages through a handler: computed concurrently, then written whole, or not at all.

Results, inbox rows, outbox rows and positions are committed together.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from aiokafka.structs import ConsumerRecord
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import failpoints, metrics, outbox, parking, positions
from hub.db import Database, is_transient
from hub.errors import TryLater, Unavailable
from hub.failpoints import Point
from hub.messages import MalformedMessageError, Message, decode, event_id, text_headers
from hub.pipeline import Event, Topic
from hub.positions import Move

PATIENCE = timedelta(seconds=10)  # without any message of the batch done, though some are
_HELD_UP = TryLater("it takes longer than its batch can wait; it is handled by itself")


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
        event = decode(message)  # first, as a replay does: what fails there has the same cause here
        return Item(event_id(message.headers), message, event, None)
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

    async def run(self, items: Sequence[Item], moves: Sequence[Move], prepared: "Prepared | None" = None) -> None:
        """Handle the items and move the positions; raises Unavailable or PositionMovedError with nothing done."""
        await self._commit(prepared or await self.prepare(items), moves)

    async def prepare(self, items: Sequence[Item]) -> "Prepared":
        """Do all that needs no transaction of its own, so that the batch before may still be committing.

        Raises Unavailable.
        """
        async with self._database.begin() as connection:
            repeated = await positions.seen(connection, self._handler.name, [item.id for item in items])
            fresh = {item.id: item for item in items if item.id not in repeated}
            blocked = await self._blocked(connection, fresh.values())
        computed = await self._compute([item for item in fresh.values() if item.message.key not in blocked])
        metrics.REPEATED.labels(self._handler.name).inc(len(items) - len(fresh))
        return Prepared(list(fresh.values()), computed, blocked)

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

        results = await _all([asyncio.create_task(one(item)) for item in items])
        for result in results:
            if isinstance(result, Unavailable) or (isinstance(result, BaseException) and is_transient(result)):
                raise Unavailable(str(result)) from result
        return dict(zip((item.id for item in items), results, strict=True))

    async def _commit(self, prepared: "Prepared", moves: Sequence[Move]) -> None:
        name, fresh, computed = self._handler.name, prepared.fresh, prepared.computed
        async with self._database.begin() as connection:
            blocked = await self._still_blocked(connection, prepared)
            new = await positions.mark(connection, name, [item.id for item in fresh])
            ready, parked = _divide([item for item in fresh if item.id in new], computed, blocked)
            if ready:
                events = await self._handler.write(connection, ready)
                await outbox.emit(connection, events)
            if parked:
                await parking.park(connection, name, parked)
                failpoints.reach(Point.PARKING_BEFORE_COMMIT)
            failpoints.reach(Point.CONSUMER_BEFORE_POSITION)
            await positions.save(connection, name, moves)
            failpoints.reach(Point.CONSUMER_BEFORE_COMMIT)
        failpoints.reach(Point.CONSUMER_AFTER_COMMIT)
        for event, _ in ready:
            metrics.CONSUMED.labels(name, event.type).inc()

    async def _still_blocked(self, connection: AsyncConnection, prepared: "Prepared") -> set[str]:
        """Lock the keys behind which messages must wait now; the batch before may have parked some meanwhile."""
        blocked = await self._blocked(connection, prepared.fresh)
        if blocked:
            await parking.lock(connection, self._handler.name, blocked)
            blocked = await parking.blocked_keys(connection, self._handler.name, blocked)
        if not prepared.blocked <= blocked:
            raise Unavailable("a parked key was freed meanwhile: this batch is computed anew")
        return blocked


class Prepared(NamedTuple):
    """A batch as far as it goes without a transaction: what was not handled before, and what came of it."""

    fresh: Sequence[Item]
    computed: Mapping[UUID, Any]
    blocked: set[str]


async def _all(tasks: Sequence[asyncio.Task[Any]]) -> list[Any]:
    """Return each task's result or exception. Who holds up the others, once those are done, goes on by itself."""
    pending = set(tasks)
    try:
        while pending:
            before = len(pending)
            _, pending = await asyncio.wait(pending, timeout=PATIENCE.total_seconds())
            if len(pending) == before < len(tasks):
                break
    finally:
        for task in pending:
            task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return [_HELD_UP if isinstance(outcome, asyncio.CancelledError) else outcome for outcome in outcomes]


def _divide(
    items: Sequence[Item], computed: Mapping[UUID, Any], blocked: set[str]
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
