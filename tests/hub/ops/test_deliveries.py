"""Deliveries in doubt are settled either way, on the record; a late real result beats the settlement, visibly."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.db import DELIVERY_MIGRATIONS
from hub.delivery.ports import Attempt, Failed, NotSent, Unknown
from hub.errors import Unavailable
from hub.instances import Instance
from hub.ops.desk import Desk, WatchedSender
from hub.pipeline import DeliveryOrdered, Receipt
from hub.queues import DELIVERIES, TRANSPORT
from tests.conftest import DatabaseOf
from tests.hub.ops.office import VIEWER, Office, office
from tests.hub.test_delivery import PROBLEM, QUICK, RECEIPT, Bench, Scripted, order
from tests.hub.transport import running, until


class Asked(Scripted):
    """A channel whose `find_out` gives what it is told now, and Unknown until then; a gate can hold a question."""

    truth: Receipt | NotSent | Failed | Unknown = Unknown(PROBLEM)
    gate: asyncio.Event | None = None

    async def find_out(self, order: DeliveryOrdered, attempt: Attempt) -> Any:
        del order, attempt
        self.questions += 1
        if self.gate is not None:
            await self.gate.wait()
        return self.truth


async def called(destinations: Sequence[str]) -> Mapping[str, str]:
    return {name: f"The company {name}" for name in destinations}


@dataclass
class Sender:
    bench: Bench
    channel: Asked
    at: Office

    async def doubted(self) -> tuple[DeliveryOrdered, str]:
        """Bring a delivery in doubt; return its order and its path."""
        one = order()
        self.channel.steps = [self.channel.breaks_while_committing]
        await self.bench.insert(one)
        path = f"/deliveries/{one.transaction_id}/1"

        async def in_doubt() -> bool:
            return bool((await self.at.get(path))["state"] == "in_doubt")

        async with self.working():
            await until(in_doubt, "the delivery is in doubt")
        return one, path

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        async with running(self.bench.worker().run):
            yield

    async def until(self, path: str, name: str, value: Any) -> dict[str, Any]:
        async def so() -> bool:
            return bool((await self.at.get(path))[name] == value)

        await until(so, f"{name} is {value}")
        return await self.at.get(path)

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The terminal events that were told."""
        async with self.bench.database.begin() as connection:
            rows = await connection.execute(text("SELECT headers->>'ce_type' AS type, body FROM outbox ORDER BY seq"))
            told = [(row.type.split(".")[2], json.loads(row.body)) for row in rows]
        return [(kind, body) for kind, body in told if kind in ("delivered", "failed", "returned")]

    async def event_ids(self) -> list[str]:
        return await self.bench.rows("SELECT event_id::text FROM outbox WHERE headers->>'ce_type' LIKE '%delivered%'")


@pytest.fixture
async def sender(database_of: DatabaseOf) -> AsyncIterator[Sender]:
    database = await database_of("sender", [DELIVERY_MIGRATIONS])
    channel = Asked()
    async with office(
        Desk("sender", database, sender=WatchedSender("inbox", called), queues=[TRANSPORT, DELIVERIES])
    ) as at:
        yield Sender(Bench(database, channel), channel, at)


async def test_a_delivery_in_doubt_is_listed_and_shown_with_its_attempts(sender: Sender) -> None:
    one, path = await sender.doubted()
    (listed,) = (await sender.at.get("/deliveries?state=in_doubt"))["deliveries"]
    assert (listed["transaction_id"], listed["number"]) == (str(one.transaction_id), "1")
    shown = await sender.at.get(path)
    assert [(attempt["number"], attempt["state"]) for attempt in shown["tried"]] == [(1, "committing")]
    queues = {queue["queue"]: queue for queue in (await sender.at.get("/queues"))["queues"]}
    assert queues["deliveries in doubt"]["depth"] == 1
    assert queues["deliveries in doubt"]["worst"] == {"destination": "a", "depth": 1, "name": "The company a"}
    assert queues["deliveries due"] == {
        "queue": "deliveries due",
        "depth": 0,
        "oldest": None,
        "oldest_age": None,
        "worst": None,
    }


async def test_pages_of_deliveries_follow_one_another(sender: Sender) -> None:
    orders = [order() for _ in range(5)]
    await sender.bench.insert(*orders)
    found: list[str] = []
    after = ""
    while True:
        page = await sender.at.get(f"/deliveries?state=due&limit=2&after={after}")
        found += [delivery["transaction_id"] for delivery in page["deliveries"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert sorted(found) == sorted(str(one.transaction_id) for one in orders)
    assert len(found) == 5


async def test_settled_as_delivered_it_is_told_with_the_operators_name_and_counted_once(sender: Sender) -> None:
    _, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="delivered", status=422)
    for _ in range(2):
        settled = await sender.at.post(f"{path}/settle", result="delivered", reason="they have booked it")
        assert (settled["state"], settled["settled_by"], settled["settled_as"]) == ("delivered", "kari", "delivered")
    ((kind, body),) = await sender.events()
    assert (kind, body["receipt"]["confirmed_by"]) == ("delivered", "operator kari")
    (entry,) = await sender.at.audit()
    assert (entry["action"], entry["reason"]) == ("delivery.settle", "they have booked it")
    assert (
        "nothing is in doubt"
        in (await sender.at.post(f"{path}/settle", result="failed", reason="x", status=409))["title"]
    )


async def test_viewers_settle_nothing(sender: Sender) -> None:
    _, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="delivered", reason="x", actor=VIEWER, status=403)
    assert (await sender.at.get(path))["state"] == "in_doubt"


@pytest.mark.parametrize("proof", [True, False])
async def test_settled_as_failed_it_frees_the_number_only_with_proof(sender: Sender, proof: bool) -> None:
    _, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="failed", nothing_sent=proof, reason="asked them")
    ((kind, body),) = await sender.events()
    assert (kind, body["nothing_sent"]) == ("failed", proof)


async def test_a_receipt_that_comes_after_a_failure_was_settled_replaces_it_visibly(sender: Sender) -> None:
    _, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="failed", reason="no answer for days")
    asked = sender.channel.questions
    sender.channel.truth = RECEIPT
    async with sender.working():
        found = await sender.until(path, "found_out", "delivered")
    assert sender.channel.questions == asked + 1
    assert (found["state"], found["settled_as"], found["settled_by"]) == ("delivered", "failed", "kari")
    assert [kind for kind, _ in await sender.events()] == ["failed", "delivered"]
    assert len(sender.channel.effects) == 1


async def test_a_receipt_that_a_worker_brings_while_it_is_settled_beats_the_settlement(sender: Sender) -> None:
    _, path = await sender.doubted()
    sender.channel.gate = asyncio.Event()
    sender.channel.truth = RECEIPT
    async with sender.working():
        before = sender.channel.questions

        async def asking() -> bool:
            return sender.channel.questions > before

        await until(asking, "the worker asks")
        told = await sender.at.post(f"{path}/settle", result="not_sent", reason="x", status=409)
        assert "asked right now" in told["title"]
        await sender.at.post(f"{path}/settle", result="failed", reason="no answer for days")
        sender.channel.gate.set()
        await sender.until(path, "state", "delivered")
    assert [kind for kind, _ in await sender.events()] == ["failed", "delivered"]


async def test_a_receipt_that_was_there_first_leaves_nothing_to_settle(sender: Sender) -> None:
    _, path = await sender.doubted()
    sender.channel.truth = RECEIPT
    async with sender.working():
        await sender.until(path, "state", "delivered")
    for result in ("failed", "not_sent"):
        await sender.at.post(f"{path}/settle", result=result, reason="too late", status=409)
    assert [kind for kind, _ in await sender.events()] == ["delivered"]


async def test_a_failure_that_was_settled_is_corrected_to_delivered_by_word_and_by_receipt_once(sender: Sender) -> None:
    _, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="failed", reason="no answer")
    corrected = await sender.at.post(f"{path}/settle", result="delivered", reason="they called: it is there")
    assert corrected["state"] == "delivered"
    sender.channel.truth = RECEIPT
    async with sender.working():
        await asyncio.sleep(0.5)
    assert [kind for kind, _ in await sender.events()] == ["failed", "delivered"]
    assert len(set(await sender.event_ids())) == 1


@pytest.mark.parametrize(
    ("truth", "found_out", "proofs"),
    [
        (NotSent(), "not_sent", [False, True]),
        (Failed(PROBLEM, nothing_sent=True), "failed", [False, True]),
        (Failed(PROBLEM, nothing_sent=False), "failed", [False]),
    ],
    ids=["not sent", "failed with proof", "failed"],
)
async def test_a_settled_failure_that_proves_true_is_never_attempted_again_and_its_proof_is_told(
    sender: Sender, truth: NotSent | Failed, found_out: str, proofs: list[bool]
) -> None:
    _, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="failed", reason="no answer")
    sender.channel.truth = truth
    async with sender.working():
        found = await sender.until(path, "found_out", found_out)
        await asyncio.sleep(0.5)
    assert (found["state"], found["asked_until"]) == ("failed", None)
    assert [(kind, body["nothing_sent"]) for kind, body in await sender.events()] == [("failed", p) for p in proofs]
    assert len(sender.channel.effects) == 1


@pytest.mark.parametrize(
    ("truth", "found_out"),
    [(NotSent(), "not_sent"), (Failed(PROBLEM, nothing_sent=False), "failed")],
    ids=["not sent", "failed"],
)
async def test_a_settled_delivery_that_proves_wrong_is_told_as_returned_and_never_attempted_again(
    sender: Sender, truth: NotSent | Failed, found_out: str
) -> None:
    one, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="delivered", reason="they said so")
    sender.channel.truth = truth
    async with sender.working():
        found = await sender.until(path, "found_out", found_out)
        await asyncio.sleep(0.5)
    assert (found["state"], found["settled_as"], found["asked_until"]) == ("failed", "delivered", None)
    (_, (kind, body)) = await sender.events()
    assert (kind, body["product"], body["leg"]) == ("returned", one.product, 1)
    assert len(sender.channel.effects) == 1


async def test_a_settled_failure_is_asked_after_for_a_bounded_while(sender: Sender) -> None:
    _, path = await sender.doubted()
    await sender.at.post(f"{path}/settle", result="failed", reason="no answer")
    async with sender.bench.database.begin() as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await connection.execute(text("UPDATE delivery SET asked_until = :past"), {"past": past})
    before = sender.channel.questions
    async with sender.working():
        await sender.until(path, "asked_until", None)
        await asyncio.sleep(0.5)
    assert sender.channel.questions == before + 1
    assert (await sender.at.get(path))["state"] == "failed"


async def test_settled_as_not_sent_it_is_sent_again_at_once(sender: Sender) -> None:
    _, path = await sender.doubted()
    for _ in range(2):
        again = await sender.at.post(f"{path}/settle", result="not_sent", reason="their server was restored")
        assert (again["state"], again["settled_as"]) == ("due", "not_sent")
    async with sender.working():
        done = await sender.until(path, "state", "delivered")
    assert [(attempt["number"], attempt["outcome"]) for attempt in done["tried"]] == [(1, "not_sent"), (2, "delivered")]
    assert [kind for kind, _ in await sender.events()] == ["delivered"]
    assert len(await sender.at.audit()) == 1


async def test_what_is_under_way_or_unknown_cannot_be_settled(sender: Sender) -> None:
    one = order()
    await sender.bench.insert(one)
    path = f"/deliveries/{one.transaction_id}/1"
    refused = await sender.at.post(f"{path}/settle", result="delivered", reason="x", status=409)
    assert "still under way" in refused["title"]
    await sender.at.post(f"/deliveries/{one.transaction_id}/2/settle", result="delivered", reason="x", status=404)
    await sender.at.get("/deliveries/x/1", status=422)


async def test_a_question_and_a_retry_can_be_brought_forward(sender: Sender) -> None:
    one, path = await sender.doubted()
    async with sender.bench.database.begin() as connection:
        later = datetime.now(UTC) + timedelta(hours=1)
        await connection.execute(text("UPDATE delivery SET due_at = :later"), {"later": later})
    sender.channel.truth = RECEIPT
    async with sender.working():
        await sender.at.post(f"{path}/ask")
        await sender.until(path, "state", "delivered")
    await sender.at.post(f"{path}/ask")
    (entry,) = await sender.at.audit()
    assert (entry["action"], entry["target"]) == ("delivery.ask", f"{one.transaction_id}/1")


@pytest.mark.parametrize("what", ["/destinations/a", "/channel"])
async def test_a_paused_destination_or_channel_is_left_alone_until_it_is_resumed(sender: Sender, what: str) -> None:
    paused, other = order("a"), order("b")
    for _ in range(2):
        await sender.at.post(f"{what}/pause", reason="their server is being moved")
    await sender.bench.insert(paused, other)
    expected = 1 if what == "/destinations/a" else 0

    async def sent() -> bool:
        return len(sender.channel.effects) >= expected

    async with sender.working():
        await asyncio.sleep(0.7)
        await until(sent, "the other one is sent")
        assert len(sender.channel.effects) == expected
        shown = await sender.at.get("/destinations")
        (held,) = [one for one in shown["destinations"] if one["destination"] == "a"]
        assert held["due"] == 1
        assert (held["paused"] or shown["paused"])["reason"] == "their server is being moved"
        await sender.at.post(f"{what}/resume")
        await sender.until(f"/deliveries/{paused.transaction_id}/1", "state", "delivered")
    assert [entry["action"].split(".")[1] for entry in await sender.at.audit()] == ["pause", "resume"]


async def test_a_destination_that_is_down_is_shown_so_by_every_instance(sender: Sender) -> None:
    database = sender.bench.database
    sender.channel.by_destination["a"] = sender.channel.fails(Unavailable("down", problem=PROBLEM))
    worker = sender.bench.worker(budget=QUICK)
    first, second = Instance(database, 0, [], worker.breakers.told), Instance(database, 1, [])
    await sender.bench.insert(order("a"))
    desk = Desk("sender", database, instance=second, sender=WatchedSender("inbox", called))
    async with office(desk) as at, running(worker.run):

        async def down() -> bool:
            await first.note()
            (shown,) = (await at.get("/destinations"))["destinations"]
            assert shown["name"] == "The company a"
            return any(one["instance"] == 0 and one["open_until"] for one in shown["breakers"])

        await until(down, "the breaker opened")
