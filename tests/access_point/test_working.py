"""The delivery framework with this channel: what the events say, and that a dying worker repeats nothing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from access_point.sending import PeppolChannel
from hub.db import DELIVERY_MIGRATIONS, Database
from hub.delivery.budget import Budget
from hub.delivery.store import DeliveryStore
from hub.delivery.worker import Worker
from hub.pipeline import DeliveryOrdered
from hub.testing.phoss_ap import Behaviour, Receiver
from tests.access_point.test_sending import RECEIVER, Scene, scene, submissions
from tests.conftest import DatabaseOf
from tests.hub.transport import running, until

__all__ = ["scene"]

QUICK = Budget(
    deadline=timedelta(seconds=0.8),
    lease=timedelta(seconds=1),
    each=4,
    first_retry=timedelta(milliseconds=20),
    first_question=timedelta(milliseconds=20),
    last_question=timedelta(milliseconds=100),
)


@dataclass
class Works:
    database: Database
    scene: Scene

    def worker(self, owner: str, channel: PeppolChannel | None = None) -> Worker:
        return Worker(channel or self.scene.restarted(), DeliveryStore(self.database), QUICK, owner, lambda: None)

    async def insert(self, *orders: DeliveryOrdered) -> None:
        async with self.database.begin() as connection:
            rows = [(order, self.scene.channel.destination_of(order)) for order in orders]
            await DeliveryStore.insert(connection, rows)

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        async with self.database.begin() as connection:
            rows = await connection.execute(text("SELECT headers->>'ce_type', body FROM outbox ORDER BY seq"))
            return [(row[0], orjson.loads(row[1])) for row in rows]

    async def ended(self, most: int) -> bool:
        async with self.database.begin() as connection:
            query = text("SELECT count(*) FROM delivery WHERE result IS NOT NULL")
            return int((await connection.execute(query)).scalar_one()) >= most


@pytest.fixture
async def works(database_of: DatabaseOf, scene: Scene) -> Works:
    return Works(await database_of("access-point", [DELIVERY_MIGRATIONS]), scene)


async def test_deliveries_are_reported_with_their_receipts(works: Works) -> None:
    await works.insert(*[await works.scene.order() for _ in range(20)])
    async with running(works.worker("one").run):
        await until(lambda: works.ended(20), "20 deliveries ended")

    told = await works.told()
    assert {name for name, _ in told} == {"hub.delivery.delivered.v1"}
    assert {body["receipt"]["confirmed_by"] for _, body in told} == {"Peppol AS4 POP000002"}
    assert len(works.scene.world.delivered) == submissions(works.scene) == 20


async def test_an_unknown_recipient_ends_as_a_failure_that_frees_the_number(works: Works) -> None:
    await works.insert(await works.scene.order("0192:310000027"))
    async with running(works.worker("one").run):
        await until(lambda: works.ended(1), "the delivery ended")

    [(name, body)] = await works.told()
    assert name == "hub.delivery.failed.v1"
    assert body["problem"]["code"] == "peppol_recipient_unknown"
    assert body["nothing_sent"] is True


async def test_a_receiver_that_comes_back_is_told_as_doubt_and_then_as_delivery(works: Works) -> None:
    works.scene.world.receivers[RECEIVER] = Receiver(Behaviour.DOWN)
    works.scene.world.retry_after = timedelta(seconds=0.5)
    await works.insert(await works.scene.order())
    async with running(works.worker("one").run):

        async def doubted() -> bool:
            return bool(await works.told())

        await until(doubted, "the delivery is in doubt")
        works.scene.world.receivers[RECEIVER] = Receiver()
        await until(lambda: works.ended(1), "the delivery ended")

    (first, doubt), (second, _) = await works.told()
    assert (first, second) == ("hub.delivery.in-doubt.v1", "hub.delivery.delivered.v1")
    assert doubt["problem"]["code"] == "peppol_still_trying"
    assert submissions(works.scene) == 1


async def test_a_worker_that_dies_while_submitting_leaves_nothing_lost_and_nothing_twice(works: Works) -> None:
    works.scene.world.receivers[RECEIVER] = Receiver(Behaviour.HANGS)
    works.scene.world.hangs_for = timedelta(seconds=0.5)
    await works.insert(*[await works.scene.order() for _ in range(8)])
    async with running(works.worker("dying").run):

        async def submitted() -> bool:
            return submissions(works.scene) >= 4

        await until(submitted, "four submissions are under way")
    works.scene.world.receivers[RECEIVER] = Receiver()

    async with running(works.worker("successor").run):
        await until(lambda: works.ended(8), "8 deliveries ended")

    world = works.scene.world
    assert len(world.delivered) == 8
    assert set(world.submissions.values()) == {1}
    assert [name for name, _ in await works.told() if name == "hub.delivery.delivered.v1"] == [
        "hub.delivery.delivered.v1"
    ] * 8
