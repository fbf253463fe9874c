import asyncio
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from hub.pipeline import Topic
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
