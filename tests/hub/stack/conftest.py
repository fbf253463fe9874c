"""What the stack's tests share: a folder that other users may pass through, the jars, and servers for all."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.stack import artefacts
from hub.stack.broker import Broker
from hub.stack.postgres import Postgres


def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sentral-test-"))
    folder.chmod(0o711)  # pytest's own are closed to PostgreSQL's user
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


folder = pytest.fixture(_folder)
module_folder = pytest.fixture(_folder, scope="module")
session_folder = pytest.fixture(_folder, scope="session")


@pytest.fixture(scope="session")
def cache() -> Path:
    return artefacts.cache_folder(os.environ)


@pytest.fixture(scope="session")
def jars(cache: Path) -> list[Path]:
    return artefacts.ensure("kafka", cache, print)


@pytest.fixture
def server(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder)
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def postgres(session_folder: Path) -> Iterator[Postgres]:
    server = Postgres(session_folder)
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def kafka(session_folder: Path, jars: list[Path], cache: Path) -> Iterator[Broker]:
    broker = Broker(session_folder, jars, template=cache / "formatted" / "test")
    asyncio.run(broker.start())
    yield broker
    asyncio.run(broker.stop())
