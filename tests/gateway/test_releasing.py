"""Releasing what was accepted: fair between installs, bounded, once."""

from datetime import timedelta
from uuid import UUID

import pytest

from gateway.releaser import Releaser
from hub.ids import uuid7
from hub.pipeline import InvoiceSubmitted
from tests.gateway.happenings import story_of
from tests.gateway.test_following import submit
from tests.gateway.world import ALFA, DELTA, World, headers, invoice, settings


@pytest.fixture
def releaser(world: World, tmp_path: object) -> Releaser:
    return Releaser(world.database, settings(world.database, tmp_path, in_flight=5))  # type: ignore[arg-type]


async def submitted(world: World) -> list[InvoiceSubmitted]:
    return [event for event in await world.emitted() if isinstance(event, InvoiceSubmitted)]


async def test_a_release_carries_seller_customer_and_the_registers_version(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        customer = {"organisation_number": DELTA, "name": "Delta avd. Øst", "channel": "inbox"}
        assert (await http.put("/v1/customers/9", json=customer, headers={"Hub-Client": ALFA})).status_code == 200
        identifier = await submit(http)
    assert await releaser.release(world.clock()) == 1
    assert await releaser.release(world.clock()) == 0
    [event] = await submitted(world)
    [counter] = await world.sql("SELECT version FROM register_counter")
    assert str(event.transaction_id) == identifier
    assert event.seller.name == "Alfa AS"
    assert event.customer is not None
    assert event.customer.name == "Delta avd. Øst"
    assert event.register_version == counter.version
    assert event.parties.install == world.ids["office"]
    assert event.media == "json"


async def test_the_customer_given_by_number_comes_before_one_at_the_same_address(
    world: World, releaser: Releaser
) -> None:
    async with world.client("office") as http:
        for number in ("1", "2"):
            await http.put(f"/v1/customers/{number}", json={"organisation_number": DELTA}, headers={"Hub-Client": ALFA})
        body = invoice(buyer={"organisation_number": DELTA, "customer_number": "1"})
        await http.post("/v1/transactions", json=body, headers=headers(ALFA))
    await releaser.release(world.clock())
    [event] = await submitted(world)
    assert event.customer is not None
    assert event.customer.customer_number == "1"


async def test_no_more_are_released_than_may_await_their_verdict(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        identifiers = [await submit(http, str(number)) for number in range(8)]
    assert await releaser.release(world.clock()) == 5
    assert await releaser.release(world.clock()) == 0
    await world.handle((await story_of(world, identifiers[0])).refused())
    assert await releaser.release(world.clock()) == 1
    assert [str(event.transaction_id) for event in await submitted(world)] == identifiers[:6]


async def test_what_never_gets_a_verdict_holds_up_the_others_for_a_while_only(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        for number in range(8):
            await submit(http, str(number))
    assert await releaser.release(world.clock()) == 5
    world.clock.offset = timedelta(minutes=11)
    assert await releaser.release(world.clock()) == 3


async def test_installs_take_turns(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        for number in range(10):
            await submit(http, str(number))
    async with world.client("gamma") as http:
        for number in range(2):
            await http.post("/v1/transactions", json=invoice(str(number)), headers=headers())
    await releaser.release(world.clock())
    turns = [event.parties.install for event in await submitted(world)]
    assert sorted(map(str, turns[:4])) == sorted(2 * [str(world.ids["office"]), str(world.ids["gamma"])])


async def test_one_slot_at_a_time_still_goes_round(world: World, tmp_path: object) -> None:
    one = Releaser(world.database, settings(world.database, tmp_path, in_flight=1))  # type: ignore[arg-type]
    async with world.client("office") as http:
        for number in range(3):
            await submit(http, str(number))
    async with world.client("gamma") as http:
        await http.post("/v1/transactions", json=invoice(), headers=headers())
    for _ in range(2):
        assert await one.release(world.clock()) == 1
        await world.sql("UPDATE transaction SET judged_at = now() WHERE released_at IS NOT NULL")
    assert {event.parties.install for event in await submitted(world)} == {world.ids["office"], world.ids["gamma"]}


async def test_fifty_thousand_waiting_for_one_install_delay_nobody_else(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        await submit(http, "template")
    ids: list[UUID] = [uuid7(world.clock()) for _ in range(50_000)]
    await world.sql(
        """
        INSERT INTO transaction
        SELECT (json_populate_record(t, json_build_object('id', i, 'number', i))).*
        FROM transaction t, unnest(CAST(:ids AS uuid[])) i""",
        ids=ids,
    )
    await world.sql("ANALYZE transaction")
    async with world.client("gamma") as http:
        await http.post("/v1/transactions", json=invoice(), headers=headers())
    assert await releaser.release(world.clock()) == 5
    assert world.ids["gamma"] in {event.parties.install for event in await submitted(world)}
