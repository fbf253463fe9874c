"""Events go from an outbox through Kafka to a handler: none lost, none handled twice, order kept per key."""

import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from hub import beliefs, kafka, metrics, positions
from hub.errors import TryLater, Unavailable
from hub.ids import uuid7
from hub.messages import encode
from hub.outbox import Relay
from hub.pipeline import INVOICE_VALIDATED, Event, TransactionEvent
from hub.stack.process import free_ports
from tests.conftest import DatabaseOf, Servers
from tests.hub.transport import (
    Recorder,
    Transport,
    drained,
    handled,
    parked_states,
    publish,
    refusal,
    running,
    until,
)


@pytest.fixture
async def transport(servers: Servers, database_of: DatabaseOf) -> Transport:
    made = Transport(await database_of("recorder"), servers.kafka, f"t{secrets.token_hex(4)}.")
    await made.prepare()
    return made


async def settled(transport: Transport, count: int) -> None:
    async def enough() -> bool:
        return len(await handled(transport.database)) >= count

    await until(enough, f"{count} events handled")


async def test_events_are_handled_once_and_in_order_within_a_key(transport: Transport) -> None:
    keys = [uuid7(datetime.now(UTC)) for _ in range(5)]
    events = [refusal(keys[number % 5]) for number in range(200)]
    recorder = Recorder()
    async with running(transport.relay().run, transport.consumer(recorder).run):
        await publish(transport.database, events)
        await settled(transport, 200)
    done = await handled(transport.database)
    assert sorted(done) == sorted(event.id for event in events)
    for key in keys:
        of_key = [event.id for event in events if event.transaction_id == key]
        assert [identifier for identifier in done if identifier in set(of_key)] == of_key


async def test_the_outbox_is_empty_after_the_broker_acked(transport: Transport) -> None:
    async with running(transport.relay().run):
        await publish(transport.database, [refusal() for _ in range(10)])
        await until(lambda: drained(transport.database), "outbox emptied")


async def test_a_replayed_event_changes_nothing(transport: Transport) -> None:
    event = refusal()
    recorder = Recorder()
    async with running(transport.relay().run, transport.consumer(recorder).run):
        for _ in range(3):
            await publish(transport.database, [event])
        last = refusal()
        await publish(transport.database, [last])
        await settled(transport, 2)
    assert sorted(await handled(transport.database)) == sorted([event.id, last.id])


async def test_a_successor_goes_on_where_the_database_says(transport: Transport) -> None:
    recorder = Recorder()
    async with running(transport.relay().run):
        await publish(transport.database, [refusal() for _ in range(20)])
        async with running(transport.consumer(recorder).run):
            await settled(transport, 20)
        await publish(transport.database, [refusal() for _ in range(20)])
        async with running(transport.consumer(recorder).run):
            await settled(transport, 40)
    assert len(await handled(transport.database)) == 40


async def test_what_cannot_go_on_now_is_parked_and_replayed_while_others_pass(transport: Transport) -> None:
    stuck = refusal()
    behind = refusal(stuck.transaction_id)
    other = refusal()
    failing = [True]

    def fail(event: TransactionEvent) -> None:
        if failing[0] and event.id == stuck.id:
            raise TryLater("the register is behind", after=timedelta(milliseconds=50))

    recorder = Recorder(fail)
    async with running(transport.relay().run, transport.consumer(recorder).run):
        await publish(transport.database, [stuck, behind, other])
        await settled(transport, 1)
        assert await handled(transport.database) == [other.id]
        assert await parked_states(transport.database) == ["retry", "waiting"]
        failing[0] = False
        async with running(transport.replayer(recorder).run):
            await settled(transport, 3)
    assert await handled(transport.database) == [other.id, stuck.id, behind.id]
    assert await parked_states(transport.database) == ["replayed", "replayed"]


async def test_a_bug_parks_its_message_at_once_and_the_batch_goes_on(transport: Transport) -> None:
    events = [refusal() for _ in range(30)]
    poison = events[17]

    def break_write(batch: list[Event]) -> None:
        if any(event.id == poison.id for event in batch):
            raise ZeroDivisionError("a bug")

    recorder = Recorder()
    recorder.break_write = break_write  # type: ignore[assignment]
    async with running(transport.relay().run, transport.consumer(recorder).run):
        await publish(transport.database, events)
        await settled(transport, 29)
    assert poison.id not in await handled(transport.database)
    assert await parked_states(transport.database) == ["dead"]


async def test_an_unavailable_world_parks_nothing(transport: Transport) -> None:
    calls = [0]

    def fail(_event: TransactionEvent) -> None:
        calls[0] += 1
        if calls[0] < 3:
            raise Unavailable("the look-up is down")

    recorder = Recorder(fail)
    async with running(transport.relay().run, transport.consumer(recorder).run):
        await publish(transport.database, [refusal()])
        await settled(transport, 1)
    assert await parked_states(transport.database) == []


async def test_a_malformed_message_is_parked_with_its_evidence(transport: Transport) -> None:
    message = encode(refusal(), "/sentral/test")
    producer = await kafka.start_producer(transport.kafka)
    headers = [(name, value.encode()) for name, value in message.headers.items()]
    topic = transport.prefix + INVOICE_VALIDATED.name
    await producer.send_and_wait(topic, b"{not json", key=b"a", headers=headers)
    await producer.send_and_wait(topic, b"x", key=b"b", headers=[])
    await kafka.stop_producer(producer)

    async def both() -> bool:
        return await parked_states(transport.database) == ["dead", "dead"]

    async with running(transport.consumer(Recorder()).run):
        await until(both, "both malformed messages parked")
    causes = text("SELECT error_fingerprint FROM parked ORDER BY seq")
    async with transport.database.begin() as connection:
        before = (await connection.execute(causes)).scalars().all()
        await connection.execute(text("UPDATE parked SET state = 'retry', next_at = parked_at"))
    assert await transport.replayer(Recorder()).replay_due() == 0
    assert await both()
    async with transport.database.begin() as connection:
        assert (await connection.execute(causes)).scalars().all() == before


async def test_a_lost_position_stops_the_consumer_before_it_handles_anything(transport: Transport) -> None:
    async with transport.database.begin() as connection:
        await connection.execute(
            text("INSERT INTO position SELECT 'recorder', :topic, p, -1 FROM generate_series(0, 2) AS p"),
            {"topic": INVOICE_VALIDATED.name},
        )
    recorder = Recorder()
    consumer = transport.consumer(recorder)
    async with running(transport.relay().run, consumer.run):
        await publish(transport.database, [refusal()])

        async def stopped() -> bool:
            return bool(metrics.CONSUMER_STOPPED.labels("recorder")._value.get())

        await until(stopped, "the consumer stopped")
    assert await handled(transport.database) == []


async def test_connections_that_the_database_cut_are_made_anew(transport: Transport) -> None:
    recorder = Recorder()
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"
    )
    relay, consumer = transport.relay(), transport.consumer(recorder)
    async with running(relay.run, consumer.run, transport.replayer(recorder).run) as tasks:
        for done in (20, 40, 60):
            events = [refusal() for _ in range(20)]
            with suppress(Unavailable):  # the pool hands out one that was cut, once
                await publish(transport.database, events)
            await publish(transport.database, events)
            await settled(transport, done)
            assert len(await handled(transport.database)) == done
            async with transport.database.begin() as connection:
                await connection.execute(cut, {"name": transport.database.engine.url.database})
        assert not [task for task in tasks if task.done()]


async def test_a_relay_that_cannot_reach_the_broker_keeps_no_other_from_publishing(transport: Transport) -> None:
    (nobody,) = free_ports([], 1)
    cut_off = Relay(transport.database, f"127.0.0.1:{nobody}", transport.prefix)
    with pytest.raises(Unavailable):
        await cut_off._lead()
    await publish(transport.database, [refusal()])
    async with running(transport.relay().run, transport.consumer(Recorder()).run):
        await settled(transport, 1)


async def test_a_log_that_was_replaced_is_read_from_its_beginning(transport: Transport) -> None:
    async with transport.database.begin() as connection:
        await connection.execute(
            text("INSERT INTO position SELECT 'recorder', :topic, p, 1000 FROM generate_series(0, 2) AS p"),
            {"topic": INVOICE_VALIDATED.name},
        )
    recorder = Recorder()
    async with running(transport.relay().run):
        await publish(transport.database, [refusal() for _ in range(20)])
        for done in (20, 40):
            async with running(transport.consumer(recorder).run):
                await settled(transport, done)
            await publish(transport.database, [refusal() for _ in range(20)])


async def test_a_log_that_was_replaced_and_has_grown_beyond_the_position_stops_the_consumer(
    transport: Transport,
) -> None:
    key = uuid7(datetime.now(UTC))  # one partition
    recorder = Recorder()
    gauge = metrics.CONSUMER_STOPPED.labels("recorder")
    gauge.set(0)

    async def stopped() -> bool:
        return bool(gauge._value.get())

    async with running(transport.relay().run):
        await publish(transport.database, [refusal(key) for _ in range(5)])
        async with running(transport.consumer(recorder).run):
            await settled(transport, 5)
    await transport.replace_topic()
    async with running(transport.relay().run):
        await publish(transport.database, [refusal(key) for _ in range(8)])
        await until(lambda: drained(transport.database), "the log has grown")  # one that is still shorter is read anew
        async with running(transport.consumer(recorder).run):
            await until(stopped, "the consumer stopped")
            assert len(await handled(transport.database)) == 5
            async with transport.database.begin() as connection:
                (gone,) = await positions.skip_lost(connection, "recorder")
            assert (gone.next, gone.begins_at) == (5, 0)
            await settled(transport, 13)


@pytest.mark.parametrize("something_comes", [True, False], ids=["something comes in", "nothing comes in"])
async def test_a_database_that_is_set_back_under_a_running_consumer_has_what_came_since_handled_again(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, something_comes: bool
) -> None:
    monkeypatch.setattr(beliefs, "LOOK_SECONDS", 3600 if something_comes else 0.1)
    keys = [uuid7(datetime.now(UTC)) for _ in range(10)]
    async with running(transport.relay().run, transport.consumer(Recorder()).run):
        await publish(transport.database, [refusal(key) for key in keys])
        await settled(transport, 10)
        async with transport.database.begin() as connection:
            older = (await connection.execute(text("SELECT * FROM position"))).mappings().all()
        await publish(transport.database, [refusal(key) for key in keys])
        await settled(transport, 20)
        since = (await handled(transport.database))[10:]
        async with transport.database.begin() as connection:
            await connection.execute(text("DELETE FROM handled WHERE event_id = ANY(:ids)"), {"ids": since})
            await connection.execute(text("DELETE FROM inbox WHERE event_id = ANY(:ids)"), {"ids": since})
            await connection.execute(text("DELETE FROM position"))
            for row in older:
                await connection.execute(
                    text("INSERT INTO position VALUES (:consumer, :topic, :partition, :next, :last_event)"), dict(row)
                )
        if something_comes:
            await publish(transport.database, [refusal(key) for key in keys])
        await settled(transport, 30 if something_comes else 20)
    assert set(since) <= set(await handled(transport.database))
