"""The channel under the hub's worker: down servers, broken renames and a worker that dies, counted at the receiver."""

import asyncio
import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.db import Database
from hub.delivery.budget import Budget
from hub.delivery.cancelling import cancel
from hub.delivery.leases import Claimed
from hub.delivery.store import DeliveryStore
from hub.delivery.worker import Worker
from hub.pipeline import DeliveryCancelRequested, DeliveryOrdered
from hub.testing.sftp_server import Faults
from tests.ftp_sender.conftest import World
from tests.hub.transport import running, until

QUICK = Budget(
    deadline=timedelta(seconds=10),
    lease=timedelta(seconds=12),
    first_retry=timedelta(milliseconds=50),
    last_retry=timedelta(milliseconds=500),
    first_question=timedelta(milliseconds=50),
    last_question=timedelta(milliseconds=500),
)


class Sender:
    """ftp-sender's deliveries and the worker that carries them out."""

    def __init__(self, world: World, database: Database) -> None:
        self.world = world
        self.database = database

    def worker(self) -> Worker:
        return Worker(self.world.channel, DeliveryStore(self.database), QUICK, "ftp-sender-0", lambda: None)

    async def order(self, many: int = 1) -> list[DeliveryOrdered]:
        orders = [await self.world.ordered(f"<Invoice>{n}</Invoice>".encode(), f"{n}.xml") for n in range(many)]
        async with self.database.begin() as connection:
            await DeliveryStore.insert(connection, [(one, self.world.channel.destination_of(one)) for one in orders])
        return orders

    async def results(self) -> list[str]:
        async with self.database.begin() as connection:
            return [row.result for row in await connection.execute(text("SELECT result FROM delivery"))]

    async def reported(self) -> list[str]:
        async with self.database.begin() as connection:
            rows = await connection.execute(text("SELECT headers->>'ce_type' FROM outbox ORDER BY seq"))
            return list(rows.scalars())

    async def all_delivered(self) -> bool:
        return set(await self.results()) == {"delivered"}


@pytest.fixture
async def sender(world: World, database: Database) -> Sender:
    return Sender(world, database)


async def test_a_server_that_is_down_at_first_gets_the_file_when_it_is_back(sender: Sender) -> None:
    sender.world.server.stop()
    await sender.order()

    async def told() -> bool:
        return "hub.delivery.retrying.v1" in await sender.reported()

    async with running(sender.worker().run):
        await until(told, "a retry was reported")
        sender.world.server.start()
        await until(sender.all_delivered, "delivered")
    assert [file.name for file in sender.world.server.received] == ["/in/0.xml"]


async def test_a_cancellation_between_upload_and_rename_leaves_nothing_on_the_server(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    (order,) = await sender.order()
    request = DeliveryCancelRequested.caused(
        *(order.transaction_id, "asked", order.time),
        parties=order.parties,
        leg=order.leg,
        channel=order.where.channel,
        requested_by=order.parties.initiator,
    )
    commits = DeliveryStore.committing
    uploaded: list[str] = []

    async def cancelled_first(self: DeliveryStore, claimed: Claimed, number: int) -> None:
        uploaded.extend(sender.world.files())
        async with sender.database.begin() as connection:
            assert await cancel(connection, [request])
        await commits(self, claimed, number)

    monkeypatch.setattr(DeliveryStore, "committing", cancelled_first)

    async def cleared() -> bool:
        return bool(uploaded) and not sender.world.files()

    async with running(sender.worker().run):
        await until(cleared, "the upload is taken away")
    assert uploaded == ["0.xml.part"]
    assert await sender.results() == ["cancelled"]
    assert not sender.world.server.received


async def test_broken_connections_and_dying_workers_lose_and_repeat_nothing(sender: Sender) -> None:
    many, chance = 60, random.Random(3)
    await sender.order(many)

    async def disturb() -> None:
        while True:
            fault = chance.choice(["cut_after", "before_rename", "after_rename", "restart", None])
            sender.world.server.site.faults = Faults(
                cut_after=5 if fault == "cut_after" else None,
                before_rename=fault == "before_rename",
                after_rename=fault == "after_rename",
            )
            if fault == "restart":
                await asyncio.to_thread(sender.world.server.restart)
            await asyncio.sleep(0.05)
            sender.world.server.site.faults = Faults()
            await asyncio.sleep(0.1)

    async with running(disturb):
        for _ in range(4):  # each of them dies while it works
            async with running(sender.worker().run):
                await asyncio.sleep(0.5)
    sender.world.server.site.faults = Faults()
    async with running(sender.worker().run):
        await until(sender.all_delivered, "all delivered")
    names = [file.name for file in sender.world.server.received]
    assert sorted(names) == sorted(f"/in/{n}.xml" for n in range(many))
    assert set(sender.world.files()) == {f"{n}.xml" for n in range(many)}
    assert (await sender.reported()).count("hub.delivery.delivered.v1") == many
