"""A delivery that is to be stopped ends once, wherever its worker is: stopped unseen, or as if nobody had asked."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub import outbox
from hub.db import DELIVERY_MIGRATIONS
from hub.delivery.cancelling import cancel
from hub.delivery.handler import SenderHandler
from hub.delivery.leases import Claimed
from hub.delivery.ports import Attempt, Fenced, NotSent, Unknown
from hub.delivery.reports import Reports
from hub.errors import TryLater, Unavailable
from hub.messages import decode, encode
from hub.parties import Channel, Initiator
from hub.pipeline import Cancelled, DeliveryCancelRequested, DeliveryOrdered, Event, Receipt
from tests.conftest import DatabaseOf
from tests.hub.test_delivery import PROBLEM, QUICK, RECEIPT, Bench, Scripted, order
from tests.hub.transport import running, until, waits_for_lock

IMPATIENT = replace(QUICK, last_retry=timedelta(milliseconds=40), last_question=timedelta(milliseconds=40))
OFFICE = Initiator(kind="office", organisation_number="310001007")
CANCELLED, DELIVERED = Cancelled.type, "hub.delivery.delivered.v1"


@pytest.fixture
async def bench(database_of: DatabaseOf) -> Bench:
    return Bench(await database_of("sender", [DELIVERY_MIGRATIONS]), Scripted())


def request(one: DeliveryOrdered, cause: str = "asked") -> DeliveryCancelRequested:
    made = DeliveryCancelRequested.caused(
        one.transaction_id,
        cause,
        one.time,
        str(one.leg),
        parties=one.parties,
        leg=one.leg,
        channel=one.where.channel,
        requested_by=OFFICE,
    )
    assert decode(encode(made, "/sentral/router")) == made
    assert encode(made, "/sentral/router").topic == one.destination.name
    return made


async def handle(bench: Bench, *events: Event) -> Sequence[Event]:
    """Handle a batch as the consumer does."""
    handler = SenderHandler("sender", Channel.INBOX, bench.channel)
    async with bench.database.begin() as connection:
        caused = await handler.write(connection, [(event, await handler.compute(event)) for event in events])
        await outbox.emit(connection, caused)
    return caused


async def claimed(bench: Bench, lease: timedelta = timedelta(minutes=1)) -> Claimed:
    (one,) = await bench.store.leases.claim(owner="other", most=1, each=1, running={}, blocked=[], lease=lease)
    return one


async def prepared(bench: Bench) -> Claimed:
    one = await claimed(bench)
    await bench.store.prepare(one, 1)
    return one


async def end(bench: Bench, one: Claimed, number: int = 1) -> None:
    await bench.store.end(one, number, "delivered", None, [Reports(one.order, number).delivered(RECEIPT)])


async def test_a_delivery_that_nobody_has_begun_is_stopped_and_told_once(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    (told,) = await handle(bench, request(one), request(one, "asked twice"))
    assert isinstance(told, Cancelled)
    assert (told.leg, told.attempt, told.parties, told.requested_by) == (1, 0, one.parties, OFFICE)
    assert await handle(bench, request(one, "asked again")) == []
    assert await bench.store.leases.claim(owner="x", most=9, each=9, running={}, blocked=[], lease=timedelta(1)) == []
    assert await bench.results() == ["cancelled"]


async def test_an_order_and_its_cancellation_in_one_batch_deliver_nothing(bench: Bench) -> None:
    one, other = order(), order()
    (only,) = await handle(bench, one, request(one), other)
    assert isinstance(only, Cancelled)
    async with bench.until_ended(ended=2):
        pass
    assert bench.channel.effects == [str(other.transaction_id)]


async def test_a_cancellation_of_what_was_never_ordered_is_ignored(bench: Bench) -> None:
    assert await handle(bench, request(order())) == []
    assert await bench.results() == []


async def test_a_worker_that_only_claimed_is_fenced_where_it_would_prepare(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    worker = await claimed(bench)
    assert len(await handle(bench, request(one))) == 1
    with pytest.raises(Fenced):
        await bench.store.prepare(worker, 1)
    assert await bench.rows("SELECT state FROM attempt") == []


async def test_a_worker_that_prepared_is_fenced_at_committing_and_wherever_else_it_would_go(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    worker = await prepared(bench)
    (told,) = await handle(bench, request(one))
    assert isinstance(told, Cancelled)
    assert told.attempt == 1
    for late in (
        bench.store.committing(worker, 1),
        bench.store.not_sent(worker, 1),
        bench.store.again(worker, 1, datetime.now(UTC), PROBLEM, []),
        end(bench, worker),
    ):
        with pytest.raises(Fenced):
            await late
    assert await bench.rows("SELECT outcome FROM attempt") == ["cancelled"]
    assert await bench.reported() == [CANCELLED]


async def test_after_committing_a_cancellation_is_ignored_and_the_delivery_ends_as_it_does(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    worker = await prepared(bench)
    await bench.store.committing(worker, 1)
    assert await handle(bench, request(one)) == []
    await end(bench, worker)
    assert await bench.reported() == [DELIVERED]
    assert await bench.results() == ["delivered"]


async def test_after_the_result_a_cancellation_is_ignored(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    async with bench.until_ended():
        pass
    assert await handle(bench, request(one)) == []
    assert await bench.reported() == [DELIVERED]


async def test_what_is_in_doubt_is_not_stopped_until_it_was_proved_unsent(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    worker = await prepared(bench)
    await bench.store.committing(worker, 1)
    await bench.store.doubt(worker, datetime.now(UTC), [])
    assert await handle(bench, request(one)) == []
    asking = await claimed(bench)
    assert asking.open_state == "committing"
    await bench.store.not_sent(asking, 1)
    (told,) = await handle(bench, request(one, "asked again"))
    assert isinstance(told, Cancelled)
    with pytest.raises(Fenced):
        await bench.store.prepare(asking, 2)


async def test_a_delivery_that_waits_for_its_next_attempt_is_stopped(bench: Bench) -> None:
    bench.channel.steps = [bench.channel.fails(Unavailable("down", problem=PROBLEM))]
    one = order()
    await handle(bench, one)
    worker = await prepared(bench)
    await bench.store.again(worker, 1, datetime.now(UTC) + timedelta(hours=1), PROBLEM, [])
    (told,) = await handle(bench, request(one))
    assert isinstance(told, Cancelled)
    assert told.attempt == 1
    assert bench.channel.effects == []


async def test_a_worker_that_was_fenced_by_a_cancellation_has_its_channel_clear_away_what_it_left(bench: Bench) -> None:
    one, uploaded, go_on = order(), asyncio.Event(), asyncio.Event()

    async def uploads(_order: DeliveryOrdered, attempt: Attempt) -> Receipt:
        uploaded.set()
        await go_on.wait()
        await attempt.committing()
        raise AssertionError

    async def cleared() -> bool:
        return bench.channel.questions == 1

    bench.channel.steps, bench.channel.answers = [uploads], [NotSent()]
    await handle(bench, one)
    async with running(bench.worker().run):
        await uploaded.wait()
        assert len(await handle(bench, request(one))) == 1
        go_on.set()
        await until(cleared, "the channel was asked")
    assert await bench.reported() == [CANCELLED]
    assert await bench.results() == ["cancelled"]


async def test_a_recipient_that_has_had_it_since_before_beats_the_cancellation(bench: Bench) -> None:
    one = order()

    async def finds_it_there(_order: DeliveryOrdered, _attempt: Attempt) -> Receipt:
        assert len(await handle(bench, request(one))) == 1
        return RECEIPT

    bench.channel.steps = [finds_it_there]
    await handle(bench, one)

    async def told() -> bool:
        return await bench.reported() == [CANCELLED, DELIVERED]

    async with running(bench.worker().run):
        await until(told, "both were told")
    assert await bench.results() == ["delivered"]
    assert await bench.rows("SELECT outcome FROM attempt") == ["delivered"]


@asynccontextmanager
async def held(bench: Bench, *statements: str) -> AsyncIterator[None]:
    """Hold what the statements do uncommitted; commit on leaving."""
    async with bench.database.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
        yield


async def test_a_cancellation_that_waits_for_a_worker_at_committing_comes_too_late(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    worker = await prepared(bench)
    async with held(bench, "UPDATE delivery SET fence = fence", "UPDATE attempt SET state = 'committing'"):
        late = await waits_for_lock(bench.database, handle(bench, request(one)))
    assert await late == []
    await end(bench, worker)
    assert await bench.reported() == [DELIVERED]


async def test_a_cancellation_that_waits_for_a_result_comes_too_late(bench: Bench) -> None:
    one = order()
    await handle(bench, one)
    async with held(bench, "UPDATE delivery SET result = 'failed', result_at = now()"):
        late = await waits_for_lock(bench.database, handle(bench, request(one)))
    assert await late == []
    assert await bench.results() == ["failed"]


@pytest.mark.parametrize("step", ["prepare", "committing", "end"])
async def test_a_worker_that_waits_for_a_cancellation_is_fenced(bench: Bench, step: str) -> None:
    one = order()
    await handle(bench, one)
    worker = await claimed(bench)
    steps: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "prepare": lambda: bench.store.prepare(worker, 1),
        "committing": lambda: bench.store.committing(worker, 1),
        "end": lambda: end(bench, worker),
    }
    if step != "prepare":
        await bench.store.prepare(worker, 1)
    async with bench.database.begin() as connection:
        assert len(await cancel(connection, [request(one)])) == 1
        late = await waits_for_lock(bench.database, steps[step]())
    with pytest.raises(Fenced):
        await late
    assert await bench.results() == ["cancelled"]


async def test_whatever_the_race_each_delivery_ends_once_and_only_the_unseen_are_cancelled(bench: Bench) -> None:
    chance = random.Random(7)

    async def slow(one: DeliveryOrdered, attempt: Attempt) -> Receipt:
        await asyncio.sleep(chance.random() / 50)
        if chance.random() < 0.2:
            raise TryLater("not now", problem=PROBLEM)
        await attempt.committing()
        if chance.random() < 0.2:
            raise ConnectionResetError
        bench.channel.effects.append(str(one.transaction_id))
        await asyncio.sleep(chance.random() / 50)
        return RECEIPT

    bench.channel.by_destination = {str(number): slow for number in range(8)}
    bench.channel.answers = [Unknown(PROBLEM) if number % 3 else NotSent() for number in range(1000)]
    orders = [order(str(number % 8)) for number in range(120)]
    wanted, unwanted, *disputed = orders
    await handle(bench, *orders, request(unwanted))

    async def ask(one: DeliveryOrdered) -> None:
        await asyncio.sleep(chance.random() * 1.5)
        await handle(bench, request(one))

    async def ended() -> bool:
        return all(await bench.results())

    async with running(bench.worker("one", IMPATIENT).run, bench.worker("two", IMPATIENT).run):
        await asyncio.gather(*(ask(one) for one in disputed))
        await until(ended, "all ended")
    results = dict(await bench.pairs("SELECT transaction_id::text, result FROM delivery"))
    told = await bench.pairs(
        f"SELECT key, headers->>'ce_type' FROM outbox WHERE headers->>'ce_type' IN ('{CANCELLED}', '{DELIVERED}')"
    )
    assert sorted(told) == sorted((one, f"hub.delivery.{result}.v1") for one, result in results.items())
    assert Counter(bench.channel.effects) == Counter(one for one, result in results.items() if result == "delivered")
    assert (results[str(wanted.transaction_id)], results[str(unwanted.transaction_id)]) == ("delivered", "cancelled")
