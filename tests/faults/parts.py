"""A hub whose services are processes on the session's servers: each can be started with a fail point armed, and dies.

It is set up and looked at like any other (tests/e2e/hub.py); what is counted is counted at the receivers.
"""

import asyncio
import base64
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from pydantic import SecretStr
from sqlalchemy import text

from hub import failpoints, kafka, outbox
from hub.auth import Actor, issue
from hub.db import Database
from hub.demo import register
from hub.demo.client import Gateway
from hub.demo.outside import Outside
from hub.demo.parties import load
from hub.failpoints import Point
from hub.ids import utc_now
from hub.messages import Message
from hub.pipeline import TOPICS
from hub.stack import provision
from hub.stack.catalogue import SERVICES, specs
from hub.stack.supervisor import ServiceSpec
from tests.conftest import PASSWORD, Servers
from tests.e2e.hub import RunningHub
from tests.faults.nursery import Child, Nursery

T = TypeVar("T")
PATIENCE = 120.0  # seconds
NOTHING: Mapping[str, str] = {}
_RELAY = f"""
    FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND l.granted AND d.datname = :database AND l.classid = {outbox._LOCK}
      AND l.objid::bigint = hashtext(:schema)::bigint & 4294967295
"""


def armed_at(point: Point, hit: int = 1, *, stop: bool = False) -> dict[str, str]:
    """What a process's environment needs so that it dies (or stands still) at a point."""
    return {failpoints.POINT: f"{point}:{hit}{':stop' * stop}", failpoints.SWITCH: failpoints.ALLOWED}


class MortalHub(RunningHub):
    """One process per service. `deaths` are the exit codes of those that were armed and have died since."""

    def __init__(self, data: Path, port: int, servers: Servers, nursery: Nursery) -> None:
        super().__init__(data, port)
        self.servers = servers
        self.nursery = nursery
        self.prefix = f"t{secrets.token_hex(4)}."
        self.database = f"test_{secrets.token_hex(6)}"
        self.secret_key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.outside_world = Outside.at(data / "outside")
        self.specs: dict[str, ServiceSpec] = {}
        self.deaths: dict[str, int] = {}
        self._members: dict[str, Child] = {}
        self.armed: set[str] = set()
        self._runner = asyncio.Runner()
        self._exits = AsyncExitStack()

    # Setting up and ending.

    def start(self) -> "MortalHub":
        self.data.mkdir(parents=True, exist_ok=True)
        self._runner.run(self._provision())
        own = self.outside_world.environment()
        self.specs = {spec.name: spec for spec in specs(self.port, {}, own, instances=2)}
        for service in self.specs:
            self.launch(service)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        self.until(self._serves, "the hub serves", seconds=240)
        self._runner.run(self._set_up())
        return self

    async def _provision(self) -> None:
        passwords = dict.fromkeys(SERVICES, PASSWORD)
        await provision.provision_database(self.servers.admin_url, self.database, passwords)
        await provision.create_topics(self.servers.kafka, TOPICS, self.prefix)

    async def _set_up(self) -> None:
        """Start the outside, and register everybody through the front door, as the demonstration does."""
        parties = load()
        await self.outside_world.start_sftp(self._exits)
        backend = f"http://127.0.0.1:{self.specs['access-point'].port}/inbound"
        await self.outside_world.start_access_point(self._exits, parties, backend)
        self.outside_world.tell()
        async with Gateway(f"http://127.0.0.1:{self.port}") as gateway:
            url = self.servers.url(self.database, "gateway")
            await register.make(gateway, parties, self.outside_world, self.data, url)

    def _serves(self) -> bool:
        with suppress(httpx.TransportError):
            return self.http.get("/health/ready").status_code == 200
        return False

    def stop(self) -> int:
        for service in self._members:
            self.kill(service)
        self.http.close()
        self._runner.run(self._exits.aclose())
        self._runner.run(provision.drop_database(self.servers.admin_url, self.database))
        self._runner.close()
        return 0

    # Life and death of a service.

    def environment(self, service: str) -> dict[str, str]:
        return {
            **os.environ,
            "HUB_BLOB_URL": (self.data / "blobs").as_uri(),
            "HUB_SECRET_KEY": self.secret_key,
            "HUB_TOPIC_PREFIX": self.prefix,
            "HUB_CACHE_DIR": str(self.servers.cache),
            "HUB_DATABASE_URL": self.servers.url(self.database, service),
            "HUB_KAFKA_BOOTSTRAP": self.servers.kafka,
            "HUB_FTP_SENDER_SEAL_KEY": base64.b64encode(bytes(32)).decode(),
            "HUB_SUBMIT_LIMIT": "PT2S",
            "HUB_WORKERS": "1",
        }

    def launch(self, service: str, changed: Mapping[str, str] = NOTHING, *, ordinal: int = 0) -> str:
        """Start a service (or another one of it) anew, with these settings changed; return the process's name."""
        environment = {**self.environment(service), **changed}
        member = Child(self.nursery, self.specs[service], ordinal, environment=environment, logs=self.data / "logs")
        self._runner.run(member.start())
        self._members[member.name] = member
        return member.name

    def pid(self, service: str) -> int | None:
        return self._members[service].pid

    def once(self, method: str, path: str, key: str, **request: Any) -> httpx.Response:
        """Ask, and take whatever comes of it."""
        return super().call(method, path, key, **request)

    def call(self, method: str, path: str, key: str, **request: Any) -> httpx.Response:
        """Ask as ERPs do: again, as long as nobody can answer."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.tend()
            with suppress(httpx.TransportError):
                answer = self.once(method, path, key, **request)
                if answer.status_code < 500:
                    return answer
            assert time.monotonic() < deadline, f"nobody answers {method} {path}"
            time.sleep(0.05)

    def kill(self, service: str) -> int:
        """End it as a power cut would, and return its exit code."""
        member = self._members[service]
        if member.pid is not None:
            os.kill(member.pid, signal.SIGKILL)
        return self._runner.run(member.wait())

    def dismiss(self, name: str) -> None:
        """End a process that is needed no more."""
        self.kill(name)
        del self._members[name]

    def succeed(self, service: str, changed: Mapping[str, str] = NOTHING) -> None:
        """Kill it, and start a successor with these settings changed."""
        self.kill(service)
        self.launch(service, changed)

    def arm(self, point: Point, hit: int, services: Sequence[str]) -> None:
        """Put processes in the place of these services that will die at the point."""
        self.deaths = {}
        for service in services:
            self.kill(service)
        for service in services:
            self.launch(service, armed_at(point, hit))
            self.armed.add(service)

    def tend(self) -> None:
        """Start the unharmed successor of every armed process that has died."""
        for service in tuple(self.armed):
            if not self.alive(service):
                self.deaths[service] = self.kill(service)
                self.armed.remove(service)
                self.launch(service)

    def alive(self, name: str) -> bool:
        return self._state(name) not in {None, psutil.STATUS_ZOMBIE}

    def stands_still(self, name: str) -> bool:
        """Whether the process got SIGSTOP."""
        return self._state(name) == psutil.STATUS_STOPPED

    def _state(self, name: str) -> str | None:
        with suppress(psutil.NoSuchProcess):
            pid = self._members[name].pid
            return psutil.Process(pid).status() if pid is not None else None
        return None

    def ready(self, name: str) -> bool:
        """Whether the process consumes."""
        with suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self._members[name].port}/health/ready").status_code == 200
        return False

    def lacks(self, name: str) -> str:
        """What the process says it waits for."""
        with suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self._members[name].port}/health/ready").text
        return ""

    def log(self, service: str) -> str:
        return (self.data / "logs" / f"{service}.log").read_text()

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition, and meanwhile start the successors of who dies."""

        def tended() -> bool:
            self.tend()
            return condition()

        self.until(tended, what, seconds=PATIENCE)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something asynchronous to its end."""
        return self._runner.run(work)

    def sql(self, service: str, statement: str, **values: Any) -> Sequence[Any]:
        """Ask (or change) a service's own tables, as an operator with a console could."""
        url = self.servers.url(self.database, service)
        return self.run(_asked(Database(url, provision.schema_of(service)), statement, values))

    def as_administrator(self, statement: str, **values: Any) -> Sequence[Any]:
        """Ask the database server itself."""
        return self.run(_asked(Database(self.servers.admin_url, "public"), statement, values))

    def cut_relay(self, service: str) -> int:
        """End the session that publishes for a service, if there is one; return how many there were."""
        asked = {"schema": provision.schema_of(service), "database": self.database}
        return len(self.as_administrator(f"SELECT pg_terminate_backend(pid) {_RELAY}", **asked))

    def publishes(self, service: str) -> bool:
        """Whether one of the service's processes may publish."""
        asked = {"schema": provision.schema_of(service), "database": self.database}
        return bool(self.as_administrator(f"SELECT pid {_RELAY}", **asked))

    def parked(self, service: str) -> list[tuple[str, str, str | None]]:
        """Key, state and class of error of what is parked with a service, oldest first."""
        rows = self.sql(
            service,
            "SELECT key, state, error_class FROM parked WHERE state IN ('waiting', 'retry', 'dead') ORDER BY seq",
        )
        return [(row.key, row.state, row.error_class) for row in rows]

    @property
    def taken(self) -> Path:
        """Where the SFTP recipient keeps what it took."""
        return self.data / "outside" / "taken"

    def put_back(self, transaction_id: str) -> None:
        """Have the SFTP recipient put a file back where it came."""
        (file,) = self.taken.glob(f"*_{transaction_id}.xml")
        file.rename(Path(self.outside["sftp"]) / file.name)

    def operate(self, service: str, path: str, **asked: str) -> None:
        """Do what an operator does with a service's /ops."""
        token = issue(SecretStr(self.secret_key), Actor("kari", "operator"), service, utc_now())
        url = f"http://127.0.0.1:{self._members[service].port}/ops/{path}"
        answer = httpx.post(url, json=asked, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text

    def blob_received(self, transaction_id: str) -> Path:
        """Where the bytes lie that were submitted."""
        (row,) = self.sql("gateway", "SELECT received FROM transaction WHERE id = :id", id=transaction_id)
        return self.data / "blobs" / str(row.received["key"])

    @contextmanager
    def recipient_takes_files(self) -> Iterator[None]:
        """Take each file at the SFTP recipient away as soon as it has its final name."""
        over = threading.Event()
        self.taken.mkdir(exist_ok=True)

        def take() -> None:
            while not over.wait(0.001):
                for file in Path(self.outside["sftp"]).iterdir():
                    if file.suffix != ".part":
                        file.rename(self.taken / file.name)

        taker = threading.Thread(target=take)
        taker.start()
        try:
            yield
        finally:
            over.set()
            taker.join()

    def publish(self, *messages: Message) -> None:
        """Put messages into topics, past every outbox."""

        async def send() -> None:
            producer = await kafka.start_producer(self.servers.kafka)
            try:
                for message in messages:
                    headers = [(name, value.encode()) for name, value in message.headers.items()]
                    topic, key = self.prefix + message.topic, message.key.encode()
                    await producer.send_and_wait(topic, message.body, key=key, headers=headers)
            finally:
                await kafka.stop_producer(producer)

        self.run(send())

    def submissions(self) -> Counter[str]:
        """How often each instance identifier was submitted to the access point."""
        answer = httpx.get(f"{self.outside['access_point']}/fake/deliveries").json()
        return Counter({one["instance_id"]: one["submissions"] for one in answer["delivered"]})


async def _asked(database: Database, statement: str, values: dict[str, Any]) -> Sequence[Any]:
    try:
        async with database.begin() as connection:
            result = await connection.execute(text(statement), values)
            return result.all() if result.returns_rows else ()
    finally:
        await database.close()
