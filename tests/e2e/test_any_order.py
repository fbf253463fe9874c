"""Every service is started first and its servers long after: it waits, says what for and where, and comes up."""

import asyncio
import base64
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.pipeline import TOPICS
from hub.stack import artefacts, process, provision
from hub.stack.broker import Broker
from hub.stack.catalogue import SERVICES
from hub.stack.postgres import Postgres
from hub.stack.supervisor import PATIENCE

PASSWORD = "for-tests-only"
DATABASE = "sentral"


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sentral-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)  # pytest's own are closed to PostgreSQL's user
        yield Path(name)


class Alone:
    """A service in a process of its own, and what it says of itself."""

    def __init__(self, name: str, folder: Path, database: str, kafka: str) -> None:
        self.name = name
        self.port = process.free_ports([], 1)[0]
        self.log = folder / f"{name}.log"
        self._environment = {
            **os.environ,
            "HUB_DATABASE_URL": database,
            "HUB_KAFKA_BOOTSTRAP": kafka,
            "HUB_BLOB_URL": (folder / "blobs").as_uri(),
            "HUB_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "HUB_FTP_SENDER_SEAL_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "HUB_FTP_SENDER_URL": "http://127.0.0.1:9",
            "HUB_METERING_URL": "http://127.0.0.1:9",
            "HUB_PHOSS_URL": "http://127.0.0.1:9",
            "HUB_PHOSS_TOKEN": "t" * 20,
            "HUB_INBOUND_SECRET": "s" * 20,
            "HUB_WORKERS": "1",
            "HUB_PORT": str(self.port),
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.name.replace("-", "_"), env=self._environment, stdout=log, stderr=log
            )

    async def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), PATIENCE.total_seconds())

    async def health(self, probe: str) -> tuple[int, dict[str, Any]]:
        async with httpx.AsyncClient(timeout=10) as http:
            answer = await http.get(f"http://127.0.0.1:{self.port}/health/{probe}")
        return answer.status_code, answer.json()

    async def lacks(self) -> str:
        """What it lacks now, as one text; empty when it is ready, `(nothing said)` before it listens."""
        assert self._process is not None
        assert self._process.returncode is None, self.log.read_text()
        try:
            _, told = await self.health("ready")
        except httpx.TransportError:
            return "(nothing said)"
        return "; ".join(f"{part['part']}: {part['lacks']}" for part in told["parts"] if not part["ready"])

    def waits(self) -> list[dict[str, Any]]:
        """The log's lines about what it waits for."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == "waiting"]


async def until_all_lack(services: list[Alone], what: str) -> None:
    """Wait until each says that it lacks this ('' for nothing)."""
    for service in services:
        for _ in range(900):
            lacks = await service.lacks()
            if what in lacks if what else not lacks:
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"{service.name} never said it lacks {what or 'nothing'!r}, but {lacks}")


@pytest.mark.timeout(240)
async def test_services_that_are_started_before_their_servers_wait_for_them_and_say_so(folder: Path) -> None:
    postgres = Postgres(folder)
    await postgres.start()  # so that its address is known; then it goes away until later
    await postgres.stop()
    ports = process.free_ports([], 2)
    process.write_private(folder / "kafka.json", {"ports": ports})
    cache = artefacts.cache_folder(os.environ)
    broker = Broker(folder, artefacts.ensure("kafka", cache, print), template=cache / "formatted" / "test")
    services = [
        Alone(name, folder, provision.service_url(postgres.url(), DATABASE, name, PASSWORD), f"127.0.0.1:{ports[0]}")
        for name in SERVICES
    ]
    try:
        for service in services:
            await service.start()
        await until_all_lack(services, f"PostgreSQL at 127.0.0.1:{postgres.port}/{DATABASE}")
        for service in services:
            assert (await service.health("live"))[0] == 200
            assert (await service.health("started"))[0] == 503
        await postgres.start()
        await provision.provision_database(postgres.url(), DATABASE, dict.fromkeys(SERVICES, PASSWORD))
        await until_all_lack(services, f"127.0.0.1:{ports[0]}")
        await broker.start()
        await until_all_lack(services, "has no topics")
        await provision.create_topics(broker.bootstrap, TOPICS)
        await until_all_lack(services, "")
        for service in services:
            assert (await service.health("ready"))[0] == 200
            first = service.waits()[0]
            assert (first["part"], first["level"]) == ("database", "warning")
            assert await service.stop() == 0
    finally:
        for service in services:
            if service._process is not None and service._process.returncode is None:
                service._process.kill()
                await service._process.wait()
        await broker.stop()
        await postgres.stop()
