"""Accepting invoices: key, business key and transaction in one statement, which is one transaction by itself.

Simultaneous copies wait on the key's index and then find the stored answer; a number in use makes the whole statement
fail, so that the key stays free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import problems
from gateway.store.progress import BUSINESS_KEY, as_json
from gateway.store.statements import single
from gateway.store.transactions import VISIBLE
from hub.db import Database
from hub.errors import Refused
from hub.parties import Initiator
from hub.pipeline import BlobRef
from hub.together import Together

# First all keys, then all transactions, each in the order of the index that may make them wait: so two batches never
# wait for each other in a circle.
_ACCEPT = text("""
    WITH asked AS (
        SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
            id uuid, install uuid, key text, request_hash text, client text, initiator_kind text, initiator text,
            sender text, recipient text, number text, document_type text, issue_date date, customer_number text,
            media text, received jsonb, batch uuid, send_not_before timestamptz,
            now timestamptz)
    ), door AS (
        INSERT INTO idempotency (install, key, request_hash, transaction_id, created_at)
        SELECT install, key, decode(request_hash, 'hex'), id, now FROM asked ORDER BY install, key
        ON CONFLICT DO NOTHING
        RETURNING transaction_id
    ), taken AS (
        INSERT INTO transaction (id, install, client, initiator_kind, initiator, direction, sender, recipient, number,
                                 document_type, issue_date, customer_number, media, received, batch, send_not_before,
                                 held, state, rank, holds_number, accepted_at, changed_at)
        SELECT id, install, client, initiator_kind, initiator, 'outbound', sender, recipient, number, document_type,
               issue_date, customer_number, media, received, batch, send_not_before,
               send_not_before IS NOT NULL, 'accepted', '{0,0,0,0}', true, now, now
        FROM asked JOIN door ON door.transaction_id = asked.id
        ORDER BY client, document_type, number, extract(year FROM issue_date)
        RETURNING id, accepted_at
    ), told AS (
        INSERT INTO timeline (transaction_id, event_id, state, time, rank, overtaken, detail)
        SELECT id, id, 'accepted', accepted_at, '{0,0,0,0}', false, '{}' FROM taken
    )
    SELECT transaction_id FROM door
""")
_STORED = text("""
    SELECT install, key, request_hash, transaction_id
    FROM unnest(CAST(:installs AS uuid[]), CAST(:keys AS text[])) AS asked(install, key)
    JOIN idempotency USING (install, key)
""")
_HOLDER = text(f"""
    SELECT t.id, {VISIBLE} AS visible FROM transaction t
    WHERE t.client = :client AND t.document_type = :document_type AND t.number = :number AND t.holds_number
      AND extract(year FROM t.issue_date) = :year
""")  # noqa: S608 - a constant of ours


@dataclass(frozen=True, slots=True)
class Submission:
    """An invoice that passed the door. `request_hash` covers everything that makes a repetition the same.

    `send_not_before` lies ahead: until then it is held.
    """

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
    batch: UUID | None = None
    send_not_before: datetime | None = None


class Submissions:
    """Accepts invoices: each one whole or not at all, those of a moment in one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together = Together(self._accept)

    async def accept(self, submission: Submission) -> UUID:
        """Store it and return its id, or the id that the same request got before.

        Raises Refused: the key was used for something else, or a live transaction holds the number.
        """
        return await self._together.ask(submission)

    async def _accept(self, batch: Sequence[Submission]) -> Sequence[UUID | Exception]:
        """Accept all at once; when one of several cannot be, each goes alone, so that only its own sender is told."""
        try:
            async with single(self._database) as connection:
                done = await connection.execute(_ACCEPT, {"rows": as_json([_row(submission) for submission in batch])})
                new = set(done.scalars())
                repeated = [submission for submission in batch if submission.id not in new]
                stored = await _stored(connection, repeated) if repeated else {}
        except DBAPIError as error:  # not one that passes: that is Unavailable, and everybody's
            if len(batch) == 1:
                return [await self._reason(batch[0], error)]
            return [(await self._accept([submission]))[0] for submission in batch]
        return [
            submission.id
            if submission.id in new
            else _first_answer(submission, *stored[submission.install, submission.key])
            for submission in batch
        ]

    async def _reason(self, submission: Submission, error: Exception) -> Exception:
        if not isinstance(error, IntegrityError) or BUSINESS_KEY not in str(error.orig):
            return error
        return await _in_use(self._database, submission)


async def _stored(
    connection: AsyncConnection, repeated: Sequence[Submission]
) -> Mapping[tuple[UUID, str], tuple[bytes, UUID]]:
    asked = {"installs": [one.install for one in repeated], "keys": [one.key for one in repeated]}
    rows = await connection.execute(_STORED, asked)
    return {(row.install, row.key): (row.request_hash, UUID(str(row.transaction_id))) for row in rows}


def _first_answer(submission: Submission, request_hash: bytes, identifier: UUID) -> UUID | Refused:
    if request_hash != submission.request_hash:
        return Refused(problems.IDEMPOTENCY_KEY_REUSED)
    return identifier


async def _in_use(database: Database, submission: Submission) -> Refused:
    async with single(database) as connection:
        holder = await _holder(connection, submission)
    problem = problems.duplicate_number(submission.number, submission.issue_date.year, holder)
    return Refused(problem, transaction_id=holder)


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
        "request_hash": submission.request_hash.hex(),
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
        "received": submission.received.model_dump(),
        "batch": submission.batch,
        "send_not_before": submission.send_not_before,
        "now": submission.now,
    }
