"""The router as its own process, killed in the middle of its work: every invoice gets one decision, and it is told."""

import secrets
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import func, select, text

from hub.outbox import Relay
from hub.parties import Channel
from hub.pipeline import DELIVERY_ORDERED, PARTITIONS, TOPICS
from hub.stack import provision
from router.app import MIGRATIONS
from router.models import decision
from tests.conftest import DatabaseOf, Servers
from tests.hub.transport import publish, running, until
from tests.processes import environment, service
from tests.router.test_router import CLIENT, RECIPIENT, activated, company_changed, ready

INVOICES = 2000


async def event_ids(kafka: str, topic: str) -> list[UUID]:
    """Return the event id of every message that lies in the topic now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        left = sum((await consumer.end_offsets(parts)).values())
        found: list[UUID] = []
        while len(found) < left:
            for records in (await consumer.getmany(*parts, timeout_ms=1000)).values():
                found += [UUID(dict(record.headers)["ce_id"].decode()) for record in records]
        return found
    finally:
        await consumer.stop()


@pytest.mark.timeout(120)
async def test_a_kill_in_the_middle_of_routing_loses_no_invoice_and_decides_none_twice(
    servers: Servers, database_of: DatabaseOf, tmp_path: Path
) -> None:
    prefix = f"t{secrets.token_hex(4)}."
    await provision.create_topics(servers.kafka, TOPICS, prefix)
    gateway = await database_of("gateway")
    database = await database_of("router", [MIGRATIONS])
    settings = environment(servers, database, prefix, tmp_path)
    register = [
        company_changed(CLIENT, 1),
        activated(CLIENT, "sending", 2),
        company_changed(RECIPIENT, 3),
        activated(RECIPIENT, "receiving", 4),
    ]

    async def decided() -> int:
        async with database.begin() as connection:
            return (await connection.execute(select(func.count()).select_from(decision))).scalar_one()

    async def some() -> bool:
        return await decided() >= 1

    async def all_told() -> bool:
        async with database.begin() as connection:
            waiting = (await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one()
        return await decided() == INVOICES and waiting == 0

    async with running(Relay(gateway, servers.kafka, prefix).run):
        async with service("router", settings) as first:
            await publish(gateway, register)
            for _ in range(20):
                await publish(gateway, [ready(version=4) for _ in range(INVOICES // 20)])
            await until(some, "some were decided")
            first.kill()
            await first.wait()
        async with service("router", settings):
            await until(all_told, "all decided and published")
    told = await event_ids(servers.kafka, prefix + DELIVERY_ORDERED[Channel.INBOX].name)
    assert len(set(told)) == INVOICES  # published again after a kill perhaps, but as the same event
