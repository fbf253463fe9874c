"""One real PostgreSQL and one real Kafka for the whole test session; a database and a topic prefix for each test."""

import asyncio
import os
import secrets
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from hub.db import HUB_MIGRATIONS, Database
from hub.stack import process, provision
from hub.stack.local import LocalStack

PASSWORD = "for-tests-only"
# What several workers of pytest-xdist share out are folders whose tests share a hub, and else files; those first that
# take longest.
SHARED = ("tests/faults", "tests/e2e")
ALONE = (
    "tests/faults/test_whole_hub.py",
    "tests/faults/test_crossed_batches.py",
    "tests/e2e/test_stop.py",
    "tests/e2e/test_any_order.py",
)
LONGEST = ("tests/faults", ALONE[0], "tests/e2e", "tests/ehf_builder/test_differential.py")


def group_of(nodeid: str) -> str:
    """Tell with which others a test must share a worker."""
    file = nodeid.partition("::")[0]
    folder = file.rpartition("/")[0]
    return folder if folder in SHARED and file not in ALONE else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Share out whole groups; pytest-xdist's own marks for that do nothing with this pytest."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - not there where it does not work

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    return scheduler


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the tests of each group keep their order."""

    def place(item: pytest.Item) -> int:
        group = group_of(item.nodeid)
        return LONGEST.index(group) if group in LONGEST else len(LONGEST)

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """Give each worker ports of its own, so that none takes a port which another has just found free."""
    count, name = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    width, number = len(process.PORTS) // count, int(name.removeprefix("gw"))
    first = process.PORTS.start + number * width
    os.environ[process.PORTS_VARIABLE] = f"{first}-{first + width - 1}"


class DatabaseOf(Protocol):
    """Gives a service's own freshly migrated database: `await database_of("gateway", [migrations])`."""

    async def __call__(self, service: str, histories: Sequence[Path] = ()) -> Database: ...


@dataclass(frozen=True)
class Servers:
    """Where the session's servers are."""

    admin_url: str
    kafka: str
    cache: Path

    def url(self, database: str, service: str) -> str:
        return provision.service_url(self.admin_url, database, service, PASSWORD)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Start both in a thread with a loop of its own, because each test has another."""
    started: list[Servers] = []
    failed: list[BaseException] = []
    ready, stop = threading.Event(), threading.Event()

    async def run(folder: Path) -> None:
        async with LocalStack(folder, environment={}, say=lambda _line: None) as stack:
            await forgetful(stack.database_url)
            started.append(Servers(stack.database_url, stack.kafka_bootstrap, stack.cache))
            ready.set()
            await asyncio.to_thread(stop.wait)

    def main() -> None:
        with tempfile.TemporaryDirectory(prefix="sentral-tests-", ignore_cleanup_errors=True) as folder:
            try:
                asyncio.run(run(Path(folder)))
            except BaseException as error:  # noqa: BLE001 - told to every test that needs the servers
                failed.append(error)
            finally:
                ready.set()

    thread = threading.Thread(target=main, name="servers")
    thread.start()
    ready.wait()
    if failed:
        thread.join()
        raise failed[0]
    yield started[0]
    stop.set()
    thread.join()


async def forgetful(admin_url: str) -> None:
    """Have the server survive its own death, but not the machine's: no test here pulls the plug."""
    engine = create_async_engine(admin_url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as admin:
        for setting in ("fsync", "full_page_writes"):
            await admin.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        await admin.exec_driver_sql("SELECT pg_reload_conf()")
    await engine.dispose()


@pytest.fixture(scope="session")
def templates() -> dict[tuple[str, tuple[Path, ...]], str]:
    """Migrated databases that tests copy."""
    return {}


@pytest.fixture
async def database_of(
    servers: Servers, templates: dict[tuple[str, tuple[Path, ...]], str]
) -> AsyncIterator[DatabaseOf]:
    opened: list[tuple[Database, str]] = []

    async def make(service: str, histories: Sequence[Path] = ()) -> Database:
        key = (service, tuple(histories))
        schema = provision.schema_of(service)
        if key not in templates:
            template = f"template_{secrets.token_hex(6)}"
            await provision.provision_database(servers.admin_url, template, {service: PASSWORD})
            migrating = Database(servers.url(template, service), schema)
            await migrating.migrate([HUB_MIGRATIONS, *histories])
            await migrating.close()
            templates[key] = template
        name = f"test_{secrets.token_hex(6)}"
        await provision.create_database_from_template(servers.admin_url, templates[key], name, [service])
        database = Database(servers.url(name, service), schema)
        opened.append((database, name))
        return database

    yield make
    for database, name in opened:
        await database.close()
        await provision.drop_database(servers.admin_url, name)
