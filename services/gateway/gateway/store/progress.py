"""Transactions as events move them: locked in id order, written in one statement each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.progress import Moved, Progress, Step, feed_entry
from gateway.store.rows import parties_of
from hub.errors import Unavailable
from hub.parties import Channel
from hub.pipeline import BlobRef
from hub.status import Rank, State, Status

_LOCK = text("SELECT * FROM transaction WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE")

_INSERT = text("""
    INSERT INTO transaction (id, install, client, initiator_kind, initiator, direction, sender, recipient, number,
                             document_type, test, media, received, state, rank, holds_number, accepted_at,
                             released_at, judged_at, changed_at)
    SELECT id, install, client, initiator_kind, initiator, direction, sender, recipient, number, document_type, test,
           'ubl', received, state, rank, false, accepted_at, accepted_at, accepted_at, accepted_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        id uuid, install uuid, client text, initiator_kind text, initiator text, direction text, sender text,
        recipient text, number text, document_type text, test boolean, received jsonb, state text, rank integer[],
        accepted_at timestamptz)
    ORDER BY id
    ON CONFLICT DO NOTHING
""")

BUSINESS_KEY = "transaction_business_key"
# A number that was free for a while may be another invoice's by now.
_UPDATE = text("""
    UPDATE transaction t
    SET state = r.state, rank = r.rank, channel = r.channel, document = r.document, problems = r.problems,
        holds_number = r.holds_number AND (t.holds_number OR NOT EXISTS (
            SELECT FROM transaction o
            WHERE o.client = t.client AND o.document_type = t.document_type AND o.number = t.number
              AND extract(year FROM o.issue_date) = extract(year FROM t.issue_date) AND o.holds_number)),
        judged_at = coalesce(t.judged_at, :now), changed_at = :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        id uuid, state text, rank integer[], channel text, document jsonb, problems jsonb, holds_number boolean)
    WHERE t.id = r.id
""")

_TIMELINE = text("""
    INSERT INTO timeline (transaction_id, event_id, state, time, rank, overtaken, detail)
    SELECT transaction_id, event_id, state, time, rank, overtaken, detail
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        transaction_id uuid, event_id uuid, state text, time timestamptz, rank integer[], overtaken boolean,
        detail jsonb)
    ON CONFLICT DO NOTHING
""")

_FEED = text("""
    INSERT INTO feed (install, entry, created_at)
    SELECT r.install, r.entry::jsonb, :now
    FROM unnest(CAST(:installs AS uuid[]), CAST(:entries AS text[])) WITH ORDINALITY AS r(install, entry, place)
    ORDER BY r.place
""")


def as_json(rows: Any) -> str:
    """Return rows as the one JSON parameter that a set-based statement takes."""
    return orjson.dumps(rows, default=str).decode()  # the driver's UUIDs are a class of their own


async def locked(connection: AsyncConnection, firsts: Mapping[UUID, tuple[Progress, datetime]]) -> dict[UUID, Progress]:
    """Lock the transactions in id order and return them; those unknown are inserted as they are given."""
    rows = (await connection.execute(_LOCK, {"ids": sorted(firsts)})).all()
    known = {row.id: progress_of(row) for row in rows}
    missing = [identifier for identifier in sorted(firsts) if identifier not in known]
    if missing:
        await connection.execute(_INSERT, {"rows": as_json([_first(*firsts[one]) for one in missing])})
        rows = (await connection.execute(_LOCK, {"ids": missing})).all()
        known |= {row.id: progress_of(row) for row in rows}
    return known


async def write(connection: AsyncConnection, moved: Moved, now: datetime) -> set[UUID]:
    """Write where each transaction stands, its timeline, and the feeds; return the installs that have news.

    Raises Unavailable where a number was taken by another invoice at this very moment: the next try sees it.
    """
    rows = as_json([_moved(one) for one in moved.progress.values()])
    try:
        await connection.execute(_UPDATE, {"rows": rows, "now": now})
    except IntegrityError as error:
        if BUSINESS_KEY in str(error.orig):
            raise Unavailable("another invoice has taken the number of one that goes on") from error
        raise
    await connection.execute(_TIMELINE, {"rows": as_json([_step(step) for step in moved.steps])})
    told = []
    for step in moved.steps:
        progress = moved.progress[step.transaction_id]
        if not step.overtaken and progress.parties.install is not None:
            told.append((progress.parties.install, feed_entry(progress, step)))
    await feed(connection, told, now)
    return {install for install, _ in told}


async def feed(connection: AsyncConnection, entries: Iterable[tuple[UUID, Mapping[str, Any]]], now: datetime) -> None:
    """Add entries to installs' feeds, unnumbered, in the order given."""
    told = list(entries)
    if told:
        installs: Sequence[UUID] = [install for install, _ in told]
        await connection.execute(
            _FEED, {"installs": installs, "entries": [as_json(entry) for _, entry in told], "now": now}
        )


def progress_of(row: Any) -> Progress:
    """Return how far a transaction's row has come."""
    return Progress(
        transaction_id=row.id,
        parties=parties_of(row),
        status=Status(Rank(*row.rank), State(row.state)),
        channel=Channel(row.channel) if row.channel else None,
        document=BlobRef.model_validate(row.document) if row.document else None,
        problems=tuple(row.problems),
        holds_number=row.holds_number,
    )


def _first(progress: Progress, time: datetime) -> Mapping[str, Any]:
    parties = progress.parties
    return {
        "id": progress.transaction_id,
        **parties.model_dump(mode="json", exclude={"initiator"}),
        "initiator_kind": parties.initiator.kind,
        "initiator": parties.initiator.organisation_number,
        "received": progress.document.model_dump() if progress.document else {},
        "state": str(progress.status.state),
        "rank": list(progress.status.rank),
        "accepted_at": time.isoformat(),
    }


def _moved(progress: Progress) -> Mapping[str, Any]:
    return {
        "id": progress.transaction_id,
        "state": str(progress.status.state),
        "rank": list(progress.status.rank),
        "channel": str(progress.channel) if progress.channel else None,
        "document": progress.document.model_dump() if progress.document else None,
        "problems": progress.problems,
        "holds_number": progress.holds_number,
    }


def _step(step: Step) -> Mapping[str, Any]:
    return {
        "transaction_id": step.transaction_id,
        "event_id": step.event_id,
        "state": str(step.status.state),
        "time": step.time.isoformat(),
        "rank": list(step.status.rank),
        "overtaken": step.overtaken,
        "detail": step.detail,
    }
