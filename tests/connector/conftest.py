"""The real gateway on a real database, served over HTTP, and a customer's premises that reach it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.app import MIGRATIONS
from tests.conftest import DatabaseOf
from tests.connector.premises import Door, Premises
from tests.gateway.world import make


@pytest.fixture
async def door(database_of: DatabaseOf, tmp_path: Path) -> AsyncIterator[Door]:
    world = make(await database_of("gateway", [MIGRATIONS]), tmp_path / "blobs")
    await world.fill()
    opened = Door(world)
    await opened.open()
    yield opened
    await opened.close()
    await world.database.close()


@pytest.fixture
def premises(door: Door, tmp_path: Path) -> Premises:
    """Delta's, who sends by itself and receives in the hub."""
    return Premises.at(tmp_path / "premises", door.url, door.world.keys["delta"])
