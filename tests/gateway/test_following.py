"""What becomes of a transaction, as its sender sees it: status, timeline and feed."""

import asyncio
import re
from itertools import permutations
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from gateway.store import feeds
from hub.ids import uuid7
from tests.gateway.happenings import Story, inbound_story, received, story_of
from tests.gateway.world import ALFA, DELTA, World, headers, invoice

PATH = "/v1/transactions"


async def submit(http: AsyncClient, number: str = "1") -> str:
    answer = await http.post(PATH, json=invoice(number), headers=headers(ALFA))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["transaction_id"])


async def feed(http: AsyncClient, after: int = 0, wait: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    answer = await http.get("/v1/events", params={"after": after, "wait": wait, "limit": limit})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["entries"])


async def test_each_step_is_told_with_its_time_channel_problem_and_receipt(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
        story = await story_of(world, identifier)
        await world.handle(story.ready(), story.ordered_by_ftp())
        await world.handle(story.retrying())
        retrying = (await http.get(f"{PATH}/{identifier}")).json()
        await world.handle(story.delivered())
        delivered = (await http.get(f"{PATH}/{identifier}")).json()
        document = await http.get(f"{PATH}/{identifier}/document")
        as_received = await http.get(f"{PATH}/{identifier}/document", params={"version": "received"})
    assert retrying["status"] == "retrying"
    assert retrying["problems"][0]["nb"] == "Serveren svarer ikke."
    assert (delivered["status"], delivered["channel"], delivered["problems"]) == ("delivered", "ftp", [])
    assert [receipt["confirmed_by"] for receipt in delivered["receipts"]] == ["sftp.example.no"]
    states = [entry["status"] for entry in delivered["timeline"]]
    assert states == ["accepted", "ready", "routed", "retrying", "delivered"]
    assert delivered["timeline"][3]["next_at"].endswith("Z")
    assert document.content == b"<Invoice/>"
    assert as_received.json()["number"] == "1"


async def test_every_order_of_the_same_events_ends_alike(world: World) -> None:
    async with world.client("office") as http:
        identifiers = [await submit(http, str(n)) for n in range(24)]
        for identifier, order in zip(identifiers, permutations(range(4)), strict=True):
            story = await story_of(world, identifier)
            events = [story.ready(), story.ordered_by_ftp(), story.retrying(), story.delivered()]
            for place in order:
                await world.handle(events[place])
        shown = [(await http.get(f"{PATH}/{identifier}")).json() for identifier in identifiers]
    assert {(one["status"], one["channel"], len(one["timeline"])) for one in shown} == {("delivered", "ftp", 5)}
    rows = await world.sql("SELECT document, judged_at, problems FROM transaction")
    assert all(row.document and row.judged_at and row.problems == [] for row in rows)


async def test_an_overtaken_event_enters_the_timeline_and_not_the_feed(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
        story = await story_of(world, identifier)
        await world.handle(story.delivered())
        await world.handle(story.retrying())
        shown = (await http.get(f"{PATH}/{identifier}")).json()
        entries = await feed(http)
    assert [entry["overtaken"] for entry in shown["timeline"]] == [False, True, False]
    assert [entry["type"] for entry in entries] == ["transaction.delivered"]


async def test_handling_events_again_changes_nothing_that_is_seen(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
        story = await story_of(world, identifier)
        events = [story.ready(), story.ordered_by_ftp(), story.delivered()]
        await world.handle(*events)
        before = (await http.get(f"{PATH}/{identifier}")).json()
        await world.handle(*events)
        after = (await http.get(f"{PATH}/{identifier}")).json()
        entries = await feed(http)
    before.pop("changed_at")
    after.pop("changed_at")
    assert before == after
    assert len(entries) == 3


@pytest.mark.parametrize(
    ("ending", "reusable"),
    [
        ("refused", True),
        ("nothing sent", True),
        ("proved later", True),
        ("returned", True),
        ("perhaps sent", False),
        ("delivered", False),
        ("delivered after all", False),
        ("rerouted", False),
        ("rerouted in vain", True),
    ],
)
async def test_the_number_is_free_again_only_where_nothing_of_it_counts(
    world: World, ending: str, reusable: bool
) -> None:
    def end(story: Story) -> list[Any]:
        endings: dict[str, list[Any]] = {
            "refused": [story.refused()],
            "nothing sent": [story.ready(), story.failed(nothing_sent=True)],
            "perhaps sent": [story.ready(), story.failed(nothing_sent=False)],
            "proved later": [story.ready(), story.failed(nothing_sent=False), story.failed(nothing_sent=True)],
            "returned": [story.ready(), story.delivered(), story.returned()],
            "delivered": [story.ready(), story.delivered(), story.failed(nothing_sent=True)],
            "delivered after all": [story.ready(), story.failed(nothing_sent=True), story.delivered()],
            "rerouted": [story.ready(), story.failed(nothing_sent=True), story.ordered(leg=2)],
            "rerouted in vain": [
                *(story.ready(), story.failed(nothing_sent=True), story.ordered(leg=2)),
                story.failed(nothing_sent=True, leg=2),
            ],
        }
        return endings[ending]

    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
        for event in end(story):
            await world.handle(event)
        again = await http.post(PATH, json=invoice("1"), headers=headers(ALFA))
    assert again.status_code == (202 if reusable else 409)


async def test_a_next_leg_leaves_the_number_to_the_invoice_that_has_taken_it_since(world: World) -> None:
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
        await world.handle(story.ready(), story.failed(nothing_sent=True))
        since = await http.post(PATH, json=invoice("1"), headers=headers(ALFA))
        await world.handle(story.ordered(leg=2))
        again = await http.post(PATH, json=invoice("1"), headers=headers(ALFA))
        assert (since.status_code, again.status_code) == (202, 409)
        assert since.json()["transaction_id"] in again.text
    assert [row.holds_number for row in await world.sql("SELECT holds_number FROM transaction ORDER BY id")] == [
        False,
        True,
    ]


async def test_the_feed_is_numbered_without_gaps_and_remembers_what_was_acknowledged(world: World) -> None:
    async with world.client("office") as http:
        for number in range(3):
            story = await story_of(world, await submit(http, str(number)))
            await world.handle(story.ready(), story.ordered_by_ftp(), story.delivered())
        first = await feed(http, limit=4)
        rest = await feed(http, after=4)
        beyond = await http.get("/v1/events", params={"after": 10})
    assert [entry["number"] for entry in first + rest] == list(range(1, 10))
    assert beyond.status_code == 422
    [counter] = await world.sql("SELECT * FROM feed_counter WHERE install = :id", id=world.ids["office"])
    assert (counter.last, counter.acknowledged) == (9, 4)


_ENTRIES = """
    INSERT INTO feed (install, entry, created_at)
    SELECT :install, jsonb_build_object('place', n), now() FROM generate_series(1, CAST(:count AS integer)) n
"""


async def test_a_feed_that_nobody_read_for_long_is_read_portion_by_portion(world: World) -> None:
    count = feeds.PORTION + 200
    await world.sql(_ENTRIES, install=world.ids["office"], count=count)
    read: list[Any] = []
    async with world.client("office") as http:
        while entries := await feed(http, after=len(read), limit=700):
            read += entries
    assert [(entry["number"], entry["place"]) for entry in read] == [(place, place) for place in range(1, count + 1)]


async def test_reading_a_feed_looks_at_nobody_elses_entries(world: World) -> None:
    """A plan for long feeds of which most was never read, as it is kept for every install."""
    for install in ("gamma", "delta"):
        await world.sql(_ENTRIES, install=world.ids[install], count=10_000)
    await world.sql(_ENTRIES, install=world.ids["office"], count=10)
    await world.sql("ANALYZE feed")
    async with world.database.begin() as connection:
        await connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        asked = {"install": world.ids["office"], "last": 0, "after": 0}
        plan = (await connection.execute(text(f"EXPLAIN {feeds._NUMBER.text}"), asked)).scalars().all()
    scanned = re.findall(r"Scan (?:using|on) (feed(?!_counter)\w*)", "\n".join(plan))
    assert scanned == ["feed_unnumbered", "feed_unnumbered"], plan


async def test_simultaneous_reads_of_a_feed_number_it_once(world: World) -> None:
    async with world.client("office") as http:
        for number in range(10):
            await world.handle((await story_of(world, await submit(http, str(number)))).ready())
        reads = await asyncio.gather(*(feed(http) for _ in range(10)))
    assert all(entries == reads[0] for entries in reads)
    assert [entry["number"] for entry in reads[0]] == list(range(1, 11))


async def test_a_long_poll_answers_at_once_when_something_happens(world: World) -> None:
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
        clock = asyncio.get_running_loop().time
        began = clock()
        waiting = asyncio.create_task(feed(http, wait=20))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await world.handle(story.ready())
        entries = await waiting
    assert [entry["status"] for entry in entries] == ["ready"]
    assert clock() - began < 2


async def test_a_long_poll_sees_what_another_process_committed(world: World) -> None:
    watching = asyncio.create_task(world.service.background[1]())
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
        waiting = asyncio.create_task(feed(http, wait=20))
        await asyncio.sleep(0.1)
        await world.sql(
            'INSERT INTO feed (install, entry, created_at) VALUES (:install, \'{"type": "x"}\', now())',
            install=world.ids["office"],
        )
        entries = await asyncio.wait_for(waiting, 5)
    watching.cancel()
    assert story.id
    assert [entry["type"] for entry in entries] == ["x"]


async def test_a_document_from_outside_becomes_a_transaction_of_its_recipient(world: World) -> None:
    story = await inbound_story(world, uuid7(world.clock()))
    await world.handle(received(story), story.ordered())
    async with world.client("delta") as http:
        shown = (await http.get(f"{PATH}/{story.id}")).json()
        document = await http.get(f"{PATH}/{story.id}/document")
    assert (shown["direction"], shown["client"], shown["status"]) == ("inbound", DELTA, "routed")
    assert document.content == b"<Invoice>77</Invoice>"
    assert await world.sql("SELECT id FROM transaction WHERE released_at IS NULL") == []


async def test_a_list_is_paged_filtered_and_newest_first(world: World) -> None:
    async with world.client("office") as http:
        identifiers = [await submit(http, str(number)) for number in range(5)]
        await world.handle((await story_of(world, identifiers[2])).ready())
        seen: list[str] = []
        address: str | None = f"{PATH}?limit=2&client={ALFA}"
        while address:
            page = (await http.get(address)).json()
            seen += [one["transaction_id"] for one in page["transactions"]]
            address = page["next"]
        ready = (await http.get(PATH, params={"state": "ready"})).json()
        nonsense = await http.get(PATH, params={"state": "lost"})
    assert seen == identifiers[::-1]
    assert [one["transaction_id"] for one in ready["transactions"]] == [identifiers[2]]
    assert nonsense.status_code == 422
