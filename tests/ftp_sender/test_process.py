"""ftp-sender as its own process on real PostgreSQL, Kafka and SFTP, killed in the middle of its work."""

import secrets
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.db import Database
from hub.outbox import Relay
from hub.pipeline import DELIVERY_ORDERED, DELIVERY_REPORTED
from hub.stack import provision
from tests.conftest import DatabaseOf, Servers
from tests.ftp_sender.conftest import SEAL_KEY, World
from tests.hub.transport import publish, running, until
from tests.processes import environment, service

ORDERS = 200


@pytest.mark.timeout(120)
async def test_a_kill_in_the_middle_of_sending_loses_nothing_and_repeats_nothing(
    servers: Servers, database_of: DatabaseOf, database: Database, world: World, tmp_path: Path
) -> None:
    prefix = f"t{secrets.token_hex(4)}."
    await provision.create_topics(servers.kafka, [*DELIVERY_ORDERED.values(), DELIVERY_REPORTED], prefix)
    router = await database_of("router")
    orders = [await world.ordered(f"<Invoice>{n}</Invoice>".encode(), f"{n}.xml") for n in range(ORDERS)]
    settings = environment(
        servers,
        database,
        prefix,
        tmp_path / "blobs",
        HUB_FTP_SENDER_SEAL_KEY=SEAL_KEY,
        HUB_NET_ALLOW=f"127.0.0.1:{world.server.port}",
    )

    async def some_arrived() -> bool:
        return len(world.server.received) >= ORDERS // 4

    async def all_ended() -> bool:
        async with database.begin() as connection:
            rows = await connection.execute(text("SELECT count(*) FROM delivery WHERE result = 'delivered'"))
            return bool(rows.scalar_one() == ORDERS)

    async with running(Relay(router, servers.kafka, prefix).run):
        async with service("ftp_sender", settings) as first:
            await publish(router, orders)
            await until(some_arrived, "a quarter arrived")
            first.kill()
            await first.wait()
        assert len(world.server.received) < ORDERS
        async with service("ftp_sender", settings):
            await until(all_ended, "all delivered")
    names = [file.name for file in world.server.received]
    assert sorted(names) == sorted(f"/in/{n}.xml" for n in range(ORDERS))
    assert set(world.files()) == {f"{n}.xml" for n in range(ORDERS)}
