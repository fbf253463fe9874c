"""Cancelling, as the sender's ERP asks for it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from gateway.releaser import Releaser
from gateway.store import releases
from hub.ids import uuid7
from hub.parties import Channel, Initiator
from hub.pipeline import Cancelled, CancelRequested, DeliveryCancelRequested, Event, InvoiceSubmitted
from tests.gateway.happenings import Story, inbound_story, received, story_of
from tests.gateway.test_following import PATH, feed, submit
from tests.gateway.world import ALFA, OFFICE, World, headers, invoice, settings
from tests.hub.transport import waits_for_lock


@pytest.fixture
def releaser(world: World, tmp_path: object) -> Releaser:
    return Releaser(world.database, settings(world.database, tmp_path))  # type: ignore[arg-type]


async def cancel(http: AsyncClient, identifier: object) -> tuple[int, str]:
    answer = await http.post(f"{PATH}/{identifier}/cancel")
    body = answer.json()
    if answer.status_code < 300:
        assert body["transaction_id"] == str(identifier)
        assert body["links"]["self"] == f"{PATH}/{identifier}"
    return answer.status_code, body["status"] if answer.status_code < 300 else body["type"].rpartition(":")[2]


async def shown(http: AsyncClient, identifier: object) -> dict[str, Any]:
    return dict((await http.get(f"{PATH}/{identifier}")).json())


async def emitted(world: World, *kinds: type[Event]) -> list[Event]:
    return [event for event in await world.emitted() if isinstance(event, kinds)]


async def released(world: World, releaser: Releaser, http: AsyncClient) -> Story:
    identifier = await submit(http)
    assert await releaser.release(world.clock()) == 1
    return await story_of(world, identifier)


async def test_what_still_waits_is_cancelled_at_once_and_never_released(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        identifier, other = await submit(http, "1"), await submit(http, "2")
        assert await cancel(http, identifier) == (200, "cancelled")
        assert await cancel(http, identifier) == (200, "cancelled")
        transaction = await shown(http, identifier)
        entries = await feed(http)
        again = await http.post(PATH, json=invoice("1"), headers=headers(ALFA))
    assert transaction["status"] == "cancelled"
    assert [step["status"] for step in transaction["timeline"]] == ["accepted", "cancelled"]
    assert transaction["timeline"][1]["requested_by"] == {"kind": "office", "organisation_number": OFFICE}
    assert [(entry["type"], entry["transaction_id"]) for entry in entries] == [("transaction.cancelled", identifier)]
    assert again.status_code == 202  # its number is free
    assert await releaser.release(world.clock()) == 2
    assert identifier not in {str(event.transaction_id) for event in await emitted(world, InvoiceSubmitted)}  # type: ignore[attr-defined]
    assert other in {str(event.transaction_id) for event in await emitted(world, InvoiceSubmitted)}  # type: ignore[attr-defined]


async def test_its_end_is_told_to_all_as_any_other_and_changes_nothing_here(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
        await cancel(http, identifier)
        [event] = await emitted(world, Cancelled)
        before = await shown(http, identifier)
        await world.handle(event)
        after = await shown(http, identifier)
        assert len(await feed(http)) == 1
    assert before["timeline"] == after["timeline"]
    assert after["status"] == "cancelled"


async def test_a_cancelled_transaction_waits_for_no_verdict(world: World, tmp_path: object) -> None:
    releaser = Releaser(world.database, settings(world.database, tmp_path, in_flight=1))  # type: ignore[arg-type]
    async with world.client("office") as http:
        await cancel(http, await submit(http, "1"))
        await submit(http, "2")
    assert await releaser.release(world.clock()) == 1


async def test_what_is_under_way_is_asked_to_stop_and_asking_again_is_the_same_request(
    world: World, releaser: Releaser
) -> None:
    async with world.client("office") as http:
        story = await released(world, releaser, http)
        assert await cancel(http, story.id) == (202, "cancelling")
        assert await cancel(http, story.id) == (202, "cancelling")
        first, second = await emitted(world, CancelRequested)
        assert isinstance(first, CancelRequested)
        assert (first.parties, first.install, first.key) == (story.parties, world.ids["office"], str(story.id))
        assert first.requested_by == Initiator(kind="office", organisation_number=OFFICE)
        assert first.id == second.id
        await world.handle(cancelled(story))
        assert await cancel(http, story.id) == (200, "cancelled")
        assert (await http.post(PATH, json=invoice("1"), headers=headers(ALFA))).status_code == 202


async def test_after_another_attempt_a_request_is_a_new_one(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        story = await released(world, releaser, http)
        await cancel(http, story.id)
        await world.handle(story.ready(), story.ordered_by_ftp(), story.retrying())
        assert await cancel(http, story.id) == (202, "cancelling")
    first, second = await emitted(world, CancelRequested)
    assert first.id != second.id


def cancelled(story: Story) -> Cancelled:
    return Cancelled.caused(story.id, "x", story.begins, parties=story.parties, leg=1, attempt=0)


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        ("delivered", "kreditnota"),
        ("perhaps sent", "kan ha fått"),
        ("nothing sent", "brukes på nytt"),
        ("refused", "brukes på nytt"),
        ("returned", "brukes på nytt"),
    ],
)
async def test_what_has_ended_is_told_with_what_to_do_instead(
    world: World, releaser: Releaser, ending: str, says: str
) -> None:
    async with world.client("office") as http:
        story = await released(world, releaser, http)
        endings: dict[str, list[Event]] = {
            "delivered": [story.ready(), story.delivered()],
            "perhaps sent": [story.ready(), story.failed(nothing_sent=False)],
            "nothing sent": [story.ready(), story.failed(nothing_sent=True)],
            "refused": [story.refused()],
            "returned": [story.ready(), story.delivered(), story.returned()],
        }
        await world.handle(*endings[ending])
        before = await shown(http, story.id)
        answer = await http.post(f"{PATH}/{story.id}/cancel")
        after = await shown(http, story.id)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:sentral:problem:already-ended"
    assert says in answer.json()["detail_nb"]
    assert before == after
    assert await emitted(world, CancelRequested, Cancelled) == []


async def test_a_document_from_outside_is_not_the_recipients_to_cancel(world: World) -> None:
    story = await inbound_story(world, uuid7(world.clock()))
    await world.handle(received(story), story.ordered())
    async with world.client("delta") as http:
        assert await cancel(http, story.id) == (409, "cancel-inbound")


async def test_others_transactions_cannot_be_cancelled_and_answer_as_none(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
    async with world.client("gamma") as http:
        theirs, nobodys = [await http.post(f"{PATH}/{one}/cancel") for one in (identifier, uuid4())]
    async with world.client("delta") as http:  # its recipient
        assert (await http.post(f"{PATH}/{identifier}/cancel")).status_code == 404
    assert theirs.status_code == 404
    assert theirs.content == nobodys.content
    async with world.client("office") as http:
        assert (await shown(http, identifier))["status"] == "accepted"


async def test_a_request_to_an_inbox_that_has_the_document_is_ignored(world: World) -> None:
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
        await world.handle(story.ready(), story.ordered())
        stop = DeliveryCancelRequested.caused(
            story.id,
            "x",
            story.begins,
            "1",
            parties=story.parties,
            leg=1,
            channel=Channel.INBOX,
            requested_by=story.parties.initiator,
        )
        before = await shown(http, story.id)
        assert await world.handle(stop) == []
        assert (await shown(http, story.id))["timeline"] == before["timeline"]
    assert len(await world.sql("SELECT 1 FROM inbox_item WHERE transaction_id = :id", id=story.id)) == 1


async def test_a_release_that_finds_it_cancelled_meanwhile_lets_nothing_go(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
        async with world.database.begin() as connection:
            waiting = await releases.next_waiting(connection, 5, releases.FIRST)
            assert await cancel(http, identifier) == (200, "cancelled")
            _, rows = await releases.release(connection, [row.id for row in waiting], world.clock())
    assert [row.id for row in waiting] == [UUID(identifier)]
    assert rows == []


async def test_a_cancellation_that_waits_for_a_release_asks_for_a_stop(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
        async with world.database.begin() as connection:
            await releases.release(connection, [UUID(identifier)], world.clock())
            asking = await waits_for_lock(world.database, cancel(http, identifier))
        assert await asking == (202, "cancelling")


async def test_whatever_the_race_with_the_releaser_it_is_released_or_cancelled(
    world: World, releaser: Releaser
) -> None:
    async with world.client("office") as http:
        identifiers = [await submit(http, str(number)) for number in range(40)]
        answers, _ = await asyncio.gather(
            asyncio.gather(*(cancel(http, one) for one in identifiers)), releaser.release(world.clock())
        )
        await releaser.release(world.clock())
    let_go = {str(event.transaction_id) for event in await emitted(world, InvoiceSubmitted)}  # type: ignore[attr-defined]
    stopped = {one for one, (status, _) in zip(identifiers, answers, strict=True) if status == 200}
    assert let_go | stopped == set(identifiers)
    assert let_go & stopped == set()


async def test_the_description_tells_both_answers(world: World) -> None:
    async with world.client("office") as http:
        paths = (await http.get("/v1/openapi.json")).json()["paths"]
    responses = paths[f"{PATH}/{{transaction_id}}/cancel"]["post"]["responses"]
    assert {"200", "202", "409"} <= set(responses)
