"""Accepting an invoice: key, business key and transaction in one statement, which is one transaction by itself.

Simultaneous copies wait on the key's index and then find the stored answer; a number in use makes the whole statement
fail, so that the key stays free.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import problems
from gateway.store.statements import single
from gateway.store.transactions import VISIBLE
from hub.db import Database
from hub.errors import Problem, Refused
from hub.parties import Initiator
from hub.pipeline import BlobRef

_ACCEPT = text("""
    WITH door AS (
        INSERT INTO idempotency (install, key, request_hash, transaction_id, created_at)
        VALUES (:install, :key, :request_hash, :id, :now)
        ON CONFLICT DO NOTHING
        RETURNING transaction_id
    ), taken AS (
        INSERT INTO transaction (id, install, client, initiator_kind, initiator, direction, sender, recipient, number,
                                 document_type, issue_date, customer_number, media, received, state, rank,
                                 holds_number, accepted_at, changed_at)
        SELECT :id, :install, :client, :initiator_kind, :initiator, 'outbound', :sender, :recipient, :number,
               :document_type, CAST(:issue_date AS date), CAST(:customer_number AS text), :media,
               CAST(:received AS jsonb), 'accepted', '{0,0,0,0}', true, :now, :now
        FROM door
        RETURNING id
    ), told AS (
        INSERT INTO timeline (transaction_id, event_id, state, time, rank, overtaken, detail)
        SELECT id, id, 'accepted', :now, '{0,0,0,0}', false, '{}' FROM taken
    )
    SELECT EXISTS (SELECT FROM door) AS new_key
""")
BUSINESS_KEY = "transaction_business_key"
_STORED = text("SELECT request_hash, transaction_id FROM idempotency WHERE install = :install AND key = :key")
_HOLDER = text(f"""
    SELECT t.id, {VISIBLE} AS visible FROM transaction t
    WHERE t.client = :client AND t.document_type = :document_type AND t.number = :number AND t.holds_number
      AND extract(year FROM t.issue_date) = :year
""")  # noqa: S608 - a constant of ours


@dataclass(frozen=True, slots=True)
class Submission:
    """An invoice that passed the door. `request_hash` covers everything that makes a repetition the same."""

    id: UUID
    install: UUID
    office: str | None
    key: str
    request_hash: bytes
    client: str
    initiator: Initiator
    sender: str
    recipient: str
    number: str
    document_type: str
    issue_date: date
    customer_number: str | None
    media: Literal["json", "ubl"]
    received: BlobRef
    now: datetime


async def accept(database: Database, submission: Submission) -> UUID:
    """Store it and return its id, or the id that the same request got before.

    Raises Refused: the key was used for something else, or a live transaction holds the number.
    """
    try:
        async with single(database) as connection:
            new = (await connection.execute(_ACCEPT, _row(submission))).scalar_one()
            if new:
                return submission.id
            asked = {"install": submission.install, "key": submission.key}
            stored = (await connection.execute(_STORED, asked)).one()
    except IntegrityError as error:
        if BUSINESS_KEY not in str(error.orig):
            raise
        raise Refused(await _in_use(database, submission)) from error
    if stored.request_hash != submission.request_hash:
        raise Refused(problems.IDEMPOTENCY_KEY_REUSED)
    return UUID(str(stored.transaction_id))


async def _in_use(database: Database, submission: Submission) -> Problem:
    async with single(database) as connection:
        holder = await _holder(connection, submission)
    return problems.duplicate_number(submission.number, submission.issue_date.year, holder)


async def _holder(connection: AsyncConnection, submission: Submission) -> UUID | None:
    """Return who holds the number, if the install may know."""
    row = (
        await connection.execute(
            _HOLDER,
            {
                "client": submission.client,
                "document_type": submission.document_type,
                "number": submission.number,
                "year": submission.issue_date.year,
                "install": submission.install,
                "office": submission.office,
            },
        )
    ).first()
    return UUID(str(row.id)) if row and row.visible else None


def _row(submission: Submission) -> dict[str, object]:
    return {
        "id": submission.id,
        "install": submission.install,
        "key": submission.key,
        "request_hash": submission.request_hash,
        "client": submission.client,
        "initiator_kind": submission.initiator.kind,
        "initiator": submission.initiator.organisation_number,
        "sender": submission.sender,
        "recipient": submission.recipient,
        "number": submission.number,
        "document_type": submission.document_type,
        "issue_date": submission.issue_date,
        "customer_number": submission.customer_number,
        "media": submission.media,
        "received": orjson.dumps(submission.received.model_dump()).decode(),
        "now": submission.now,
    }
