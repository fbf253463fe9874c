"""What is sent to the hub and what it answers. Unknown fields are ignored, so that a newer hub can be spoken to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID, uuid4

from hub_connector.client.errors import Finding, finding

Media = Literal["application/json", "application/xml"]


def new_key() -> str:
    """Make an Idempotency-Key."""
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside the invoice."""

    name: str
    content: bytes
    media: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Submission:
    """An invoice to send. Its Idempotency-Key is made with it and stays: sent again, it gets the first answer.

    `client` is the organisation number of the company acted for; an install that acts for one only may leave it out.
    """

    body: bytes
    media: Media
    client: str | None = None
    attachments: Sequence[Attachment] = ()
    key: str = field(default_factory=new_key)

    @classmethod
    def of_json(cls, invoice: Mapping[str, Any], **more: Any) -> Self:
        """Make one of the JSON invoice (field names after EN 16931)."""
        return cls(json.dumps(invoice, ensure_ascii=False).encode(), "application/json", **more)

    @classmethod
    def of_ubl(cls, document: bytes, **more: Any) -> Self:
        """Make one of a UBL invoice or credit note."""
        return cls(document, "application/xml", **more)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The hub has the invoice, under this id."""

    transaction_id: UUID


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction as it stands."""

    id: UUID
    status: str
    client: str
    direction: str
    number: str
    document_type: str
    accepted_at: datetime
    channel: str | None = None
    findings: Sequence[Finding] = ()
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read what the API shows."""
        return cls(
            id=UUID(body["transaction_id"]),
            status=body["status"],
            client=body["client"],
            direction=body["direction"],
            number=body["invoice_number"],
            document_type=body["document_type"],
            accepted_at=datetime.fromisoformat(body["accepted_at"]),
            channel=body.get("channel"),
            findings=tuple(finding(one) for one in body.get("problems", ())),
            body=body,
        )


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One thing that happened, by its number in the install's own feed.

    `missed` is how many entries before it are gone for good, because the feed was not read for 90 days.
    """

    number: int
    type: str
    time: datetime
    body: Mapping[str, Any]
    missed: int = 0

    @property
    def transaction_id(self) -> UUID | None:
        """The transaction it tells of, if it tells of one."""
        given = self.body.get("transaction_id")
        return UUID(given) if given else None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Entries in order, and the number of the feed's newest one."""

    entries: Sequence[FeedEntry]
    last: int

    @classmethod
    def read(cls, body: Mapping[str, Any], after: int) -> Self:
        """Read a page that was asked for with `after`, counting what is missing between."""
        entries: list[FeedEntry] = []
        before = after
        for one in body["entries"]:
            number = int(one["number"])
            time = datetime.fromisoformat(one["time"])
            entries.append(FeedEntry(number, str(one["type"]), time, one, number - before - 1))
            before = number
        return cls(entries, int(body["last"]))


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A document that came to one of the install's companies; it is this install's for ten minutes."""

    id: UUID
    company: str
    sender: str
    number: str
    document_type: str
    received_at: datetime

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read what the API shows."""
        return cls(
            id=UUID(body["id"]),
            company=body["company"],
            sender=body["sender"],
            number=body["invoice_number"],
            document_type=body["document_type"],
            received_at=datetime.fromisoformat(body["received_at"]),
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whether and how a customer can receive e-invoices."""

    number: str
    body: Mapping[str, Any]

    @property
    def channels(self) -> Sequence[str]:
        """The channels that reach it: `peppol`, `inbox`."""
        return tuple(str(one) for one in self.body.get("channels", ()))

    @property
    def can_receive(self) -> bool | None:
        """Whether it can receive e-invoices, None where the hub could not find out."""
        found = self.body.get("can_receive")
        return found if isinstance(found, bool) else None

    @property
    def is_new(self) -> bool | None:
        """Whether it can and is not ticked in the customer register."""
        found = self.body.get("new")
        return found if isinstance(found, bool) else None
