"""metering as its own process, killed in the middle of its work: what is counted equals what was delivered."""

import secrets
from pathlib import Path

import pytest

from hub.outbox import Relay
from hub.pipeline import DELIVERY_REPORTED, REGISTER_CHANGED
from hub.stack import provision
from metering.app import MIGRATIONS
from tests.conftest import DatabaseOf, Servers
from tests.hub.transport import publish, running, until
from tests.metering.test_metering import Meter, delivered
from tests.processes import environment, service

DELIVERIES = 2000


@pytest.mark.timeout(120)
async def test_a_kill_in_the_middle_of_counting_counts_each_delivery_once(
    servers: Servers, database_of: DatabaseOf, tmp_path: Path
) -> None:
    prefix = f"t{secrets.token_hex(4)}."
    await provision.create_topics(servers.kafka, [DELIVERY_REPORTED, REGISTER_CHANGED], prefix)
    sender = await database_of("ftp-sender")
    meter = Meter(await database_of("metering", [MIGRATIONS]))
    settings = environment(servers, meter.database, prefix, tmp_path)

    async def some() -> bool:
        return await meter.rows() >= 1

    async def all_counted() -> bool:
        return await meter.rows() == DELIVERIES

    events = [delivered() for _ in range(DELIVERIES)]
    async with running(Relay(sender, servers.kafka, prefix).run):
        async with service("metering", settings) as first:
            for start in range(0, DELIVERIES, 100):
                await publish(sender, events[start : start + 100])
            await until(some, "some were counted")
            first.kill()
            await first.wait()
        async with service("metering", settings):
            await until(all_counted, "all were counted")
    (row,) = await meter.usage()
    assert row["quantity"] == DELIVERIES
