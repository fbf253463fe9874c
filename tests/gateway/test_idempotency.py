"""One invoice, however often and wherever it is sent: by its key, and by its number."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.housekeeping import KEPT, Housekeeping
from hub.db import Database
from hub.pipeline import Event
from tests.gateway.happenings import Story, story_of
from tests.gateway.test_following import submit
from tests.gateway.world import ALFA, World, headers, invoice, make

PATH = "/v1/transactions"


@pytest.fixture
async def another(world: World, database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """Give a second gateway on the same database: another process, or the same one after its restart."""
    made = make(database, tmp_path)
    made.keys, made.ids = world.keys, world.ids
    yield made
    await made.database.close()


async def test_the_first_answer_outlives_the_process_that_gave_it(world: World, another: World) -> None:
    same = headers(ALFA, key="k")
    async with world.client("office") as http:
        first = await http.post(PATH, json=invoice(), headers=same)
    await world.database.close()
    async with another.client("office") as http:
        again = await http.post(PATH, json=invoice(), headers=same)
        other_key = await http.post(PATH, json=invoice(), headers=headers(ALFA))
        other_body = await http.post(PATH, json=invoice("2"), headers=same)
    assert (again.status_code, again.content) == (202, first.content)
    assert (other_key.status_code, other_body.status_code) == (409, 422)


async def test_copies_at_two_gateways_at_once_make_one_transaction(world: World, another: World) -> None:
    async with world.client("office") as one, another.client("office") as two:
        under_one_key = await asyncio.gather(
            *(http.post(PATH, json=invoice("1"), headers=headers(ALFA, key="k")) for http in (one, two) * 25)
        )
        under_their_own = await asyncio.gather(
            *(http.post(PATH, json=invoice("2"), headers=headers(ALFA)) for http in (one, two) * 25)
        )
    assert {(answer.status_code, answer.content) for answer in under_one_key} == {(202, under_one_key[0].content)}
    assert sorted(answer.status_code for answer in under_their_own) == [202] + [409] * 49
    [accepted] = [answer.json() for answer in under_their_own if answer.status_code == 202]
    named = {answer.json()["transaction_id"] for answer in under_their_own if answer.status_code == 409}
    assert named == {accepted["transaction_id"]}
    assert len(await world.sql("SELECT id FROM transaction")) == 2


async def test_who_leaves_before_the_answer_finds_it_by_repeating(world: World) -> None:
    async with world.client("office") as http:
        for place in range(10):
            same = headers(ALFA, key=str(place))
            leaving = asyncio.create_task(http.post(PATH, json=invoice(str(place)), headers=same))
            for _ in range(place * 3):  # further in each time: before the key is looked up, while it is stored, …
                await asyncio.sleep(0.001)
            leaving.cancel()
            again = await http.post(PATH, json=invoice(str(place)), headers=same)
            assert again.status_code == 202
    assert len(await world.sql("SELECT id FROM transaction")) == 10


async def _ended(world: World, story: Story, end: str) -> None:
    if end == "refused":
        await world.handle(story.refused())
        return
    await world.handle(story.ready(), story.ordered_by_ftp())
    ends: dict[str, list[Event]] = {
        "delivered": [story.delivered()],
        "returned": [story.delivered(), story.returned()],
        "failed, nothing sent": [story.failed(nothing_sent=True)],
        "failed, perhaps sent": [story.failed(nothing_sent=False)],
        "under way": [],
    }
    if ends[end]:
        await world.handle(*ends[end])


async def test_a_number_is_free_again_only_where_nothing_of_it_counts(world: World) -> None:
    freeing = {"refused", "returned", "failed, nothing sent", "cancelled"}
    async with world.client("office") as http:
        for end in [*sorted(freeing), "delivered", "failed, perhaps sent", "under way"]:
            identifier = await submit(http, end)
            if end == "cancelled":
                assert (await http.post(f"{PATH}/{identifier}/cancel")).status_code == 200
            else:
                await _ended(world, await story_of(world, identifier), end)
            again = await http.post(PATH, json=invoice(end), headers=headers(ALFA))
            if end in freeing:
                assert again.status_code == 202, end
                assert again.json()["transaction_id"] != identifier
                once_more = await http.post(PATH, json=invoice(end), headers=headers(ALFA))
                assert once_more.json()["transaction_id"] == again.json()["transaction_id"], "the new one holds it"
            else:
                assert again.status_code == 409, end
                assert again.json()["transaction_id"] == identifier


async def test_what_came_late_takes_no_number_back(world: World) -> None:
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
        await world.handle(story.ready(), story.ordered_by_ftp(), story.failed(nothing_sent=True))
        assert (await http.post(PATH, json=invoice("1"), headers=headers(ALFA))).status_code == 202
        await world.handle(story.delivered())
    assert len(await world.sql("SELECT id FROM transaction WHERE holds_number")) == 1


async def test_a_key_is_kept_three_days_and_more(world: World) -> None:
    assert timedelta(hours=72) <= KEPT
    same = headers(ALFA, key="k")
    async with world.client("office") as http:
        first = await http.post(PATH, json=invoice(), headers=same)
        await Housekeeping(world.database).clean(world.clock() + timedelta(hours=73))
        again = await http.post(PATH, json=invoice(), headers=same)
    assert again.content == first.content
