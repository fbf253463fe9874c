"""The single statements of which the journal's transactions are made; each is given the transaction it is part of."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from hub_connector.client.errors import Finding
from hub_connector.client.models import new_key
from hub_connector.intake.document import Document
from hub_connector.journal.notices import notice
from hub_connector.journal.rows import WAITING, Event, findings_json


def free_name(write: sqlite3.Connection, name: str) -> str:
    """Return the name under which the file is kept: its own, or with a number if that one is in use."""
    path = Path(name)
    candidate, tries = path.name, 1
    while write.execute("SELECT 1 FROM file WHERE kept_as = ?", (candidate,)).fetchone():
        tries += 1
        candidate = f"{path.stem}~{tries}{path.suffix}"
    return candidate


def add_letter(write: sqlite3.Connection, file: int, document: Document) -> None:
    """Write an invoice of a file down, with the key that it is always sent under."""
    write.execute(
        """INSERT INTO letter (file, number, document_type, client, media, payload, attachment, names, key, status)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            file,
            document.number,
            document.document_type,
            document.client,
            document.media,
            document.payload,
            document.attachment,
            json.dumps(document.names, ensure_ascii=False),
            new_key(),
            WAITING,
        ),
    )


def hear(
    write: sqlite3.Connection, number: int | None, transaction: UUID | None, at: datetime, entry: Mapping[str, Any]
) -> None:
    """Write down what was told of a transaction, and move its invoice on; nothing where it was told before."""
    told = write.execute(
        """INSERT INTO event (number, transaction_id, at, entry) VALUES (?, ?, ?, ?) ON CONFLICT (number) DO NOTHING
           RETURNING *""",
        (number, str(transaction) if transaction else None, at.isoformat(), json.dumps(entry, ensure_ascii=False)),
    ).fetchone()
    if told is None:
        return
    letters = write.execute("SELECT id FROM letter WHERE transaction_id = ?", (told["transaction_id"],)).fetchall()
    for row in letters:
        advance(write, row["id"], Event.of(told))
    if not letters and not _awaits_answer(write, entry):
        event = Event.of(told)
        notice(write, {"time": at, "status": event.status, "event": entry, "findings": event.findings})


def _awaits_answer(write: sqlite3.Connection, entry: Mapping[str, Any]) -> bool:
    """Tell whether this may be about an invoice of ours that the hub was asked to take: told when that is known."""
    asked = (entry.get("invoice_number"), entry.get("document_type"))
    found = write.execute(
        "SELECT 1 FROM letter WHERE status = 'waiting' AND attempts > 0 AND number = ? AND document_type = ?", asked
    )
    return found.fetchone() is not None


def advance(write: sqlite3.Connection, letter: int, event: Event) -> None:
    """Move an invoice on to what an event says."""
    findings = event.findings
    write.execute(
        "UPDATE letter SET status = ?, findings = ? WHERE id = ?", (event.status, findings_json(findings), letter)
    )
    note(write, letter, event.status, event.time, findings, event.entry)


def note(
    write: sqlite3.Connection,
    letter: int,
    status: str,
    at: datetime,
    findings: Sequence[Finding],
    entry: Mapping[str, Any] | None = None,
) -> None:
    """Tell the ERP what became of an invoice, and that its receipt is to be written again."""
    row = write.execute(
        """SELECT f.name AS file, l.number, l.document_type, l.client, l.transaction_id, l.names
           FROM letter l JOIN file f ON f.id = l.file WHERE l.id = ?""",
        (letter,),
    ).fetchone()
    told = {
        "time": at,
        "status": status,
        "file": row["file"],
        "invoice_number": row["number"],
        "document_type": row["document_type"],
        "client": row["client"],
        "transaction_id": row["transaction_id"],
        "names": json.loads(row["names"]),
        "findings": findings,
        "event": entry,
    }
    notice(write, told)
    unwritten(write, letter)


def unwritten(write: sqlite3.Connection, letter: int) -> None:
    """Say that the receipt of an invoice's file is to be written again."""
    write.execute("UPDATE file SET unwritten = 1 WHERE id = (SELECT file FROM letter WHERE id = ?)", (letter,))


def mark(write: sqlite3.Connection, name: str, value: str) -> None:
    """Write a single fact down."""
    write.execute(
        "INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
