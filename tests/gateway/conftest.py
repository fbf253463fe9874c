"""The gateway on a real database, with its register filled."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.app import MIGRATIONS
from hub.db import Database
from tests.conftest import DatabaseOf
from tests.gateway.world import World, make


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    return await database_of("gateway", [MIGRATIONS])


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    made = make(database, tmp_path)
    await made.fill()
    yield made
    await made.database.close()
