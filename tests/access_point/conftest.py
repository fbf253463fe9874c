"""The access point service on a real database and on a port of its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy import text

from access_point.api import make_api
from access_point.app import MIGRATIONS
from access_point.inbound import Inbound
from hub.blobs import BlobStore
from hub.db import Database
from hub.ids import utc_now
from tests.access_point.serving import serving
from tests.conftest import DatabaseOf

SECRET = "a-secret-of-the-tests"
MOST_BYTES = 1_000_000


@dataclass
class Door:
    """The inbound endpoint with what lies behind it."""

    url: str
    database: Database
    blobs: BlobStore
    wakes: list[int]

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with self.database.begin() as connection:
            return [dict(row) for row in (await connection.execute(text(query))).mappings()]


@pytest.fixture
async def door(database_of: DatabaseOf, tmp_path: Path) -> AsyncIterator[Door]:
    database = await database_of("access-point", [MIGRATIONS])
    blobs, wakes = BlobStore(tmp_path.as_uri()), list[int]()
    inbound = Inbound(database, blobs, utc_now, lambda: wakes.append(1))
    app = make_api(inbound, SecretStr(SECRET), MOST_BYTES)
    async with serving(uvicorn.Config(app, port=0, log_config=None, lifespan="off")) as url:
        yield Door(url, database, blobs, wakes)
