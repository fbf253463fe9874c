"""From bytes to accepted transactions: the one way for an invoice, a form and a batch."""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Query

from gateway import door, problems
from gateway.api.parts import Caller, Parts
from gateway.door import Letter
from gateway.register.customers import addresses
from gateway.store.submissions import Submission
from hub import failpoints
from hub.errors import Refused
from hub.failpoints import Point
from hub.ids import uuid7
from hub.parties import RegisterEntry

NotBefore = Annotated[
    str | None,
    Query(
        description="Nothing is sent before this time (ISO 8601 with zone, at most a year ahead); until then it can be "
        "cancelled at once.",
        examples=["2026-12-01T08:00:00+01:00"],
    ),
]
KEY = re.compile(r"[\x20-\x7e]{1,200}")
LONGEST_WAIT = timedelta(days=366)
IN_THREAD = 100_000  # bytes from which reading documents would hold up the others' requests

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document that the door has read, under its idempotency key.

    `batch` is the one it came in, `not_before` the time that its sender gave.
    """

    key: str
    body: bytes
    letter: Letter
    recipient: str
    batch: UUID | None = None
    not_before: datetime | None = None


def checked_key(given: str | None) -> str:
    """Return the idempotency key of a request; raises Refused without one, or for what can be none."""
    if given is None or not KEY.fullmatch(given):
        raise Refused(problems.IDEMPOTENCY_KEY_MISSING)
    return given


def checked_time(given: str | None, now: datetime) -> datetime | None:
    """Return the time before which nothing is to be sent; raises Refused for one without zone, or too far ahead."""
    if given is None:
        return None
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        raise Refused(problems.NOT_BEFORE) from None
    if time.tzinfo is None or time > now + LONGEST_WAIT:
        raise Refused(problems.NOT_BEFORE)
    return time


def _held_until(given: datetime | None, hold: timedelta, now: datetime) -> datetime | None:
    """Return until when a document is held, None for one that may go at once."""
    latest = max(given or now, now + hold)
    return latest if latest > now else None


def read_letter(media: str, body: bytes, client: RegisterEntry) -> Letter:
    """Read a document as the door does; raises Refused."""
    return door.read_json(body) if media == "json" else door.read_ubl(body, client)


async def letter_of(media: str, body: bytes, client: RegisterEntry) -> Letter:
    """Read a document without holding up others; raises Refused."""
    if len(body) > IN_THREAD:
        return await asyncio.to_thread(read_letter, media, body, client)
    return read_letter(media, body, client)


async def addressed(parts: Parts, client: RegisterEntry, letters: Sequence[Letter]) -> Sequence[str | Refused]:
    """Return where each letter goes: as it says, else what the register says of the customer number."""
    asked = [letter.customer_number for letter in letters if letter.recipient is None and letter.customer_number]
    known: Mapping[str, str] = {}
    if asked:
        async with parts.database.begin() as connection:
            known = await addresses(connection, client.organisation_number, asked)
    return [
        letter.recipient or known.get(letter.customer_number or "") or Refused(problems.RECIPIENT_MISSING)
        for letter in letters
    ]


async def accept(parts: Parts, caller: Caller, client: RegisterEntry, arrival: Arrival) -> UUID:
    """Store a document and accept it; return its transaction, or the one that the same request made before.

    Raises Refused: the key was used for something else, or a live transaction holds the number.
    """
    letter = arrival.letter
    received = await parts.blobs.put(client.organisation_number, arrival.body)
    failpoints.reach(Point.ACCEPT_BEFORE_COMMIT)
    now = parts.clock()
    same = f"{letter.media}\n{client.organisation_number}\n{received.sha256}"
    submission = Submission(
        id=uuid7(now),
        install=caller.install,
        office=caller.who.owner_office,
        key=arrival.key,
        request_hash=hashlib.sha256(same.encode()).digest(),
        client=client.organisation_number,
        initiator=caller.who.initiator,
        sender=client.electronic_address,
        recipient=arrival.recipient,
        number=letter.number,
        document_type=letter.document_type,
        issue_date=letter.issue_date,
        customer_number=letter.customer_number,
        media=letter.media,
        received=received,
        batch=arrival.batch,
        send_not_before=_held_until(arrival.not_before, caller.hold, now),
        now=now,
    )
    identifier = await parts.submissions.accept(submission)
    failpoints.reach(Point.ACCEPT_AFTER_COMMIT)
    if identifier == submission.id:
        parts.accepted()
        log.info("accepted", transaction_id=str(identifier), client=submission.client)
    return identifier
