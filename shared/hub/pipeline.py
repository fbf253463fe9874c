"""Every event, every topic, and who consumes what: the page to read first.

CloudEvents 1.0 in the Kafka binary binding. `id` and `time` of an event are the attributes ce_id and ce_time, the
other fields are its JSON body. A breaking change is a new version beside the old one; consumers ignore what they do
not know.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field

from hub.errors import Problem
from hub.ids import derived_id
from hub.parties import (
    Activation,
    Channel,
    CustomerEntry,
    Direction,
    Engagement,
    Fact,
    Initiator,
    RegisterEntry,
)

PARTITIONS = 12
DAY_MS = 24 * 60 * 60 * 1000


class Topic(Fact):
    """A topic and its configuration, as it is created (never altered)."""

    name: str
    partitions: int = PARTITIONS
    config: Mapping[str, str] = {"retention.ms": str(30 * DAY_MS)}


INVOICE_SUBMITTED = Topic(name="invoice.submitted")  # gateway -> ehf-builder
INVOICE_VALIDATED = Topic(name="invoice.validated")  # ehf-builder -> router, gateway
DELIVERY_ORDERED = {channel: Topic(name=f"delivery.ordered.{channel}") for channel in Channel}  # router -> its sender
DELIVERY_REPORTED = Topic(name="delivery.reported")  # senders, router, gateway -> gateway, metering
CANCEL_REQUESTED = Topic(name="cancel.requested")  # gateway -> router
DOCUMENT_RECEIVED = Topic(name="document.received")  # access-point -> router
REGISTER_CHANGED = Topic(  # gateway -> router, metering
    name="register.changed", partitions=1, config={"cleanup.policy": "compact"}
)
TOPICS: tuple[Topic, ...] = (
    INVOICE_SUBMITTED,
    INVOICE_VALIDATED,
    *DELIVERY_ORDERED.values(),
    DELIVERY_REPORTED,
    CANCEL_REQUESTED,
    DOCUMENT_RECEIVED,
    REGISTER_CHANGED,
)


class Event(Fact, ABC):
    """A past fact (or an order, which says so). `id` is deterministic, `time` is when it happened."""

    type: ClassVar[str]
    topic: ClassVar[Topic]

    id: UUID = Field(exclude=True)
    time: datetime = Field(exclude=True)

    @property
    @abstractmethod
    def key(self) -> str:
        """The Kafka key and ce_subject: events of one key keep their order."""

    @property
    def destination(self) -> Topic:
        """The topic that this event is published to."""
        return self.topic


class TransactionEvent(Event):
    """An event of one transaction: one document exchanged."""

    transaction_id: UUID

    @property
    def key(self) -> str:
        """The transaction's id."""
        return str(self.transaction_id)

    @classmethod
    def caused(
        cls, transaction_id: UUID, cause: UUID | str, time: datetime, discriminator: str = "", **fields: Any
    ) -> Self:
        """Make the event that this cause always gives: replaying a handler yields the same id."""
        return cls(
            id=derived_id(transaction_id, cause, cls.type, discriminator),
            time=time,
            transaction_id=transaction_id,
            **fields,
        )


class BlobRef(Fact):
    """A document in the blob store: `<owner's organisation number>/<sha256>`, with its size in bytes."""

    key: str
    sha256: str
    size: int


class Parties(Fact):
    """Who a transaction concerns; the same in every event of it.

    `client` is the company acted for and charged; `recipient` the electronic address (`scheme:id`); `install` is
    absent where no ERP submitted (inbound).
    """

    client: str
    initiator: Initiator
    install: UUID | None = None
    direction: Direction = Direction.OUTBOUND
    sender: str
    recipient: str
    number: str
    document_type: str
    test: bool = False


class InvoiceSubmitted(TransactionEvent):
    """An install handed over an invoice and was told `accepted`. `customer` is what the register says of the buyer."""

    type = "hub.invoice.submitted.v1"
    topic = INVOICE_SUBMITTED

    parties: Parties
    received: BlobRef
    media: Literal["json", "ubl"]
    register_version: int
    seller: RegisterEntry
    customer: CustomerEntry | None = None


class Purpose(StrEnum):
    """What a document is fit for: Peppol's rules, or a readable sales document."""

    PEPPOL = "peppol"
    DOCUMENT = "document"


class InvoiceReady(TransactionEvent):
    """The document is built and judged; `document` holds the exact bytes that are sent."""

    type = "hub.invoice.ready.v1"
    topic = INVOICE_VALIDATED

    parties: Parties
    document: BlobRef
    document_type_id: str
    process_id: str
    sender_country: str
    purposes: tuple[Purpose, ...]
    rule_set: str
    warnings: tuple[Problem, ...] = ()
    register_version: int
    customer: CustomerEntry | None = None


class InvoiceRefused(TransactionEvent):
    """The document breaks rules; every finding is told at once."""

    type = "hub.invoice.refused.v1"
    topic = INVOICE_VALIDATED

    parties: Parties
    problems: tuple[Problem, ...]
    rule_set: str | None = None


class DocumentReceived(TransactionEvent):
    """A document came in through the access point and is stored; `instance_id` is the SBDH InstanceIdentifier."""

    type = "hub.document.received.v1"
    topic = DOCUMENT_RECEIVED

    parties: Parties
    document: BlobRef
    document_type_id: str
    process_id: str
    instance_id: str


class PeppolDestination(Fact):
    """Where an access point sends: identifiers without their scheme prefixes' meta scheme."""

    channel: Literal[Channel.PEPPOL] = Channel.PEPPOL
    receiver: str
    document_type_id: str
    process_id: str
    country: str


class FtpDestination(Fact):
    """A target that ftp-sender holds (with its secret), and the file's final name."""

    channel: Literal[Channel.FTP] = Channel.FTP
    target: UUID
    file_name: str


class InboxDestination(Fact):
    """Another customer of the hub, by organisation number."""

    channel: Literal[Channel.INBOX] = Channel.INBOX
    company: str


Destination = PeppolDestination | FtpDestination | InboxDestination


class DeliveryOrdered(TransactionEvent):
    """The router decided a leg; the sender of its channel carries it out once."""

    type = "hub.delivery.ordered.v1"
    topic = DELIVERY_ORDERED[Channel.PEPPOL]

    parties: Parties
    leg: int
    product: str
    document: BlobRef
    where: Destination = Field(discriminator="channel")

    @property
    def destination(self) -> Topic:
        """Each channel has its own topic."""
        return DELIVERY_ORDERED[self.where.channel]


class CancelRequested(TransactionEvent):
    """A transaction is to be stopped. Who asks (with which install) need not be who submitted it."""

    type = "hub.cancel.requested.v1"
    topic = CANCEL_REQUESTED

    parties: Parties
    install: UUID
    requested_by: Initiator


class DeliveryCancelRequested(TransactionEvent):
    """A leg that was ordered is to be stopped if nothing of it can have been seen yet; too late, it is ignored."""

    type = "hub.delivery.cancel-requested.v1"
    topic = DELIVERY_ORDERED[Channel.PEPPOL]

    parties: Parties
    leg: int
    channel: Channel
    requested_by: Initiator

    @property
    def destination(self) -> Topic:
        """The topic of the leg's order, so that it comes behind it."""
        return DELIVERY_ORDERED[self.channel]


class Receipt(Fact):
    """One receipt model for all channels: when, who confirmed, and the raw evidence's blob (sha256 inside)."""

    received_at: datetime
    confirmed_by: str
    evidence: BlobRef | None = None


class LegEvent(TransactionEvent):
    """Something that happened to one leg. `attempt` counts from 1; 0 where none was made."""

    topic = DELIVERY_REPORTED

    parties: Parties
    leg: int
    attempt: int
    channel: Channel | None = None


class DeliveryRetrying(LegEvent):
    """An attempt failed and nothing was sent; the next one comes at `next_at`."""

    type = "hub.delivery.retrying.v1"

    problem: Problem
    next_at: datetime


class DeliveryInDoubt(LegEvent):
    """Whether the recipient has it is unknown; never repeated silently, asked again, settled by an operator."""

    type = "hub.delivery.in-doubt.v1"

    problem: Problem


class Delivered(LegEvent):
    """The recipient has it."""

    type = "hub.delivery.delivered.v1"

    product: str
    receipt: Receipt


class DeliveryFailed(LegEvent):
    """It will not be delivered on this leg. `nothing_sent` is proof that the number may be used again."""

    type = "hub.delivery.failed.v1"

    problem: Problem
    nothing_sent: bool


class Returned(LegEvent):
    """It came back after delivery (a negative MLS, a bounce): the usage is reversed."""

    type = "hub.delivery.returned.v1"

    product: str
    problem: Problem


class Cancelled(LegEvent):
    """It was stopped before any effect, because `requested_by` asked."""

    type = "hub.delivery.cancelled.v1"

    requested_by: Initiator | None = None


class RegisterEvent(Event):
    """An entity of the register, whole; kept only if `version` is newer than what is known."""

    topic = REGISTER_CHANGED

    version: int


class CompanyChanged(RegisterEvent):
    """A company on the hub."""

    type = "hub.register.company.v1"

    company: RegisterEntry

    @property
    def key(self) -> str:
        """`company/<organisation number>`."""
        return f"company/{self.company.organisation_number}"


class ActivationChanged(RegisterEvent):
    """A company's activation of sending or receiving."""

    type = "hub.register.activation.v1"

    activation: Activation

    @property
    def key(self) -> str:
        """`activation/<organisation number>/<service>`."""
        return f"activation/{self.activation.company}/{self.activation.service}"


class EngagementChanged(RegisterEvent):
    """An office's engagement with a company."""

    type = "hub.register.engagement.v1"

    engagement: Engagement

    @property
    def key(self) -> str:
        """`engagement/<id>`."""
        return f"engagement/{self.engagement.id}"


def _concrete(base: type[Event]) -> list[type[Event]]:
    found = [base] if "type" in vars(base) else []
    return found + [event for child in base.__subclasses__() for event in _concrete(child)]


EVENTS: Mapping[str, type[Event]] = {event.type: event for event in _concrete(Event)}  # type: ignore[type-abstract]
