"""Every golden message through every consumer of today: services as they are wired, each on a database of its own."""

import base64
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hub.batch import Batch, Handler, read
from hub.blobs import BlobStore
from hub.db import DELIVERY_MIGRATIONS
from hub.delivery.handler import SenderHandler
from hub.pipeline import REGISTER_CHANGED, Topic
from hub.runner import Service
from hub.stack.artefacts import cache_folder
from hub.stack.catalogue import SERVICES
from tests.conftest import DatabaseOf
from tests.hub.goldens import Golden, documents, messages

OWNERS = ("310000019", "310000027")
SECRET = base64.b64encode(secrets.token_bytes(32)).decode()
# What a handler leaves behind when it has done its work (and not merely nothing).
LEAVES = {
    "gateway": "SELECT count(*) FROM timeline",
    "ehf-builder": "SELECT count(*) FROM outbox WHERE headers->>'ce_type' = 'hub.invoice.ready.v1'",
    "router": "SELECT count(*) FROM decision",
    "access-point": "SELECT count(*) FROM delivery",
    "ftp-sender": "SELECT count(*) FROM delivery",
    "metering": "SELECT count(*) FROM usage",
}


@dataclass
class Wired:
    """A service as its `app.py` wires it, with its resources open."""

    service: Service

    @property
    def handlers(self) -> Sequence[Handler]:
        sender = self.service.sender
        own = [SenderHandler(self.service.name, sender.channel, sender.adapter)] if sender else []
        return [*self.service.handlers, *own]

    async def scalars(self, statement: str) -> list[Any]:
        async with self.service.database.begin() as connection:
            return list((await connection.execute(text(statement))).scalars())

    async def consume(self, handler: Handler, golden: Golden, offset: int) -> None:
        """Handle one message as the consumer does."""
        await Batch(handler, self.service.database).run([read(golden.record(offset), "")], [])


@pytest.fixture
def wire(database_of: DatabaseOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    @asynccontextmanager
    async def made(name: str) -> AsyncIterator[Wired]:
        app = import_module(f"{name.replace('-', '_')}.app")
        own = [app.MIGRATIONS] if hasattr(app, "MIGRATIONS") else []
        database = await database_of(name, [DELIVERY_MIGRATIONS, *own])
        environment = {
            "HUB_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
            "HUB_KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "HUB_BLOB_URL": tmp_path.as_uri(),
            "HUB_SECRET_KEY": SECRET,
            "HUB_FTP_SENDER_SEAL_KEY": SECRET,
            "HUB_PHOSS_URL": "http://127.0.0.1:1",
            "HUB_PHOSS_TOKEN": "token",
            "HUB_INBOUND_SECRET": SECRET,
            "HUB_CACHE_DIR": str(cache_folder(os.environ)),
            "HUB_WORKERS": "1",
        }
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        service: Service = app.build()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(service.database.close)
            for resource in service.resources:
                await stack.enter_async_context(resource)
            yield Wired(service)

    return made


@pytest.fixture(autouse=True)
async def blobs(tmp_path: Path) -> None:
    store = BlobStore(tmp_path.as_uri())
    for owner in OWNERS:
        for document in documents().values():
            await store.put(owner, document)


def for_topics(topics: Sequence[Topic], *, reverse: bool) -> list[Golden]:
    """Return the golden messages of the topics; the register's first, because invoices wait for it."""
    names = {topic.name for topic in topics}
    found = [golden for golden in messages() if golden.topic in names]
    found = found[::-1] if reverse else found
    return sorted(found, key=lambda golden: golden.topic != REGISTER_CHANGED.name)


@pytest.mark.parametrize("reverse", [False, True], ids=["in one order", "in the other"])
@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_handles_every_golden_message_of_its_topics(
    name: str, reverse: bool, wire: Callable[[str], Any]
) -> None:
    async with wire(name) as wired:
        handled: dict[str, set[UUID]] = {}
        for handler in sorted(wired.handlers, key=lambda one: REGISTER_CHANGED not in one.topics):
            golden = for_topics(handler.topics, reverse=reverse)
            for offset, message in enumerate(golden):
                await wired.consume(handler, message, offset)
            handled[handler.name] = {UUID(message.headers["ce_id"]) for message in golden}
        assert await wired.scalars("SELECT error_text FROM parked") == []
        for consumer, ids in handled.items():
            assert ids
            assert set(await wired.scalars(f"SELECT event_id FROM inbox WHERE consumer = '{consumer}'")) == ids
        assert (await wired.scalars(LEAVES[name]))[0] > 0


def test_golden_messages_speak_of_documents_that_are_there() -> None:
    there = {hashlib.sha256(document).hexdigest() for document in documents().values()}
    named = [golden.body.get(field) for golden in messages() for field in ("document", "received")]
    assert {ref["sha256"] for ref in named if ref} == there


async def test_what_cannot_be_handled_would_be_seen(wire: Callable[[str], Any]) -> None:
    async with wire("metering") as wired:
        (broken, *_) = [golden for golden in messages() if golden.type == "hub.delivery.delivered.v1"]
        body = {name: value for name, value in broken.body.items() if name != "receipt"}
        await wired.consume(wired.handlers[0], broken.with_body(body), 0)
        assert len(await wired.scalars("SELECT error_text FROM parked")) == 1
