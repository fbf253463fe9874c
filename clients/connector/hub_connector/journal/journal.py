"""What is written down, each method one transaction: whatever happens next, it can be gone on from there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from hub_connector.client.errors import Finding
from hub_connector.client.models import FeedEntry, Transaction
from hub_connector.intake.document import Taken
from hub_connector.journal.database import Database
from hub_connector.journal.notices import notice
from hub_connector.journal.rows import ENDED, REJECTED, Event, File, Letter, Source, findings_json
from hub_connector.journal.writing import add_letter, advance, free_name, hear, mark, note, unwritten

FEED_AFTER = "feed after"
_LETTER = """id, file, number, document_type, client, media, names, key, status, attempts, first_attempt_at,
             transaction_id, answered_at, repeated, findings, attachment"""


class Journal:
    """One thread's view of what is written down."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)

    # Files and their invoices.

    def take(self, taken: Taken, sources: Sequence[Source], now: datetime) -> int:
        """Write a file down with everything that is to be sent of it; return its id."""
        with self.database.transaction() as write:
            file = write.execute(
                """INSERT INTO file (name, kept_as, content, sources, findings, taken_at)
                   VALUES (?, ?, ?, ?, ?, ?)""",
                (
                    taken.name,
                    free_name(write, taken.name),
                    taken.content,
                    json.dumps([asdict(source) for source in sources]),
                    findings_json(taken.findings),
                    now.isoformat(),
                ),
            ).lastrowid
            assert file is not None
            for name, content in taken.pdfs.items():
                write.execute("INSERT INTO beside (file, name, content) VALUES (?, ?, ?)", (file, name, content))
            for document in taken.documents:
                add_letter(write, file, document)
            if taken.findings:
                notice(write, {"time": now, "status": REJECTED, "file": taken.name, "findings": taken.findings})
        return file

    def file(self, identifier: int) -> File:
        """Return a file."""
        (row,) = self.database.rows("SELECT * FROM file WHERE id = ?", identifier)
        return File.of(row, self._letters("file = ?", identifier))

    def files(self, condition: str, *values: Any) -> list[File]:
        """Return the files for which a condition on their row holds, oldest first."""
        rows = self.database.rows(f"SELECT id FROM file WHERE {condition} ORDER BY id", *values)  # noqa: S608 - a constant of ours
        return [self.file(row["id"]) for row in rows]

    def unwritten(self) -> list[File]:
        """Return the files whose folder or receipt does not tell everything yet."""
        return self.files("unwritten = 1")

    def to_be_removed(self) -> list[File]:
        """Return the files that may still lie where they were taken, or of which no copy is kept yet."""
        return self.files("sources <> '[]' OR folder IS NULL")

    def content(self, file: int) -> bytes | None:
        """Return a file's bytes, None when they are no longer kept here."""
        (row,) = self.database.rows("SELECT content FROM file WHERE id = ?", file)
        content: bytes | None = row["content"]
        return content

    def beside(self, file: int) -> Mapping[str, bytes | None]:
        """Return the PDFs that lay beside a file, by name."""
        rows = self.database.rows("SELECT name, content FROM beside WHERE file = ? ORDER BY name", file)
        return {row["name"]: row["content"] for row in rows}

    def removed(self, file: int) -> None:
        """Note that the file is out of the out-folder."""
        self._write("UPDATE file SET sources = '[]' WHERE id = ?", file)

    def placed(self, file: int, folder: str) -> None:
        """Note which folder the file lies in."""
        self._write("UPDATE file SET folder = ? WHERE id = ?", folder, file)

    def gone(self, file: int) -> None:
        """Note that a person took the file away, so that its name is free."""
        self._write("UPDATE file SET folder = 'gone', kept_as = id || '/' || kept_as WHERE id = ?", file)

    def told(self, file: File) -> None:
        """Note that folder and receipt say what `file` says, unless more has happened since; free what is done with."""
        with self.database.transaction() as write:
            now = [Letter.of(row) for row in write.execute(f"SELECT {_LETTER} FROM letter WHERE file = ?", (file.id,))]  # noqa: S608 - a constant of ours
            if now == list(file.letters):
                write.execute("UPDATE file SET unwritten = 0 WHERE id = ?", (file.id,))
                if file.ended:
                    write.execute("UPDATE file SET content = NULL WHERE id = ?", (file.id,))
                    write.execute("UPDATE beside SET content = NULL WHERE file = ?", (file.id,))
                    write.execute("UPDATE letter SET payload = NULL WHERE file = ?", (file.id,))

    # Sending.

    def due(self, now: float) -> Letter | None:
        """Return the next invoice to be sent: those never tried before those tried longest ago."""
        found = self._letters("status = 'waiting' AND next_at <= ? ORDER BY next_at, id LIMIT 1", now)
        return found[0] if found else None

    def payload(self, letter: Letter) -> bytes:
        """Return what is sent of an invoice."""
        (row,) = self.database.rows("SELECT payload FROM letter WHERE id = ?", letter.id)
        return bytes(row["payload"])

    def announce(self, letter: Letter, now: datetime) -> None:
        """Write down that the hub is about to be asked."""
        self._write(
            "UPDATE letter SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, ?) WHERE id = ?",
            now.isoformat(),
            letter.id,
        )

    def accepted(self, letter: Letter, transaction: UUID, now: datetime, *, repeated: bool = False) -> None:
        """Write down that the hub has it; what the feed told of it before is what it stands at."""
        with self.database.transaction() as write:
            write.execute(
                """UPDATE letter SET status = 'accepted', transaction_id = ?, answered_at = ?, repeated = ?,
                   findings = '[]' WHERE id = ?""",
                (str(transaction), now.isoformat(), repeated, letter.id),
            )
            note(write, letter.id, "accepted", now, letter.findings[:0])
            for row in write.execute(
                "SELECT at, entry FROM event WHERE transaction_id = ? ORDER BY id", (str(transaction),)
            ).fetchall():
                advance(write, letter.id, Event.of(row))

    def rejected(self, letter: Letter, findings: Sequence[Finding], now: datetime) -> None:
        """Write down that the hub refused it at its door, for good."""
        with self.database.transaction() as write:
            write.execute(
                "UPDATE letter SET status = ?, answered_at = ?, findings = ? WHERE id = ?",
                (REJECTED, now.isoformat(), findings_json(findings), letter.id),
            )
            note(write, letter.id, REJECTED, now, findings)

    def wait(self, letter: Letter, until: float, findings: Sequence[Finding]) -> None:
        """Write down that it waits, until when (seconds since 1970), and why."""
        with self.database.transaction() as write:
            write.execute(
                "UPDATE letter SET next_at = ?, findings = ? WHERE id = ?", (until, findings_json(findings), letter.id)
            )
            unwritten(write, letter.id)

    # What the hub tells.

    def feed_after(self) -> int:
        """Return up to where the feed is written down."""
        return int(self.mark(FEED_AFTER) or 0)

    def heard(self, entries: Sequence[FeedEntry]) -> None:
        """Write down entries of the feed, and that it was read so far."""
        with self.database.transaction() as write:
            for entry in entries:
                hear(write, entry.number, entry.transaction_id, entry.time, entry.body)
            if entries:
                mark(write, FEED_AFTER, str(entries[-1].number))

    def asked(self, transaction: Transaction, now: datetime) -> None:
        """Write down how a transaction stands of which the feed told nothing."""
        entry = {**transaction.body, "type": f"transaction.{transaction.status}"}
        with self.database.transaction() as write:
            hear(write, None, transaction.id, now, entry)

    def open_transactions(self) -> list[tuple[UUID, str]]:
        """Return the transactions that have not ended as far as is known, with their status."""
        rows = self.database.rows(
            f"""SELECT transaction_id, status FROM letter WHERE transaction_id IS NOT NULL
                AND status NOT IN ({",".join("?" * len(ENDED))}) ORDER BY id""",  # noqa: S608 - question marks only
            *ENDED,
        )
        return [(UUID(row["transaction_id"]), row["status"]) for row in rows]

    def events(self, transaction: UUID) -> list[Event]:
        """Return what happened to a transaction, in the order told."""
        rows = self.database.rows("SELECT at, entry FROM event WHERE transaction_id = ? ORDER BY id", str(transaction))
        return [Event.of(row) for row in rows]

    # Single facts.

    def mark(self, name: str) -> str | None:
        """Return a fact."""
        rows = self.database.rows("SELECT value FROM mark WHERE name = ?", name)
        return rows[0]["value"] if rows else None

    def set_mark(self, name: str, value: str | None) -> None:
        """Write a fact down, or that it is no longer one."""
        with self.database.transaction() as write:
            if value is None:
                write.execute("DELETE FROM mark WHERE name = ?", (name,))
            else:
                mark(write, name, value)

    def forget(self, before: datetime) -> None:
        """Remove what ended and was told before a moment; the files themselves stay in their folders."""
        with self.database.transaction() as write:
            write.execute(
                f"""DELETE FROM file WHERE taken_at < ? AND unwritten = 0 AND sources = '[]' AND NOT EXISTS (
                        SELECT 1 FROM letter WHERE letter.file = file.id
                        AND status NOT IN ({",".join("?" * len(ENDED))}))""",  # noqa: S608 - question marks only
                (before.isoformat(), *ENDED),
            )
            write.execute(
                """DELETE FROM event WHERE at < ? AND NOT EXISTS (
                       SELECT 1 FROM letter WHERE letter.transaction_id = event.transaction_id)""",
                (before.isoformat(),),
            )
            write.execute("DELETE FROM arrival WHERE at < ? AND acknowledged = 1", (before.isoformat(),))

    def close(self) -> None:
        """Close it."""
        self.database.close()

    def _letters(self, condition: str, *values: Any) -> list[Letter]:
        rows = self.database.rows(f"SELECT {_LETTER} FROM letter WHERE {condition}", *values)  # noqa: S608 - constants of ours
        return [Letter.of(row) for row in rows]

    def _write(self, statement: str, *values: Any) -> None:
        with self.database.transaction() as write:
            write.execute(statement, values)
