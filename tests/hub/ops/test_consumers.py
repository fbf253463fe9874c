"""Consumers stand still when told to, through restarts, and go on after a loss by an operator's word only."""

import asyncio
import secrets
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from hub import consumer, metrics
from hub.health import Part
from hub.instances import SILENT_AFTER, Instance
from hub.ops.desk import Desk
from hub.pauses import Pauses
from hub.pipeline import INVOICE_VALIDATED
from tests.conftest import DatabaseOf, Servers
from tests.hub.ops.office import office
from tests.hub.transport import Recorder, Transport, handled, publish, refusal, running, until


@pytest.fixture
async def transport(servers: Servers, database_of: DatabaseOf) -> Transport:
    made = Transport(await database_of("recorder"), servers.kafka, f"t{secrets.token_hex(4)}.")
    await made.prepare()
    return made


async def until_handled(transport: Transport, count: int) -> None:
    async def enough() -> bool:
        return len(await handled(transport.database)) >= count

    await until(enough, f"{count} handled")


async def test_a_paused_consumer_handles_nothing_through_a_restart_until_it_is_resumed(transport: Transport) -> None:
    recorder = Recorder()
    pauses = Pauses(transport.database)
    first = transport.consumer(recorder, pauses=pauses)
    desk = Desk("recorder", transport.database, pauses=pauses, consumers=[first])
    async with office(desk) as at, running(transport.relay().run, pauses.run):
        async with running(first.run):
            await publish(transport.database, [refusal() for _ in range(5)])
            await until_handled(transport, 5)
            for _ in range(2):
                await at.post("/consumers/recorder/pause", reason="the disk is full")
            await publish(transport.database, [refusal() for _ in range(5)])
            await asyncio.sleep(2 * consumer.IDLE_SECONDS)
            (shown,) = (await at.get("/consumers"))["consumers"]
            assert (shown["running"], shown["lag"]) == (True, 5)
            assert (shown["paused"]["by"], shown["paused"]["reason"]) == ("kari", "the disk is full")
        again = Pauses(transport.database)
        async with running(again.run, transport.consumer(recorder, pauses=again).run):
            await asyncio.sleep(3 * consumer.IDLE_SECONDS)
            assert len(await handled(transport.database)) == 5
            await at.post("/consumers/recorder/resume")
            await until_handled(transport, 10)
        assert [entry["action"] for entry in await at.audit()] == ["consumer.pause", "consumer.resume"]
        assert "there are recorder" in (await at.post("/consumers/other/pause", status=404))["title"]


async def test_a_lag_that_nobody_can_tell_is_no_zero(transport: Transport) -> None:
    stopped = transport.consumer(Recorder())
    async with office(Desk("recorder", transport.database, consumers=[stopped])) as at:
        queues = {queue["queue"]: queue for queue in (await at.get("/queues"))["queues"]}
    assert queues["consumer recorder"]["depth"] is None


async def test_a_lost_position_is_shown_and_goes_on_by_an_operators_word(transport: Transport) -> None:
    async with transport.database.begin() as connection:
        await connection.execute(
            text("INSERT INTO position SELECT 'recorder', :topic, p, -7 FROM generate_series(0, 2) AS p"),
            {"topic": INVOICE_VALIDATED.name},
        )
    stopped = transport.consumer(Recorder())
    desk = Desk("recorder", transport.database, consumers=[stopped])
    gauge = metrics.CONSUMER_STOPPED.labels("recorder")
    gauge.set(0)
    began = datetime.now(UTC)

    async def lost() -> bool:
        return bool(gauge._value.get())

    async with office(desk) as at, running(transport.relay().run, stopped.run):
        await publish(transport.database, [refusal() for _ in range(5)])
        await until(lost, "the consumer stopped")
        (shown,) = (await at.get("/consumers"))["consumers"]
        assert shown["running"] is False
        assert [(one["partition"], one["next"], one["begins_at"]) for one in shown["lost"]] == [
            (number, -7, 0) for number in range(3)
        ]
        await at.post("/consumers/recorder/skip-to-beginning", status=422)
        skipped = await at.post("/consumers/recorder/skip-to-beginning", reason="the topic was made anew")
        assert [(one["from"], one["to"]) for one in skipped["skipped"]] == [(-7, 0)] * 3
        await until_handled(transport, 5)
        assert (await at.post("/consumers/recorder/skip-to-beginning", reason="again"))["skipped"] == []
        (entry,) = await at.audit()
    assert (entry["action"], entry["reason"]) == ("consumer.skip", "the topic was made anew")
    assert len(entry["detail"]["skipped"]) == 3
    assert datetime.fromisoformat(entry["at"]) >= began
    assert not gauge._value.get()


async def test_every_instance_tells_of_all_what_they_lack_and_which_has_gone_silent(transport: Transport) -> None:
    works, waits = Part("consumer recorder"), Part("consumer recorder")
    works.works()
    waits.waits("it has no disk")
    here, there = Instance(transport.database, 0, [works]), Instance(transport.database, 1, [waits])
    gone = Instance(transport.database, 2, [waits])
    for instance in (here, there, gone):
        await instance.note()
    async with transport.database.begin() as connection:
        past = datetime.now(UTC) - 2 * SILENT_AFTER
        await connection.execute(text("UPDATE instance SET seen_at = :past WHERE ordinal = 2"), {"past": past})
    watched = transport.consumer(Recorder())
    watched.part.works()
    async with office(Desk("recorder", transport.database, consumers=[watched], instance=here)) as at:
        told = (await at.get("/instances"))["instances"]
        (consumer,) = (await at.get("/consumers"))["consumers"]
    assert [(one["ordinal"], one["silent"]) for one in told] == [(0, False), (1, False), (2, True)]
    assert [one["parts"][0]["lacks"] for one in told] == [None, "it has no disk", "it has no disk"]
    assert (consumer["running"], consumer["lacks"]) == (False, "it has no disk")
    assert [(one["instance"], one["running"]) for one in consumer["instances"]] == [(0, True), (1, False)]
