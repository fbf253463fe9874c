"""Events of one transaction, as the other services tell them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from gateway.store.rows import parties_of
from hub import pipeline as p
from hub.blobs import BlobStore
from hub.errors import Problem
from hub.parties import Channel, Direction, Initiator
from tests.gateway.world import ALFA, DELTA, World

DOWN = Problem(code="server-down", nb="Serveren svarer ikke.", en="The server does not answer.")


class Story:
    """The events of one transaction; each is caused by a name, so that telling it again gives the same."""

    def __init__(self, transaction_id: UUID, parties: p.Parties, begins: datetime, document: p.BlobRef) -> None:
        self.id = transaction_id
        self.parties = parties
        self.begins = begins
        self.document = document

    def _common(self, cause: str, seconds: int) -> dict[str, Any]:
        return {
            "transaction_id": self.id,
            "cause": cause,
            "time": self.begins + timedelta(seconds=seconds),
            "parties": self.parties,
        }

    def ready(self) -> p.InvoiceReady:
        return p.InvoiceReady.caused(
            **self._common("ready", 1),
            document=self.document,
            document_type_id="d",
            process_id="p",
            sender_country="NO",
            purposes=(p.Purpose.PEPPOL,),
            rule_set="2026.5",
            register_version=1,
        )

    def refused(self) -> p.InvoiceRefused:
        return p.InvoiceRefused.caused(**self._common("ready", 1), problems=(DOWN,))

    def ordered(self, company: str = DELTA, leg: int = 1) -> p.DeliveryOrdered:
        return p.DeliveryOrdered.caused(
            **self._common(f"ordered {leg}", 2),
            leg=leg,
            product="inbox",
            document=self.document,
            where=p.InboxDestination(company=company),
        )

    def ordered_by_ftp(self) -> p.DeliveryOrdered:
        return p.DeliveryOrdered.caused(
            **self._common("ordered 1", 2),
            leg=1,
            product="ftp",
            document=self.document,
            where=p.FtpDestination(target=uuid4(), file_name="a.xml"),
        )

    def retrying(self) -> p.DeliveryRetrying:
        return p.DeliveryRetrying.caused(
            **self._common("retrying", 3),
            leg=1,
            attempt=1,
            channel=Channel.FTP,
            problem=DOWN,
            next_at=self.begins + timedelta(seconds=30),
        )

    def delivered(self) -> p.Delivered:
        return p.Delivered.caused(
            **self._common("delivered", 4),
            leg=1,
            attempt=2,
            channel=Channel.FTP,
            product="ftp",
            receipt=p.Receipt(received_at=self.begins + timedelta(seconds=4), confirmed_by="sftp.example.no"),
        )

    def failed(self, *, nothing_sent: bool, leg: int = 1) -> p.DeliveryFailed:
        return p.DeliveryFailed.caused(
            **self._common(f"failed {leg} {nothing_sent}", 4),
            leg=leg,
            attempt=2,
            channel=Channel.FTP,
            problem=DOWN,
            nothing_sent=nothing_sent,
        )

    def returned(self) -> p.Returned:
        return p.Returned.caused(
            **self._common("returned", 5), leg=1, attempt=2, channel=Channel.FTP, product="ftp", problem=DOWN
        )


async def story_of(world: World, transaction_id: str) -> Story:
    """Return the story of a transaction that was submitted."""
    [row] = await world.sql("SELECT * FROM transaction WHERE id = :id", id=UUID(transaction_id))
    document = await _blobs(world).put(row.client, b"<Invoice/>")
    return Story(row.id, parties_of(row), row.accepted_at, document)


async def inbound_story(world: World, transaction_id: UUID) -> Story:
    """Return the story of a document that came from outside."""
    parties = p.Parties(
        client=DELTA,
        initiator=Initiator(kind="client", organisation_number=DELTA),
        direction=Direction.INBOUND,
        sender="0192:991825827",
        recipient=f"0192:{DELTA}",
        number="77",
        document_type="invoice",
    )
    document = await _blobs(world).put(ALFA, b"<Invoice>77</Invoice>")
    return Story(transaction_id, parties, world.clock(), document)


def received(story: Story) -> p.DocumentReceived:
    return p.DocumentReceived.caused(
        story.id,
        "received",
        story.begins,
        parties=story.parties,
        document=story.document,
        document_type_id="d",
        process_id="p",
        instance_id="i",
    )


def _blobs(world: World) -> BlobStore:
    return world.handler._blobs
