"""Delivery to another customer of the hub, and fetching it there."""

from datetime import timedelta
from uuid import UUID

from gateway.keys import Scope
from hub.pipeline import ActivationChanged, Delivered, DeliveryFailed
from tests.gateway.happenings import Story, story_of
from tests.gateway.test_following import feed, submit
from tests.gateway.world import ALFA, DELTA, GAMMA, World


async def arrive(world: World, number: str = "1") -> Story:
    async with world.client("office") as http:
        story = await story_of(world, await submit(http, number))
    await world.handle(story.ready(), story.ordered())
    return story


async def test_an_order_fills_the_inbox_and_is_reported_delivered_once(world: World) -> None:
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
    [first] = await world.handle(story.ordered())
    [second] = await world.handle(story.ordered())
    assert isinstance(first, Delivered)
    assert first == second
    assert first.receipt.confirmed_by == "Sentral inbox"
    async with world.client("delta") as http:
        [item] = (await http.get("/v1/inbox")).json()["items"]
        document = await http.get(item["links"]["document"])
        entries = await feed(http)
    assert item["company"] == DELTA
    assert document.content == b"<Invoice/>"
    assert [(entry["type"], entry["item_id"]) for entry in entries] == [("inbox.received", item["id"])]
    [row] = await world.sql("SELECT document FROM inbox_item")
    assert row.document["key"].startswith(f"{DELTA}/")


async def test_what_is_acknowledged_is_gone_and_acknowledging_again_changes_nothing(world: World) -> None:
    await arrive(world)
    async with world.client("delta") as http:
        [item] = (await http.get("/v1/inbox")).json()["items"]
        first = await http.post(item["links"]["ack"])
        second = await http.post(item["links"]["ack"])
        left = (await http.get("/v1/inbox")).json()["items"]
    assert (first.status_code, first.json()) == (200, second.json())
    assert left == []


async def test_a_fetched_item_is_leased_for_ten_minutes(world: World) -> None:
    await arrive(world)
    await world.add_install("delta's other", owner_company=DELTA)
    async with world.client("delta") as one, world.client("delta's other") as other:
        [item] = (await one.get("/v1/inbox")).json()["items"]
        assert [again["id"] for again in (await one.get("/v1/inbox")).json()["items"]] == [item["id"]]
        assert (await other.get("/v1/inbox")).json()["items"] == []
        assert (await other.post(item["links"]["ack"])).status_code == 409
        world.clock.offset = timedelta(minutes=11)
        assert len((await other.get("/v1/inbox")).json()["items"]) == 1
        assert (await one.post(item["links"]["ack"])).status_code == 409
        assert (await other.post(item["links"]["ack"])).status_code == 200


async def test_fetching_tells_the_router_once_a_day(world: World) -> None:
    async def fetches() -> list[ActivationChanged]:
        return [
            event
            for event in await world.emitted()
            if isinstance(event, ActivationChanged) and event.activation.inbox_fetched_at
        ]

    async with world.client("delta") as http:
        await http.get("/v1/inbox")
        await http.get("/v1/inbox")
        assert len(await fetches()) == 1
        world.clock.offset = timedelta(hours=25)
        await http.get("/v1/inbox")
    assert [event.activation.company for event in await fetches()] == [DELTA, DELTA]


async def test_a_company_that_never_received_gets_nothing_and_the_sender_is_told_so(world: World) -> None:
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
    [failed] = await world.handle(story.ordered(GAMMA))
    assert isinstance(failed, DeliveryFailed)
    assert failed.nothing_sent
    assert await world.sql("SELECT id FROM inbox_item") == []


async def test_an_order_younger_than_a_day_is_delivered_after_a_deactivation(world: World) -> None:
    await world.sql("UPDATE activation SET active_to = now() + interval '1 second'")
    async with world.client("office") as http:
        young = await story_of(world, await submit(http, "1"))
        old = await story_of(world, await submit(http, "2"))
    world.clock.offset = timedelta(hours=23)
    [delivered] = await world.handle(young.ordered())
    world.clock.offset = timedelta(hours=25)
    [failed] = await world.handle(old.ordered())
    assert isinstance(delivered, Delivered)
    assert isinstance(failed, DeliveryFailed)


async def test_a_key_without_the_scope_reads_no_inbox_and_is_told_nothing_in_its_feed(world: World) -> None:
    await world.add_install("senders only", owner_company=DELTA, scopes=[Scope.TRANSACTIONS])
    await arrive(world)
    async with world.client("senders only") as http:
        answer = await http.get("/v1/inbox")
        entries = await feed(http)
    assert answer.status_code == 403
    assert "inbox" in answer.json()["detail"]
    assert entries == []


async def test_a_batch_of_many_fills_many_inboxes(world: World) -> None:
    async with world.client("office") as http:
        stories = [await story_of(world, await submit(http, str(number))) for number in range(20)]
    caused = await world.handle(*(story.ordered() for story in stories))
    assert {event.transaction_id for event in caused if isinstance(event, Delivered)} == {s.id for s in stories}
    async with world.client("delta") as http:
        items = (await http.get("/v1/inbox", params={"limit": 200})).json()["items"]
    assert len({UUID(item["id"]) for item in items}) == 20
    assert {item["sender"] for item in items} == {f"0192:{ALFA}"}
