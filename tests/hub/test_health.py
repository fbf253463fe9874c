"""What a service says of itself: which part lacks what, and since when; and that one that stands still gets going."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import httpx
import pytest
import structlog
from aiokafka import client
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hub import consumer, kafka, metrics, watch
from hub.db import Database
from hub.health import Health, Part
from hub.ops.app import make_app, standard_routes
from hub.ops.desk import Desk
from hub.pipeline import INVOICE_VALIDATED
from hub.stack import provision
from tests.conftest import DatabaseOf, Servers
from tests.hub.transport import Recorder, Transport, drained, handled, publish, refusal, running, until

KEY = SecretStr("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=")


def outside(health: Health, database: Database) -> httpx.AsyncClient:
    async def hello(_request: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = make_app(
        "router", KEY, health, standard_routes(Desk("router", database)), Starlette(routes=[Route("/hello", hello)])
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://router")


async def test_a_service_tells_per_part_what_it_lacks_and_since_when(database_of: DatabaseOf) -> None:
    database = await database_of("router")
    relay, pool_lacks = Part("outbox relay"), ["no worker runs"]
    health = Health(database, {"pool": lambda: pool_lacks[0] if pool_lacks else None}, [relay])
    health.service.works()
    async with outside(health, database) as http:
        answer = await http.get("/health/ready")
        assert answer.status_code == 503
        lacking = {part["part"]: part["lacks"] for part in answer.json()["parts"] if not part["ready"]}
        assert lacking == {"outbox relay": "it has not started yet", "pool": "no worker runs"}
        assert all(datetime.fromisoformat(part["since"]).tzinfo for part in answer.json()["parts"])
        assert (await http.get("/health/live")).status_code == 200
        relay.works()
        pool_lacks.clear()
        health._asked = 0.0  # a second later
        answer = await http.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")


async def test_a_database_that_is_away_is_named_with_its_place() -> None:
    database = Database("postgresql+asyncpg://router:secret-word@127.0.0.1:9/hub", "router")
    health = Health(database, {})
    assert not await health.ready()
    assert "PostgreSQL at 127.0.0.1:9/hub" in str(health.store.lack)
    assert "secret-word" not in str(health.told())
    await database.close()


async def test_nothing_but_health_is_served_before_the_service_has_started(database_of: DatabaseOf) -> None:
    database = await database_of("router")
    health = Health(database, {})
    async with outside(health, database) as http:
        assert (await http.get("/health/started")).status_code == 503
        for path in ("/hello", "/ops/queues"):
            refused = await http.get(path)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        health.opened = True
        assert (await http.get("/health/started")).status_code == 200
        assert (await http.get("/hello")).text == "hello"


def test_the_log_tells_a_lack_once_in_a_few_seconds_and_its_end() -> None:
    part = Part("consumer router")
    with structlog.testing.capture_logs() as lines:
        for number in range(100):
            part.lacks(f"try {number}")
        part.works()
        part.works()
    assert [(line["event"], line.get("lacks")) for line in lines] == [("waiting", "try 0"), ("works again", None)]


def test_a_lack_that_changes_keeps_the_time_at_which_it_began() -> None:
    part = Part("consumer router")
    part.works()
    part.lacks("no broker")
    since = part.since
    part.lacks("no topics")
    assert (part.lack, part.since) == ("no topics", since)


class Swallower:
    """A TCP relay before the broker that can let every connection go dumb: open, and silent both ways."""

    def __init__(self, broker: str) -> None:
        host, port = broker.split(":")
        self._broker = (host, int(port))
        self._silence: set[asyncio.Event] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]

    def swallow(self) -> None:
        """Let nothing more through on the connections that are open now; new ones are fine."""
        for silence in self._silence:
            silence.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silence = asyncio.Event()
        self._silence.add(silence)
        there, back = await asyncio.open_connection(*self._broker)
        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, back, silence), self._pass(there, writer, silence))
        for one in (writer, back):
            one.close()

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if not silence.is_set():
                writer.write(data)
        writer.close()


@pytest.fixture
async def transport(servers: Servers, database_of: DatabaseOf) -> Transport:
    made = Transport(await database_of("recorder"), servers.kafka, f"t{secrets.token_hex(4)}.")
    await made.prepare()
    return made


async def enough(transport: Transport, count: int) -> None:
    async def done() -> bool:
        return len(await handled(transport.database)) >= count

    await until(done, f"{count} events handled")


def rebuilds() -> float:
    return float(metrics.CONSUMER_REBUILDS.labels("recorder")._value.get())


async def test_a_client_that_stands_still_is_built_anew(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(watch, "STUCK_SECONDS", 1.0)
    clients = []
    make = kafka.make_consumer

    def remembered(*arguments: str) -> object:
        clients.append(make(*arguments))
        return clients[-1]

    monkeypatch.setattr(kafka, "make_consumer", remembered)
    before = rebuilds()
    async with running(transport.relay().run, transport.consumer(Recorder()).run):
        await publish(transport.database, [refusal() for _ in range(5)])
        await enough(transport, 5)
        fetcher = clients[0]._fetcher
        for task in (fetcher._fetch_task, *fetcher._pending_tasks):  # as after an error inside the library
            task.cancel()
        await publish(transport.database, [refusal() for _ in range(5)])
        await enough(transport, 10)
    assert len(clients) == 2
    assert rebuilds() == before + 1


async def test_connections_that_swallow_everything_are_replaced(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(kafka, "STOP_SECONDS", 0.5)
    swallower = Swallower(transport.kafka)
    connect = client.create_conn
    before = rebuilds()

    async def replaced() -> bool:
        return rebuilds() > before and await drained(transport.database)

    async with swallower.listening() as port:

        async def redirected(host: str, _port: int, **options: object) -> object:
            return await connect(host, port, **options)

        monkeypatch.setattr(client, "create_conn", redirected)  # whatever address the broker gives itself
        async with running(transport.relay().run, transport.consumer(Recorder()).run):
            await publish(transport.database, [refusal() for _ in range(5)])
            await enough(transport, 5)
            with monkeypatch.context() as impatient:  # only until they are replaced: new ones may be slow
                impatient.setattr(watch, "ANSWER_SECONDS", 1.0)
                impatient.setattr(kafka, "SEND_SECONDS", 2.0)
                swallower.swallow()
                await publish(transport.database, [refusal() for _ in range(5)])
                await until(replaced, "producer and consumer have new connections")
            await enough(transport, 10)


async def test_a_consumer_that_waits_for_its_topics_names_them(
    servers: Servers, database_of: DatabaseOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BACK_OFF", (0.1,))
    prefix = f"t{secrets.token_hex(4)}."
    transport = Transport(await database_of("recorder"), servers.kafka, prefix)
    waiting = transport.consumer(Recorder())

    async def named() -> bool:
        return f"{prefix}{INVOICE_VALIDATED.name}" in str(waiting.part.lack)

    async def works() -> bool:
        return waiting.part.lack is None

    async with running(waiting.run):
        await until(named, "the missing topic was named")
        await provision.create_topics(servers.kafka, [INVOICE_VALIDATED], prefix)
        await until(works, "the consumer works")
