"""Parked messages are seen with their evidence, replayed in order and harmlessly, or discarded with a reason."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hub import parking, replayer
from hub.errors import TryLater
from hub.messages import Message, encode
from hub.ops.desk import Desk
from hub.pauses import Kind, Pauses, pause
from hub.pipeline import TransactionEvent
from hub.replayer import Replayer
from tests.conftest import DatabaseOf
from tests.hub.ops.office import Office, office
from tests.hub.transport import Recorder, Transport, handled, parked_states, refusal, running, until


def raise_(error: BaseException) -> None:
    raise error


def broken(text: str = "a bug") -> ZeroDivisionError:
    """An error with a traceback, always raised in the same place."""
    try:
        raise_(ZeroDivisionError(text))
    except ZeroDivisionError as error:
        return error
    raise AssertionError


def broken_elsewhere() -> KeyError:
    try:
        raise_(KeyError("other"))
    except KeyError as error:
        return error
    raise AssertionError


@dataclass
class Place:
    """The recorder's parking place, its replayer, and an operator beside it."""

    at: Office
    desk: Desk
    recorder: Recorder = field(default_factory=Recorder)

    async def park(self, *items: tuple[TransactionEvent, BaseException | None]) -> list[int]:
        async with self.desk.database.begin() as connection:
            before = await self._seqs(connection)
            parked = [(event.id, encode(event, "/x"), error) for event, error in items]
            await parking.park(connection, "recorder", parked)
            return sorted(await self._seqs(connection) - before)

    @staticmethod
    async def _seqs(connection: Any) -> set[int]:
        return set((await connection.execute(text("SELECT seq FROM parked"))).scalars())

    async def causes(self) -> list[dict[str, Any]]:
        return list((await self.at.get("/parked"))["causes"])

    @asynccontextmanager
    async def replaying(self, pauses: Pauses | None = None) -> AsyncIterator[None]:
        async with running(Replayer(self.recorder, self.desk.database, lambda: None, pauses).run):
            yield

    async def until_handled(self, count: int) -> list[UUID]:
        async def enough() -> bool:
            return len(await handled(self.desk.database)) >= count

        await until(enough, f"{count} handled")
        return await handled(self.desk.database)


@pytest.fixture
async def place(database_of: DatabaseOf) -> AsyncIterator[Place]:
    database = await database_of("recorder")
    await Transport(database, "", "").make_table()
    desk = Desk("recorder", database)
    async with office(desk) as at:
        yield Place(at, desk)


async def test_what_is_parked_is_grouped_by_cause_with_what_waits_behind(place: Place) -> None:
    first = refusal()
    await place.park((first, broken("one")), (refusal(first.transaction_id), None), (refusal(), broken("two")))
    await place.park((refusal(), broken_elsewhere()), (refusal(), TryLater("not yet")))
    bug, other, later = await place.causes()
    assert (bug["consumer"], bug["dead"], bug["waiting"], bug["error_class"]) == ("recorder", 2, 1, "ZeroDivisionError")
    assert bug["sample"] == "ZeroDivisionError: one"
    assert datetime.fromisoformat(bug["oldest"]) <= datetime.fromisoformat(bug["newest"])
    assert (other["dead"], later["retry"]) == (1, 1)
    page = await place.at.get(f"/parked?cause={bug['cause']}&limit=2")
    assert [message["state"] for message in page["parked"]] == ["dead", "waiting"]
    rest = await place.at.get(f"/parked?cause={bug['cause']}&after={page['next']}")
    assert [message["error"] for message in rest["parked"]] == ["ZeroDivisionError: two"]


async def test_one_message_is_shown_with_all_its_evidence(place: Place) -> None:
    event = refusal()
    seq, behind = await place.park((event, broken()), (refusal(event.transaction_id), None))
    shown = await place.at.get(f"/parked/{seq}")
    assert shown["event_id"] == str(event.id)
    assert shown["headers"]["ce_type"] == event.type
    assert shown["body"]["transaction_id"] == str(event.transaction_id)
    assert (shown["attempts"], shown["error_text"], shown["waiting_behind"]) == (1, "ZeroDivisionError: a bug", 1)
    assert "raise_(ZeroDivisionError(text))" in shown["error_traceback"]
    assert (await place.at.get(f"/parked/{behind}"))["waits_for"] == seq
    await place.at.get("/parked/999", status=404)


async def test_a_message_that_is_no_json_is_shown_all_the_same(place: Place) -> None:
    event = refusal()
    async with place.desk.database.begin() as connection:
        message = Message("t", "k", {}, b"{not \xff json")
        await parking.park(connection, "recorder", [(event.id, message, broken())])
    (seq,) = [message["seq"] for message in (await place.at.get("/parked?state=dead"))["parked"]]
    assert (await place.at.get(f"/parked/{seq}"))["body"] == "{not \ufffd json"


async def test_a_replay_keeps_the_event_and_its_order_and_is_harmless_when_repeated(place: Place) -> None:
    first = refusal()
    second, third = refusal(first.transaction_id), refusal(first.transaction_id)
    seq, waiting, _ = await place.park((first, broken()), (second, None), (third, None))
    refused = await place.at.post(f"/parked/{waiting}/replay", status=409)
    assert f"waits for {seq}" in refused["title"]
    for _ in range(2):
        assert (await place.at.post(f"/parked/{seq}/replay"))["state"] == "retry"
    async with place.replaying():
        assert await place.until_handled(3) == [first.id, second.id, third.id]
    assert (await place.at.post(f"/parked/{seq}/replay"))["state"] == "replayed"
    async with place.replaying():
        pass
    assert len(await handled(place.desk.database)) == 3
    (entry, *_) = await place.at.audit()
    assert (entry["actor"], entry["role"], entry["action"], entry["target"]) == (
        "kari",
        "operator",
        "parked.replay",
        str(seq),
    )
    assert (entry["detail"]["event_id"], entry["detail"]["was"]) == (str(first.id), "dead")


async def test_a_replay_that_fails_again_is_dead_again_with_its_new_error(place: Place) -> None:
    (seq,) = await place.park((refusal(), TryLater("not yet")))

    def fail(_event: TransactionEvent) -> None:
        raise KeyError("still")

    place.recorder.fail = fail
    await place.at.post(f"/parked/{seq}/replay")

    async def dead() -> bool:
        return await parked_states(place.desk.database) == ["dead"]

    async with place.replaying():
        await until(dead, "it failed again")
    shown = await place.at.get(f"/parked/{seq}")
    assert (shown["attempts"], shown["error_class"]) == (2, "KeyError")
    assert 'raise KeyError("still")' in shown["error_traceback"]


async def test_a_discard_needs_a_reason_and_lets_the_next_of_its_transaction_go_on(place: Place) -> None:
    first = refusal()
    second = refusal(first.transaction_id)
    seq, _ = await place.park((first, broken()), (second, None))
    await place.at.post(f"/parked/{seq}/discard", status=422)
    for _ in range(2):
        await place.at.post(f"/parked/{seq}/discard", reason="sent twice by a test")
    async with place.replaying():
        assert await place.until_handled(1) == [second.id]
    assert await parked_states(place.desk.database) == ["discarded", "replayed"]
    (entry,) = await place.at.audit()
    assert (entry["action"], entry["reason"]) == ("parked.discard", "sent twice by a test")
    assert "was discarded" in (await place.at.post(f"/parked/{seq}/replay", status=409))["title"]


async def test_a_message_that_was_handled_cannot_be_discarded(place: Place) -> None:
    (seq,) = await place.park((refusal(), broken()))
    await place.at.post(f"/parked/{seq}/replay")
    async with place.replaying():
        await place.until_handled(1)
    assert "was replayed" in (await place.at.post(f"/parked/{seq}/discard", reason="x", status=409))["title"]


async def test_a_whole_cause_is_replayed_at_a_rate_that_a_restart_keeps(place: Place) -> None:
    await place.park(*[(refusal(), broken()) for _ in range(5)], (refusal(), broken_elsewhere()))
    (bug, _) = await place.causes()
    asked = {"consumer": "recorder", "cause": bug["cause"], "rate": 0.5}
    counted = await place.at.post("/parked/replay", **asked, expected=4, status=409)
    assert (counted["count"], (await place.causes())[0]["retry"]) == (5, 0)
    assert await place.at.post("/parked/replay", **asked, expected=5) == {"replaying": 5, "seconds": 10.0}
    due = [
        datetime.fromisoformat(message["next_at"])
        for message in (await place.at.get(f"/parked?cause={bug['cause']}"))["parked"]
    ]
    assert [(later - due[0]).total_seconds() for later in due] == [0, 2, 4, 6, 8]
    async with place.replaying():
        await place.until_handled(1)
    await place.at.post("/parked/replay", consumer="recorder", cause=bug["cause"], rate=1000, expected=4)
    async with place.replaying():
        await place.until_handled(5)
    assert await parked_states(place.desk.database) == ["replayed"] * 5 + ["dead"]
    assert [entry["detail"]["count"] for entry in await place.at.audit()] == [5, 4]


async def test_a_whole_cause_is_discarded_and_what_waits_behind_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.ops.parked.AT_ONCE", 2)
    firsts = [refusal() for _ in range(5)]
    await place.park(*[(event, broken()) for event in firsts])
    behind = refusal(firsts[3].transaction_id)
    await place.park((behind, None))
    (bug,) = await place.causes()
    asked = {"consumer": "recorder", "cause": bug["cause"], "expected": 5}
    await place.at.post("/parked/discard", **asked, status=422)
    assert await place.at.post("/parked/discard", **asked, reason="a test's own") == {"discarded": 5}
    async with place.replaying():
        assert await place.until_handled(1) == [behind.id]
    audited = await place.at.audit()
    assert [entry["detail"]["count"] for entry in audited] == [2, 2, 1]
    assert {entry["reason"] for entry in audited} == {"a test's own"}


async def test_the_replayer_of_a_paused_consumer_stands_still(place: Place) -> None:
    (seq,) = await place.park((refusal(), broken()))
    async with place.desk.database.begin() as connection:
        await pause(connection, Kind.CONSUMER, "recorder", by="kari", reason=None, now=datetime.now(UTC))
    pauses = Pauses(place.desk.database)
    assert pauses.hold(Kind.CONSUMER, "another")  # nobody knows yet
    await pauses.look()
    assert not pauses.hold(Kind.CONSUMER, "another")
    await place.at.post(f"/parked/{seq}/replay")
    async with place.replaying(pauses):
        await asyncio.sleep(3 * replayer.POLL_SECONDS)
        assert await handled(place.desk.database) == []
        async with place.desk.database.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM paused")
        await pauses.look()
        await place.until_handled(1)
