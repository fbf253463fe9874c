"""The service as its own process on real PostgreSQL and Kafka, killed in the middle of its work."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp.test_utils import TestServer, unused_port
from sqlalchemy import text

from access_point.app import MIGRATIONS
from access_point.peppol import instance_identifier
from access_point.sending import PeppolChannel
from hub.blobs import BlobStore
from hub.db import DELIVERY_MIGRATIONS
from hub.ids import utc_now
from hub.outbox import Relay
from hub.pipeline import TOPICS
from hub.stack import provision
from hub.testing.phoss_ap import Receiver, World, application
from tests.access_point.test_sending import Scene
from tests.access_point.test_wiring import ENVIRONMENT
from tests.conftest import DatabaseOf, Servers
from tests.hub.transport import publish, running, until

ORDERS = 120
CONCURRENT = 16
RECEIVERS = [f"0192:3100000{number:02d}" for number in range(10)]


@asynccontextmanager
async def service(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "access_point", env={**os.environ, **environment}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_a_kill_in_the_middle_of_sending_loses_nothing_and_repeats_nothing(
    servers: Servers, database_of: DatabaseOf, tmp_path: Path
) -> None:
    prefix = f"t{secrets.token_hex(4)}."
    await provision.create_topics(servers.kafka, TOPICS, prefix)
    router = await database_of("router")
    database = await database_of("access-point", [DELIVERY_MIGRATIONS, MIGRATIONS])
    world = World(receivers={address: Receiver() for address in RECEIVERS})
    blobs = BlobStore(tmp_path.as_uri())
    scene = Scene(world, PeppolChannel(None, blobs, utc_now), None, blobs)  # type: ignore[arg-type]
    orders = [await scene.order(RECEIVERS[number % 10]) for number in range(ORDERS)]

    async def submitted() -> bool:
        return world.submissions.total() >= ORDERS // 4

    async def told(condition: str) -> set[str]:
        async with database.begin() as connection:
            rows = await connection.execute(text(f"SELECT transaction_id, leg FROM delivery WHERE {condition}"))
            return {str(instance_identifier(row.transaction_id, row.leg)) for row in rows}

    async def told_of_all() -> bool:
        return len(await told("result IS NOT NULL OR doubted_at IS NOT NULL")) == ORDERS

    async with TestServer(application(world)) as fake:
        environment = {
            **ENVIRONMENT,
            "HUB_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
            "HUB_KAFKA_BOOTSTRAP": servers.kafka,
            "HUB_TOPIC_PREFIX": prefix,
            "HUB_BLOB_URL": tmp_path.as_uri(),
            "HUB_PHOSS_URL": str(fake.make_url("/")),
            "HUB_PHOSS_TOKEN": world.token,
            "HUB_SUBMIT_LIMIT": "PT1S",
            "HUB_CONCURRENT": str(CONCURRENT),
            "HUB_PORT": str(unused_port()),
        }
        async with running(Relay(router, servers.kafka, prefix).run):
            async with service(environment) as first:
                await publish(router, orders)
                await until(submitted, "a quarter was submitted")
                first.kill()
                await first.wait()
            async with service(environment):
                await until(told_of_all, "every delivery ended or is in doubt")
        delivered, in_doubt = await told("result = 'delivered'"), await told("result IS NULL")

    # Between announcing the submission and making it, a dead process leaves a question that only an operator settles.
    assert len(in_doubt) <= CONCURRENT
    assert delivered == {one.instance_id for one in world.delivered}
    assert delivered | in_doubt == {str(instance_identifier(order.transaction_id, 1)) for order in orders}
    assert set(world.submissions.values()) == {1}
    assert set(world.arrivals.values()) == {1}
