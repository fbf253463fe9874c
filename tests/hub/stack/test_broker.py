import asyncio
import socket
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from hub.pipeline import Topic
from hub.stack import process
from hub.stack.broker import Broker
from hub.stack.errors import StackError
from hub.stack.provision import create_topics

TOPIC = Topic(name="stack.test", partitions=2, config={"retention.ms": "86400000"})


async def _send(broker: Broker, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    await producer.start()
    await producer.send_and_wait("stack.test", value, partition=0)
    await producer.stop()


async def _read(broker: Broker, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition("stack.test", 0)])
    values = [(await asyncio.wait_for(consumer.getone(), 20)).value for _ in range(count)]
    await consumer.stop()
    return values


async def test_messages_and_port_survive_a_kill_and_a_restart(kafka: Broker) -> None:
    before = kafka.bootstrap
    await create_topics(before, [TOPIC])
    await create_topics(before, [TOPIC])  # twice: what exists stays
    await _send(kafka, b"before the kill")
    kafka.kill()
    assert kafka.pid is None
    await kafka.start()
    await _send(kafka, b"before the stop")
    await kafka.stop()
    await kafka.start()
    assert kafka.bootstrap == before
    assert await _read(kafka, 2) == [b"before the kill", b"before the stop"]


async def test_the_broker_listens_on_the_local_machine_only(kafka: Broker) -> None:
    assert kafka.pid is not None
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(kafka.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


async def test_the_log_says_that_the_broker_started(kafka: Broker) -> None:
    assert "Kafka Server started" in kafka.log.read_text()


async def test_a_broker_that_cannot_start_says_why(folder: Path, jars: list[Path], cache: Path) -> None:
    broker = Broker(folder, [], template=cache / "formatted" / "test")
    with pytest.raises(StackError, match=r"(?s)Kafka did not start.*kafka\.Kafka"):
        await broker.start()


async def test_an_unreachable_broker_is_told_with_the_remedy() -> None:
    with pytest.raises(StackError, match="HUB_KAFKA_BOOTSTRAP"):
        await create_topics("127.0.0.1:9", [TOPIC])


async def test_a_port_that_was_taken_meanwhile_is_given_up_for_another(
    folder: Path, jars: list[Path], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    broker = Broker(folder, jars, template=cache / "formatted" / "test", say=said.append)
    choose = process.free_ports
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        choices = [[taken, *choose([], 1)], choose([], 2)]
        monkeypatch.setattr(process, "free_ports", lambda _remembered, _count: choices.pop(0))
        await broker.start()
        try:
            assert broker.bootstrap != f"127.0.0.1:{taken}"
            await create_topics(broker.bootstrap, [TOPIC])
        finally:
            await broker.stop()
    (line,) = said
    assert f"{taken}" in line
    assert "Address already in use" in line
