"""What the journal holds, as the rest of the connector sees it."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from hub_connector.client.errors import Finding, finding
from hub_connector.client.models import Media

WAITING, REJECTED = "waiting", "rejected"
FAILED = frozenset({REJECTED, "refused", "failed", "cancelled", "returned"})
ENDED = FAILED | {"delivered"}


def findings_json(findings: Iterable[Finding]) -> str:
    """Write findings for the journal."""
    return json.dumps([asdict(one) for one in findings], ensure_ascii=False)


def findings_of(text: str) -> tuple[Finding, ...]:
    """Read findings from the journal."""
    return tuple(finding(one) for one in json.loads(text))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a transaction, as the feed told it."""

    time: datetime
    status: str
    entry: Mapping[str, Any]

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        entry = json.loads(row["entry"])
        status = entry.get("status") or str(entry.get("type", "")).rpartition(".")[2]
        return cls(datetime.fromisoformat(row["at"]), str(status), entry)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, and what the rules warn of."""
        return tuple(finding(one) for name in ("problems", "warnings") for one in self.entry.get(name, ()))


@dataclass(frozen=True, slots=True)
class Letter:
    """One invoice of a file. `payload` is left out where it is not needed."""

    id: int
    file: int
    number: str | None
    document_type: str | None
    client: str | None
    media: Media
    names: Mapping[str, str]
    key: str
    status: str
    attempts: int
    first_attempt_at: datetime | None
    transaction_id: UUID | None
    answered_at: datetime | None
    repeated: bool
    findings: Sequence[Finding]
    attachment: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""

        def moment(name: str) -> datetime | None:
            return datetime.fromisoformat(row[name]) if row[name] else None

        return cls(
            id=row["id"],
            file=row["file"],
            number=row["number"],
            document_type=row["document_type"],
            client=row["client"],
            media=row["media"],
            names=json.loads(row["names"]),
            key=row["key"],
            status=row["status"],
            attempts=row["attempts"],
            first_attempt_at=moment("first_attempt_at"),
            transaction_id=UUID(row["transaction_id"]) if row["transaction_id"] else None,
            answered_at=moment("answered_at"),
            repeated=bool(row["repeated"]),
            findings=findings_of(row["findings"]),
            attachment=row["attachment"],
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A file in the out-folder as it was when it was taken: to be removed from there if it is still the same."""

    path: str
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class File:
    """A file that was taken, with its invoices. `findings` says why nothing of it was sent."""

    id: int
    name: str
    kept_as: str
    folder: str | None
    sources: Sequence[Source]
    findings: Sequence[Finding]
    taken_at: datetime
    letters: Sequence[Letter]

    @classmethod
    def of(cls, row: sqlite3.Row, letters: Sequence[Letter]) -> Self:
        """Read a row."""
        return cls(
            id=row["id"],
            name=row["name"],
            kept_as=row["kept_as"],
            folder=row["folder"],
            sources=[Source(**source) for source in json.loads(row["sources"])],
            findings=findings_of(row["findings"]),
            taken_at=datetime.fromisoformat(row["taken_at"]),
            letters=letters,
        )

    @property
    def belongs_in(self) -> str:
        """The folder where a person looks for it: one failed invoice makes the file one that needs a person."""
        statuses = {letter.status for letter in self.letters}
        if self.findings or statuses & FAILED:
            return "failed"
        return "sent" if statuses <= ENDED else "sending"

    @property
    def ended(self) -> bool:
        """Whether everything in it has come to an end."""
        return all(letter.status in ENDED for letter in self.letters)
