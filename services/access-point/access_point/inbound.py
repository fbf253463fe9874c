"""Takes in what the access point pushes: stored whole, kept once, told to the router if it is an invoice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert

from access_point import peppol
from access_point.models import inbound_document
from access_point.peppol import DocumentKind
from access_point.sbdh import Sbd, read
from hub import failpoints
from hub.blobs import BlobStore
from hub.db import Database
from hub.failpoints import Point
from hub.ids import uuid7
from hub.outbox import emit
from hub.parties import Direction, Initiator
from hub.pipeline import BlobRef, DocumentReceived, Parties

BUSINESS_DOCUMENTS = frozenset({DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE})

log = structlog.get_logger(__name__)


class RefusedForGoodError(Exception):
    """Pushing it again will not help; the text tells its sender's access point why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one push held; `new` is False for a repetition."""

    sbd: Sbd
    new: bool


class Inbound:
    """The hub's door for inbound documents. `committed` is told after every commit that left an event."""

    def __init__(
        self, database: Database, blobs: BlobStore, clock: Callable[[], datetime], committed: Callable[[], None]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._committed = committed

    async def take(self, data: bytes) -> Taken:
        """Store one envelope; returns only when all of it is durable.

        Raises InvalidSbdError or RefusedForGoodError (never to be pushed again) and Unavailable (push it again).
        """
        sbd = await asyncio.to_thread(read, data)
        owner = _owner_of(sbd)
        document = await self._blobs.put(owner, sbd.document)
        envelope = await self._blobs.put(owner, data)
        failpoints.reach(Point.INBOUND_BEFORE_COMMIT)
        new = await self._keep(sbd, document, envelope)
        failpoints.reach(Point.INBOUND_AFTER_COMMIT)
        log.info("document received", instance_id=sbd.instance_id, kind=sbd.kind, sender=sbd.sender, new=new)
        return Taken(sbd, new)

    async def _keep(self, sbd: Sbd, document: BlobRef, envelope: BlobRef) -> bool:
        now = self._clock()
        transaction_id = uuid7(now)
        row = {
            "transaction_id": transaction_id,
            "sender": sbd.sender,
            "instance_id": sbd.instance_id,
            "kind": sbd.kind.value,
            "recipient": sbd.receiver,
            "document_type_id": sbd.document_type_id,
            "process_id": sbd.process_id,
            "country": sbd.country,
            "number": sbd.number,
            "document_key": document.key,
            "document_size": document.size,
            "envelope_key": envelope.key,
            "envelope_size": envelope.size,
            "received_at": now,
        }
        statement = (
            insert(inbound_document)
            .values(row)
            .on_conflict_do_nothing(index_elements=["sender", "instance_id"])
            .returning(inbound_document.c.transaction_id)
        )
        async with self._database.begin() as connection:
            new = (await connection.execute(statement)).scalar_one_or_none() is not None
            if new and sbd.kind in BUSINESS_DOCUMENTS:
                await emit(connection, [_received(sbd, document, transaction_id, now)])
        if new:
            self._committed()
        return new


def _owner_of(sbd: Sbd) -> str:
    """Return whose blobs these are: the recipient's organisation number, or an operator's seat for messages to it."""
    number = peppol.organisation_number(sbd.receiver)
    if number is not None:
        return number
    if sbd.kind in {DocumentKind.MLS, DocumentKind.INVOICE_RESPONSE}:
        return sbd.receiver.replace(":", "-").replace(".", "_").replace("~", "_")
    raise RefusedForGoodError(f"this access point receives for Norwegian organisations only, not for {sbd.receiver}")


def _received(sbd: Sbd, document: BlobRef, transaction_id: UUID, now: datetime) -> DocumentReceived:
    client = peppol.organisation_number(sbd.receiver) or ""
    parties = Parties(
        client=client,
        initiator=Initiator(kind="client", organisation_number=client),
        direction=Direction.INBOUND,
        sender=sbd.sender,
        recipient=sbd.receiver,
        number=sbd.number or "",
        document_type=sbd.kind.value,
    )
    return DocumentReceived.caused(
        transaction_id,
        transaction_id,
        now,
        parties=parties,
        document=document,
        document_type_id=sbd.document_type_id,
        process_id=sbd.process_id,
        instance_id=sbd.instance_id,
    )
