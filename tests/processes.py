"""A service as a process of its own, to be killed."""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from hub.db import Database
from hub.stack import process
from tests.conftest import Servers


def environment(servers: Servers, database: Database, prefix: str, blobs: Path, **more: str) -> dict[str, str]:
    """What the supervisor gives a service."""
    return {
        "HUB_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "HUB_KAFKA_BOOTSTRAP": servers.kafka,
        "HUB_TOPIC_PREFIX": prefix,
        "HUB_BLOB_URL": blobs.as_uri(),
        "HUB_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "HUB_PORT": str(process.free_ports([], 1)[0]),
        **more,
    }


@asynccontextmanager
async def service(module: str, settings: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env={**os.environ, **settings}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()
