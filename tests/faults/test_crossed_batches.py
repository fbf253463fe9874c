"""Batches that want each other's rows: whoever loses the deadlock does all of its batch again, and nothing is lost."""

import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from gateway.app import MIGRATIONS
from hub.consumer import Consumer
from hub.db import Database
from hub.outbox import Relay
from hub.pipeline import Topic
from hub.stack import provision
from tests.conftest import DatabaseOf, Servers
from tests.gateway.happenings import Story, story_of
from tests.gateway.world import ALFA, GAMMA, World, headers, invoice, make
from tests.hub.transport import parked_states, publish, running, until

MANY = 40


class Scene:
    """A gateway with transactions of two installs, and all that the other services told of them in the topics."""

    def __init__(self, world: World, router: Database, servers: Servers, ids: dict[str, list[str]]) -> None:
        self.world = world
        self.servers = servers
        self.prefix = f"t{secrets.token_hex(4)}."
        self.ids = ids
        self._router = router

    @property
    def all_ids(self) -> list[UUID]:
        return sorted(UUID(identifier) for ids in self.ids.values() for identifier in ids)

    async def tell_everything(self) -> None:
        topics = [Topic(name=topic.name, partitions=2) for topic in self.world.handler.topics]
        await provision.create_topics(self.servers.kafka, topics, self.prefix)
        stories = [await story_of(self.world, str(identifier)) for identifier in self.all_ids]
        steps = (Story.ready, Story.ordered_by_ftp, Story.retrying, Story.delivered)
        # Each step in the opposite order of the one before, so that batches of two topics cross.
        for place, step in enumerate(steps):
            await publish(self._router, [step(story) for story in (stories if place % 2 else reversed(stories))])

        async def all_published() -> bool:
            async with self._router.begin() as connection:
                return not (await connection.execute(text("SELECT 1 FROM outbox LIMIT 1"))).all()

        async with running(Relay(self._router, self.servers.kafka, self.prefix).run):
            await until(all_published, "everything lies in the topics")

    def consumer(self, member: str) -> Consumer:
        world = self.world
        return Consumer(world.handler, world.database, self.servers.kafka, self.prefix, member, world.service.committed)

    async def all_told(self) -> bool:
        (row,) = await self.world.sql("SELECT count(*) AS steps FROM timeline")
        return bool(row.steps == 5 * MANY)

    async def check(self) -> None:
        """Each step of each transaction was told once, in a feed without gaps."""
        rows = await self.world.sql("SELECT id, state FROM transaction")
        assert {UUID(str(row.id)): row.state for row in rows} == dict.fromkeys(self.all_ids, "delivered")
        for install, ids in self.ids.items():
            async with self.world.client(install) as http:
                entries = (await http.get("/v1/events", params={"limit": 1000})).json()["entries"]
            assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
            ended = [entry["transaction_id"] for entry in entries if entry["status"] == "delivered"]
            assert sorted(ended) == sorted(ids)
        assert await parked_states(self.world.database) == []


@pytest.fixture
async def scene(servers: Servers, database_of: DatabaseOf, tmp_path: Path) -> AsyncIterator[Scene]:
    world = make(await database_of("gateway", [MIGRATIONS]), tmp_path)
    await world.fill()
    ids: dict[str, list[str]] = {"office": [], "gamma": []}
    for install, client in (("office", ALFA), ("gamma", GAMMA)):
        async with world.client(install) as http:
            for number in range(MANY // 2):
                answer = await http.post("/v1/transactions", json=invoice(str(number)), headers=headers(client))
                ids[install].append(answer.json()["transaction_id"])
    made = Scene(world, await database_of("router"), servers, ids)
    await made.tell_everything()
    yield made
    await world.database.close()


async def test_two_members_whose_batches_cross_lose_nothing(scene: Scene) -> None:
    async with running(scene.consumer("0").run, scene.consumer("1").run):
        await until(scene.all_told, "every step was told")
    await scene.check()


async def lock(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    statement = text("SELECT FROM transaction WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE")
    await connection.execute(statement, {"ids": ids})


async def test_the_loser_of_a_deadlock_does_its_batch_again(scene: Scene) -> None:
    """Somebody holds the last row and then wants the first ones, which a batch that waits for the last one holds."""
    name = scene.world.database.engine.url.database
    engine = create_async_engine(
        make_url(scene.servers.admin_url).set(database=name),
        connect_args={"server_settings": {"search_path": "gateway", "deadlock_timeout": "60s"}},  # the other one loses
    )

    async def figure(statement: str) -> Any:
        return (await scene.world.sql(statement, name=name))[0][0]

    async def somebody_waits() -> bool:
        statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND wait_event_type = 'Lock'"
        return bool(await figure(statement))

    async def lost() -> bool:
        return bool(await figure("SELECT deadlocks FROM pg_stat_database WHERE datname = :name"))

    async with engine.connect() as holder:
        await lock(holder, scene.all_ids[-1:])
        async with running(scene.consumer("0").run):
            await until(somebody_waits, "a batch waits for the last row")
            await lock(holder, scene.all_ids[:-1])
            await holder.commit()
            await until(scene.all_told, "every step was told")
            await until(lost, "there was a deadlock")
    await engine.dispose()
    await scene.check()
