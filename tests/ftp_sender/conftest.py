"""A real SFTP server, a migrated database, and ftp-sender's own parts."""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ftp_sender.adapters.sessions import Sessions
from ftp_sender.adapters.sftp import SftpChannel
from ftp_sender.app import MIGRATIONS
from ftp_sender.sealing import Sealer
from ftp_sender.store import TargetStore
from ftp_sender.targets import TargetForm
from hub.blobs import BlobStore
from hub.db import DELIVERY_MIGRATIONS, Database
from hub.delivery.ports import Fenced
from hub.ids import uuid7
from hub.net import NetGuard
from hub.parties import Initiator
from hub.pipeline import BlobRef, DeliveryOrdered, FtpDestination, Parties
from hub.testing.sftp_server import SftpServer, host_key_at
from tests.conftest import DatabaseOf

CLIENT = "310000019"
USER, PASSWORD = "sentral", "for tests only"
DOCUMENT = b"<Invoice>" + b"x" * 200_000 + b"</Invoice>"
SEAL_KEY = base64.b64encode(bytes(range(32))).decode()


@dataclass
class RecordedAttempt:
    """An attempt without a database: counts its commitments, and is fenced on request."""

    number: int = 1
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    commitments: int = 0
    fenced: bool = False

    async def committing(self) -> None:
        if self.fenced:
            raise Fenced
        self.commitments += 1


@dataclass
class World:
    """What a test plays with."""

    server: SftpServer
    channel: SftpChannel
    targets: TargetStore
    sessions: Sessions
    blobs: BlobStore
    target: UUID
    folder: Path

    def form(self, **changes: object) -> TargetForm:
        values = {
            "owner": CLIENT,
            "host": self.server.host,
            "port": self.server.port,
            "user": USER,
            "password": PASSWORD,
            "folder": "/in",
            "host_key": self.server.public_key,
        }
        return TargetForm.model_validate({**values, **changes})

    async def change(self, **changes: object) -> None:
        await self.targets.put(self.target, self.form(**changes))

    def order(self, document: BlobRef, name: str = "10023_a.xml", **changes: object) -> DeliveryOrdered:
        now = datetime.now(UTC)
        parties = Parties(
            client=CLIENT,
            initiator=Initiator(kind="client", organisation_number=CLIENT),
            sender=f"0192:{CLIENT}",
            recipient="0192:310000027",
            number="10023",
            document_type="invoice",
        )
        values = {
            "parties": parties,
            "leg": 1,
            "product": "invoice.ftp",
            "document": document,
            "where": FtpDestination(target=self.target, file_name=name),
        }
        return DeliveryOrdered.caused(uuid7(now), uuid4(), now, "1", **{**values, **changes})

    async def ordered(self, content: bytes = DOCUMENT, name: str = "10023_a.xml") -> DeliveryOrdered:
        return self.order(await self.blobs.put(CLIENT, content), name)

    def files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.folder.iterdir()}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    (tmp_path / "site" / "in").mkdir(parents=True)
    with SftpServer(tmp_path / "site", USER, PASSWORD, host_key=host_key_at(tmp_path / "host_key")) as running:
        yield running


@pytest.fixture
async def database(database_of: DatabaseOf) -> Database:
    return await database_of("ftp-sender", [DELIVERY_MIGRATIONS, MIGRATIONS])


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    async with Sessions(NetGuard("127.0.0.0/8")) as opened:
        yield opened


@pytest.fixture
async def world(server: SftpServer, sessions: Sessions, database: Database, tmp_path: Path) -> World:
    targets = TargetStore(database, Sealer(SEAL_KEY))
    blobs = BlobStore(f"file://{tmp_path / 'blobs'}")
    channel = SftpChannel(targets, blobs, sessions)
    made = World(server, channel, targets, sessions, blobs, uuid4(), server.site.root / "in")
    await made.change()
    return made


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
