"""What the API shows of transactions, feeds and inboxes."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from hub.status import State


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(_utc, return_type=str), Field(description="UTC, ISO 8601.")]


class ShownProblem(BaseModel):
    """What is wrong and what to do, for a bookkeeper, in Norwegian (nb) and English (en)."""

    type: str = Field(description="A stable URI for this kind of problem.")
    nb: str
    en: str
    field: str | None = Field(None, description="The field as the caller names it, such as lines[0].vat.rate.")
    rule: str | None = Field(None, description="The official rule's id, such as BR-CO-25.")
    text: str | None = Field(None, description="The official wording of the rule, in English.")
    term: str | None = Field(None, description="The business term concerned, such as BT-9.")
    location: str | None = Field(None, description="Where in UBL as it came: an XPath, cac and cbc being its prefixes.")
    line: int | None = Field(None, description="The line of that place, from 1.")


class ProblemDetails(BaseModel):
    """Why a request did not succeed (RFC 9457, `application/problem+json`)."""

    type: str = Field(description="A stable URI for this kind of problem.")
    title: str = Field(description="The kind of problem, in English.")
    title_nb: str = Field(description="The same in Norwegian.")
    status: int
    detail: str = Field(description="What is wrong this time and what to do, in English.")
    detail_nb: str = Field(description="The same in Norwegian.")
    field: str | None = Field(None, description="The field, header or parameter concerned, in the caller's names.")
    transaction_id: UUID | None = Field(None, description="The transaction in the way, where the caller may see it.")
    errors: list[ShownProblem] = Field([], description="Every finding, where there may be several.")


class ShownReceipt(BaseModel):
    """Who confirmed the delivery, and when."""

    received_at: Time
    confirmed_by: str


class Links(BaseModel):
    """Where to go on from here."""

    self: str
    document: str


class Accepted(BaseModel):
    """The answer to a submission, and to each repetition of it."""

    transaction_id: UUID
    status: str = "accepted"
    links: Links


class LineAnswer(BaseModel):
    """The answer to one line of a batch: accepted (202), or what is wrong as problem details."""

    line: int = Field(description="The line's number in the request, from 1.")
    status: int = Field(description="What the invoice alone would have been answered with.")
    transaction_id: UUID | None = None
    batch_id: UUID | None = Field(None, description="Names the batch; the same whenever it is repeated.")
    links: Links | None = None
    problem: dict[str, Any] | None = Field(None, description="Problem details (RFC 9457), where it is not accepted.")


class Cancellation(BaseModel):
    """The answer to a request to cancel: `cancelled` is final; `cancelling` becomes that, or comes too late."""

    transaction_id: UUID
    status: Literal["cancelled", "cancelling"]
    links: Links


class CancelMany(BaseModel):
    """What to cancel all of: a batch (by its `batch_id`), what this install sent, or the company's (Hub-Client)."""

    model_config = ConfigDict(extra="forbid")

    scope: Literal["batch", "install", "company"]
    batch_id: UUID | None = Field(None, description="Required with the scope `batch`, and of no other.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.scope == "batch") != (self.batch_id is not None):
            raise PydanticCustomError("batch_id", "`batch_id` goes with the scope `batch`, and with no other")
        return self


class Cancellations(BaseModel):
    """How many were stopped for good, and how many are under way and stopped unless it is too late."""

    cancelled: int
    cancelling: int


class Hold(BaseModel):
    """How long a company's invoices are kept, so that they can be cancelled at once, before they are let go."""

    model_config = ConfigDict(extra="forbid")

    minutes: int = Field(strict=True, ge=0, le=7 * 24 * 60, description="0 lets them go at once.", examples=[15])


class Requester(BaseModel):
    """Who asked: a company by itself (`client`), or its office."""

    kind: Literal["client", "office"]
    organisation_number: str


class TimelineEntry(BaseModel):
    """One thing that happened. `overtaken` ones came late and changed nothing."""

    status: State
    time: Time
    overtaken: bool = False
    leg: int | None = None
    attempt: int | None = None
    channel: str | None = None
    next_at: Time | None = None
    rule_set: str | None = None
    problems: list[ShownProblem] = []
    warnings: list[ShownProblem] = []
    receipt: ShownReceipt | None = None
    requested_by: Requester | None = Field(None, description="Who asked for the cancellation.")


class Summary(BaseModel):
    """A transaction in a list."""

    transaction_id: UUID
    status: State
    client: str = Field(description="The company acted for.")
    direction: str
    sender: str = Field(description="Electronic address, scheme:id.")
    recipient: str = Field(description="Electronic address, scheme:id.")
    invoice_number: str
    document_type: str
    channel: str | None = Field(None, description="The way it went, once that is decided.")
    accepted_at: Time
    changed_at: Time
    links: Links


class Transaction(Summary):
    """A transaction with everything that happened to it. `problems` are those of the status it has."""

    initiator: str = Field(description="Organisation number of who sent it: the company itself, or its office.")
    batch_id: UUID | None = Field(None, description="The batch that it came in.")
    send_not_before: Time | None = Field(None, description="It is or was held until then.")
    problems: list[ShownProblem] = []
    receipts: list[ShownReceipt] = []
    timeline: list[TimelineEntry]


class Page(BaseModel):
    """Transactions, newest first. `next` is the address of the next page, null at the end."""

    transactions: list[Summary]
    next: str | None


class FeedPage(BaseModel):
    """Entries of the install's own feed, numbered without gaps. Ask again with `after` = `last` of what you kept."""

    entries: list[dict[str, Any]] = Field(
        description="Each has number, type, time and what it concerns: transaction.<status> or inbox.received."
    )
    last: int = Field(description="The newest number given so far; what waits beyond it is numbered as you read on.")


class InboxLinks(BaseModel):
    """Where the document is, and where to say that it was taken in."""

    document: str
    ack: str


class InboxItem(BaseModel):
    """A document that came to one of the install's companies."""

    id: UUID
    company: str
    sender: str
    invoice_number: str
    document_type: str
    received_at: Time
    leased_until: Time
    links: InboxLinks


class InboxPage(BaseModel):
    """The oldest documents that nobody has taken in; they are this install's for ten minutes."""

    items: list[InboxItem]


class Acknowledged(BaseModel):
    """The document is out of the inbox."""

    id: UUID
    acknowledged_at: Time


def links(identifier: UUID) -> Links:
    """Return a transaction's addresses."""
    own = f"/v1/transactions/{identifier}"
    return Links(self=own, document=f"{own}/document")


def summary(row: Any) -> dict[str, Any]:
    """Return a transaction's row as a Summary's fields."""
    return {
        "transaction_id": row.id,
        "status": row.state,
        "client": row.client,
        "direction": row.direction,
        "sender": row.sender,
        "recipient": row.recipient,
        "invoice_number": row.number,
        "document_type": row.document_type,
        "channel": row.channel,
        "accepted_at": row.accepted_at,
        "changed_at": row.changed_at,
        "links": links(row.id),
    }


def transaction(row: Any, timeline: Any) -> Transaction:
    """Return a transaction's row and timeline as it is shown."""
    entries = [
        TimelineEntry(status=step.state, time=step.time, overtaken=step.overtaken, **step.detail) for step in timeline
    ]
    return Transaction(
        **summary(row),
        initiator=row.initiator,
        batch_id=row.batch,
        send_not_before=row.send_not_before,
        problems=row.problems,
        receipts=[entry.receipt for entry in entries if entry.receipt],
        timeline=entries,
    )


def inbox_item(row: Any) -> InboxItem:
    """Return an inbox item's row as it is shown."""
    own = f"/v1/inbox/{row.id}"
    return InboxItem(
        id=row.id,
        company=row.company,
        sender=row.sender,
        invoice_number=row.number,
        document_type=row.document_type,
        received_at=row.received_at,
        leased_until=row.leased_until,
        links=InboxLinks(document=f"{own}/document", ack=f"{own}/ack"),
    )
