"""A delivery ends once, whatever breaks: by result, by proof that nothing was sent, or as a question."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from hub.db import DELIVERY_MIGRATIONS, Database
from hub.delivery.budget import Budget
from hub.delivery.ports import Attempt, Fenced, NotSent, Unknown
from hub.delivery.store import DeliveryStore
from hub.delivery.worker import Worker
from hub.errors import Problem, Refused, TryLater, Unavailable
from hub.ids import uuid7
from hub.pipeline import BlobRef, DeliveryOrdered, InboxDestination, Receipt
from tests.conftest import DatabaseOf
from tests.hub.transport import PARTIES, running, until

QUICK = Budget(
    deadline=timedelta(seconds=5),
    lease=timedelta(seconds=6),
    first_retry=timedelta(milliseconds=20),
    first_question=timedelta(milliseconds=20),
)
PROBLEM = Problem(code="x", nb="Feil", en="Wrong")
RECEIPT = Receipt(received_at=datetime(2026, 11, 22, tzinfo=UTC), confirmed_by="the recipient")
Step = Callable[[DeliveryOrdered, Attempt], Coroutine[Any, Any, Receipt]]
Answer = Receipt | NotSent | Unknown | Exception


def order(destination: str = "a") -> DeliveryOrdered:
    now = datetime.now(UTC)
    return DeliveryOrdered.caused(
        uuid7(now),
        uuid4(),
        now,
        parties=PARTIES,
        leg=1,
        product="invoice.inbox",
        document=BlobRef(key="x/x", sha256="x", size=1),
        where=InboxDestination(company=destination),
    )


@dataclass
class Scripted:
    """A channel that does as it is told and counts what the outside saw."""

    steps: list[Step] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    by_destination: dict[str, Step] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    questions: int = 0

    def destination_of(self, order: DeliveryOrdered) -> str:
        assert isinstance(order.where, InboxDestination)
        return order.where.company

    async def deliver(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt:
        step = self.by_destination.get(self.destination_of(order))
        if step is None:
            step = self.steps.pop(0) if self.steps else self.sends
        return await step(order, attempt)

    async def find_out(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt | NotSent | Unknown:
        del order, attempt
        self.questions += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sends(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt:
        await attempt.committing()
        self.effects.append(str(order.transaction_id))
        return RECEIPT

    async def breaks_while_committing(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt:
        await self.sends(order, attempt)
        raise ConnectionResetError

    @staticmethod
    def fails(error: Exception) -> Step:
        async def step(_order: DeliveryOrdered, _attempt: Attempt) -> Receipt:
            raise error

        return step


@dataclass
class Bench:
    database: Database
    channel: Scripted

    @property
    def store(self) -> DeliveryStore:
        return DeliveryStore(self.database)

    def worker(self, owner: str = "sender-0", budget: Budget = QUICK) -> Worker:
        return Worker(self.channel, self.store, budget, owner, lambda: None)

    async def insert(self, *orders: DeliveryOrdered) -> None:
        async with self.database.begin() as connection:
            await self.store.insert(connection, [(one, self.channel.destination_of(one)) for one in orders])

    async def rows(self, statement: str) -> list[Any]:
        async with self.database.begin() as connection:
            return list((await connection.execute(text(statement))).scalars())

    async def pairs(self, statement: str) -> list[tuple[Any, Any]]:
        async with self.database.begin() as connection:
            return [(row[0], row[1]) for row in await connection.execute(text(statement))]

    async def reported(self) -> list[str]:
        return await self.rows("SELECT headers->>'ce_type' FROM outbox ORDER BY seq")

    async def results(self) -> list[str | None]:
        return await self.rows("SELECT result FROM delivery ORDER BY transaction_id")

    @asynccontextmanager
    async def until_ended(self, *, ended: int = 1) -> AsyncIterator[None]:
        async def all_ended() -> bool:
            return len([result for result in await self.results() if result]) >= ended

        async with running(self.worker().run):
            await until(all_ended, f"{ended} deliveries ended")
            yield


@pytest.fixture
async def bench(database_of: DatabaseOf) -> Bench:
    return Bench(await database_of("sender", [DELIVERY_MIGRATIONS]), Scripted())


async def test_an_order_is_delivered_once_and_reported_once(bench: Bench) -> None:
    one = order()
    await bench.insert(one)
    await bench.insert(one)
    async with bench.until_ended():
        pass
    assert bench.channel.effects == [str(one.transaction_id)]
    assert await bench.reported() == ["hub.delivery.delivered.v1"]


async def test_what_fails_before_the_effect_is_tried_again_and_told(bench: Bench) -> None:
    bench.channel.steps = [
        bench.channel.fails(Unavailable("down", problem=PROBLEM)),
        bench.channel.fails(TryLater("the folder is missing", problem=PROBLEM)),
        bench.channel.fails(ZeroDivisionError("a bug of ours")),
    ]
    await bench.insert(order())
    async with bench.until_ended():
        pass
    assert await bench.reported() == ["hub.delivery.retrying.v1"] * 3 + ["hub.delivery.delivered.v1"]
    assert await bench.rows("SELECT outcome FROM attempt ORDER BY number") == ["not_sent"] * 3 + ["delivered"]


async def test_a_refusal_before_the_effect_is_final_with_proof_that_nothing_was_sent(bench: Bench) -> None:
    bench.channel.steps = [bench.channel.fails(Refused(PROBLEM))]
    await bench.insert(order())
    async with bench.until_ended():
        pass
    assert await bench.results() == ["failed"]
    assert '"nothing_sent":true' in (await bench.rows("SELECT convert_from(body, 'UTF8') FROM outbox"))[0]


async def test_a_break_while_committing_is_settled_by_asking(bench: Bench) -> None:
    bench.channel.steps = [bench.channel.breaks_while_committing]
    bench.channel.answers = [RECEIPT]
    await bench.insert(order())
    async with bench.until_ended():
        pass
    assert len(bench.channel.effects) == 1
    assert await bench.reported() == ["hub.delivery.delivered.v1"]


async def test_what_provably_was_not_sent_is_sent_again(bench: Bench) -> None:
    bench.channel.steps = [bench.channel.breaks_while_committing]
    bench.channel.answers = [NotSent()]
    await bench.insert(order())
    async with bench.until_ended():
        pass
    assert await bench.reported() == ["hub.delivery.retrying.v1", "hub.delivery.delivered.v1"]


async def test_the_unknown_is_never_repeated_but_asked_again_and_told_once(bench: Bench) -> None:
    bench.channel.steps = [bench.channel.breaks_while_committing]
    bench.channel.answers = [Unknown(PROBLEM), ConnectionError("down"), Unknown(PROBLEM), RECEIPT]
    await bench.insert(order())
    async with bench.until_ended():
        pass
    assert len(bench.channel.effects) == 1
    assert bench.channel.questions == 4
    assert await bench.reported() == ["hub.delivery.in-doubt.v1", "hub.delivery.delivered.v1"]


async def test_a_failure_found_out_afterwards_proves_nothing_about_what_was_sent(bench: Bench) -> None:
    bench.channel.steps = [bench.channel.breaks_while_committing]
    bench.channel.answers = [Refused(PROBLEM)]
    await bench.insert(order())
    async with bench.until_ended():
        pass
    assert '"nothing_sent":false' in (await bench.rows("SELECT convert_from(body, 'UTF8') FROM outbox"))[0]


async def test_a_worker_that_lost_its_lease_does_nothing_more(bench: Bench) -> None:
    await bench.insert(order())
    claim = {"owner": "x", "most": 1, "each": 1, "running": {}, "blocked": [], "lease": timedelta(seconds=-1)}
    (zombie,) = await bench.store.leases.claim(**claim)  # type: ignore[arg-type]
    await bench.store.prepare(zombie, 1)
    (successor,) = await bench.store.leases.claim(**{**claim, "lease": timedelta(minutes=1)})  # type: ignore[arg-type]
    assert successor.open_state == "prepared"
    for late in (
        bench.store.committing(zombie, 1),
        bench.store.end(zombie, 1, "delivered", None, []),
        bench.store.again(zombie, 1, datetime.now(UTC), PROBLEM, []),
    ):
        with pytest.raises(Fenced):
            await late


async def test_a_successor_takes_over_at_once_what_a_dead_worker_left(bench: Bench) -> None:
    begun, untouched = order(), order()
    bench.channel.answers = [RECEIPT]
    await bench.insert(begun, untouched)
    claims = await bench.store.leases.claim(
        owner="sender-0", most=9, each=9, running={}, blocked=[], lease=timedelta(minutes=10)
    )
    for claimed in claims:
        await bench.store.prepare(claimed, 1)
    await bench.store.committing(next(claimed for claimed in claims if claimed.order.id == begun.id), 1)
    async with bench.until_ended(ended=2):
        pass
    assert bench.channel.effects == [str(untouched.transaction_id)]
    assert bench.channel.questions == 1


async def test_an_orderly_stop_lets_what_is_under_way_come_to_its_end(bench: Bench) -> None:
    under_way = asyncio.Event()

    async def slow(one: DeliveryOrdered, attempt: Attempt) -> Receipt:
        await attempt.committing()
        under_way.set()
        await asyncio.sleep(0.3)
        bench.channel.effects.append(str(one.transaction_id))
        return RECEIPT

    bench.channel.steps = [slow]
    await bench.insert(order())
    async with running(bench.worker().run):
        await under_way.wait()
    assert await bench.results() == ["delivered"]


@pytest.mark.parametrize("carried_out", [True, False], ids=["committed", "never arrived"])
async def test_a_receipt_whose_commit_was_cut_is_written_again_without_waiting_for_the_lease(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, carried_out: bool
) -> None:
    ends = DeliveryStore.end
    cuts = iter([True])

    async def end(self: DeliveryStore, *given: Any) -> None:
        cut = next(cuts, False)
        if carried_out or not cut:
            await ends(self, *given)
        if cut:
            raise Unavailable("database: the connection was closed")

    monkeypatch.setattr(DeliveryStore, "end", end)
    patient = replace(QUICK, lease=timedelta(hours=1))
    await bench.insert(order())

    async def over() -> bool:
        return await bench.results() == ["delivered"] and await bench.rows("SELECT state FROM attempt") == ["done"]

    async with running(bench.worker(budget=patient).run):
        await until(over, "the result is written")
    assert bench.channel.questions == 0
    assert await bench.reported() == ["hub.delivery.delivered.v1"]


async def test_a_claim_that_the_database_cut_short_is_given_back_without_waiting_for_the_lease(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepares = DeliveryStore.prepare
    cuts = iter([True])

    async def prepare(self: DeliveryStore, *given: Any) -> datetime:
        started = await prepares(self, *given)
        if next(cuts, False):
            raise Unavailable("database: the connection was closed")
        return started

    monkeypatch.setattr(DeliveryStore, "prepare", prepare)
    await bench.insert(order())

    async def over() -> bool:
        return await bench.results() == ["delivered"]

    async with running(bench.worker(budget=replace(QUICK, lease=timedelta(hours=1))).run):
        await until(over, "it is delivered")
    assert await bench.rows("SELECT outcome FROM attempt ORDER BY number") == ["not_sent", "delivered"]


async def test_a_second_worker_of_the_same_name_does_not_take_what_the_first_one_holds(bench: Bench) -> None:
    lock = await bench.store.leases.owner_lock("sender-0")
    assert lock is not None
    assert await bench.store.leases.owner_lock("sender-0") is None
    await lock.close()


async def test_a_dead_destination_holds_up_nobody_else(bench: Bench) -> None:
    bench.channel.by_destination["dead"] = bench.channel.fails(Unavailable("down", problem=PROBLEM))
    await bench.insert(*[order("dead") for _ in range(40)], *[order(str(number % 9)) for number in range(40)])
    async with bench.until_ended(ended=40):
        pass
    assert len(bench.channel.effects) == 40
