"""What befalls a whole hub under load, two of each service: every invoice comes to its one true end, and once."""

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager

import pytest
import pytest_asyncio

from hub.stack.catalogue import SERVICES
from hub.stack.process import free_ports
from tests.faults.erp import Feed
from tests.faults.machine import KAFKA, POSTGRES, copy_folder, fill, small_disk, until
from tests.faults.world import World, neighbours, world

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

INVOICES = 200
SEED = 20261122
DOUBTFUL = 0.1  # of those a kill can leave between the record of an effect and the effect, far fewer are


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("faults"), HUB_NET_ALLOW="127.0.0.1") as made:
        yield made


@pytest.fixture
def instants() -> random.Random:
    return random.Random(SEED)


@asynccontextmanager
async def load(hub: World, *, doubtful: float = 0, count: int = INVOICES) -> AsyncIterator[None]:
    """Push while the block lasts; then everything ends, and the books of all who took part agree."""
    before = sum(hub.status_of(identifier) == "in_doubt" for identifier in hub.sent)
    pushing = asyncio.create_task(hub.push(count))
    try:
        yield
        await pushing
    finally:
        pushing.cancel()
    await hub.machine.until_ready()
    await hub.until_ended()
    result = await hub.judge()
    assert result.clean, result
    assert result.in_doubt <= before + doubtful * count, result


async def test_a_kill_of_every_instance_of_every_service_at_random_instants(
    hub: World, instants: random.Random
) -> None:
    victims = [name for name in SERVICES for _ in range(2)]
    instants.shuffle(victims)
    async with load(hub, doubtful=DOUBTFUL):
        for name in victims:
            await asyncio.sleep(instants.uniform(0.1, 0.8))
            await hub.machine.kill_when_there(name)


async def test_kafka_stands_still_and_is_killed_and_forgets_every_groups_offsets(
    hub: World, instants: random.Random
) -> None:
    async with load(hub):
        await asyncio.sleep(instants.uniform(0.5, 1.5))
        with hub.machine.frozen(KAFKA):
            await asyncio.sleep(4)
        await asyncio.sleep(1)
        with hub.machine.unattended():
            hub.machine.kill(KAFKA)
            await hub.machine.until_gone(KAFKA)
            shutil.rmtree(hub.machine.data / "kafka" / "data" / "__consumer_offsets-0")


async def test_kafkas_disk_is_full(hub: World) -> None:
    if os.geteuid() != 0:
        pytest.skip("a disk of its own can only be mounted by root")
    machine, data = hub.machine, hub.machine.data / "kafka" / "data"
    with ExitStack() as disk:

        async def move() -> None:
            await asyncio.to_thread(disk.enter_context, small_disk(data, "200m"))

        async def move_back() -> None:
            await asyncio.to_thread(disk.close)

        await without(hub, KAFKA, move)
        async with load(hub):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(fill, data / "filler")
            await until(lambda: not machine.members()[KAFKA], "kafka gives up")
            (data / "filler").unlink()
        await without(hub, KAFKA, move_back)
    await machine.until_ready()


async def test_postgresql_is_killed_and_comes_back(hub: World, instants: random.Random) -> None:
    async with load(hub, doubtful=DOUBTFUL):
        await asyncio.sleep(instants.uniform(0.5, 2))
        await hub.machine.kill_when_there(POSTGRES)


async def test_an_instance_of_each_service_comes_and_goes_under_load(hub: World) -> None:
    async with load(hub), hub.machine.another_of_each(ordinal=2):
        await asyncio.sleep(2)


async def test_who_is_down_is_left_alone_and_gets_everything_afterwards(hub: World) -> None:
    parked = await hub.parked()
    blobs = hub.machine.data / "blobs"
    async with load(hub), hub.receivers.away() as knocks:
        blobs.rename(blobs.with_name("away"))
        await asyncio.sleep(2)
        blobs.with_name("away").rename(blobs)
        await until(lambda: len(knocks) > 2, "the SFTP server is called")
        waiting = await hub.push(INVOICES // 2, "ftp")
        await asyncio.sleep(3)
        assert {hub.status_of(identifier) for identifier in waiting} <= {"accepted", "ready", "routed", "retrying"}
        assert len(knocks) < len(waiting)  # nearly all wait behind the breaker, without having been tried
    assert await hub.parked() == parked


async def test_a_dead_recipient_among_ten_holds_up_its_own_documents_only(hub: World) -> None:
    dead, *alive = neighbours(10)
    for number in alive:
        await hub.register(number)
    await hub.register(dead, port=free_ports([], 1)[0])
    waiting = [await hub.hand_in(erp, dead) for erp in hub.erps for _ in range(2)]
    others = [await hub.hand_in(erp, number) for number in alive for erp in hub.erps for _ in range(2)]
    await hub.until_ended(others)
    assert {hub.status_of(identifier) for identifier in others} == {"delivered"}
    assert {hub.status_of(identifier) for identifier in waiting} <= {"routed", "retrying"}
    await hub.register(dead)
    async with load(hub, count=0):
        pass
    assert {hub.status_of(identifier) for identifier in waiting} == {"delivered"}


async def test_a_router_that_knows_nothing_waits_instead_of_deciding_wrongly(hub: World) -> None:
    async with hub.machine.database() as operator:
        async with operator.transaction():

            async def forget() -> None:
                await operator.execute("TRUNCATE router.company, router.activation, router.engagement")
                await operator.execute("UPDATE router.register_seen SET version = 0")
                await operator.execute("DELETE FROM router.position WHERE consumer = 'router-register'")
                await operator.execute("DELETE FROM router.inbox WHERE consumer = 'router-register'")

            await without(hub, "router", forget)
        async with operator.transaction():
            await operator.execute("LOCK TABLE router.company IN SHARE MODE")  # it can look, and learns nothing
            pushed = await hub.push(INVOICES // 4)
            judged = {"ready", "refused", "cancelled"}
            await until(lambda: all(hub.status_of(one) in judged for one in pushed), "everything is judged")
            await asyncio.sleep(2)
            assert all(hub.status_of(one) in judged for one in pushed)
    async with load(hub, count=0):
        pass


async def test_a_database_set_back_under_running_services_loses_nothing_that_it_had_accepted(hub: World) -> None:
    machine, data = hub.machine, hub.machine.data / "postgres"
    older = data.with_name("older")
    hub.receivers.taking = False  # so that each channel can tell what was there before
    hub.recipient.taking.clear()
    await hub.push(INVOICES // 2)
    with machine.frozen(POSTGRES):
        accepted = list(hub.sent)
        await asyncio.to_thread(copy_folder, data, older)
    await hub.push(INVOICES // 2)
    await hub.until_ended()

    async def restore() -> None:
        await asyncio.to_thread(shutil.rmtree, data)
        older.rename(data)
        for erp in hub.erps:
            erp.feed = Feed()

    await without(hub, POSTGRES, restore)
    await machine.until_ready()
    await hub.until_ended(accepted)
    told = {identifier for erp in hub.erps for identifier in erp.feed.status}
    hub.sent = {one: sent for one, sent in hub.sent.items() if one in {*accepted, *told}}  # the rest went with its log
    hub.recipient.taking.set()
    await hub.until_ended()
    result = await hub.judge(computed_anew=True)
    assert result.clean, result


async def without(hub: World, names: str | tuple[str, ...], action: Callable[[], Awaitable[None]]) -> None:
    """Act while services or servers are dead and nobody starts them again."""
    names = (names,) if isinstance(names, str) else names
    with hub.machine.unattended():
        for name in names:
            hub.machine.kill(name, most=2)
        await hub.machine.until_gone(*names)
        await action()
