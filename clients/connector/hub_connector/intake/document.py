"""What is read of a file, whatever its format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub_connector.client.errors import Finding
from hub_connector.client.models import Media
from hub_connector.texts import Text


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice. `names` says what the ERP calls the hub's fields, where that differs.

    `attachment` is the name of a PDF that travels beside the payload; in JSON it is part of it.
    """

    media: Media
    payload: bytes
    number: str | None
    document_type: str | None
    client: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    attachment: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A file and the invoices in it; with `findings`, nothing of it is sent. `pdfs`: those beside it, by name."""

    name: str
    content: bytes
    pdfs: Mapping[str, bytes]
    documents: Sequence[Document]
    findings: Sequence[Finding] = ()


class UnreadableError(Exception):
    """The file is no invoice that can be sent. `unfinished`: more of it may still be written."""

    def __init__(self, *findings: Finding, unfinished: bool = False) -> None:
        super().__init__("; ".join(finding.en for finding in findings))
        self.findings = findings
        self.unfinished = unfinished


def local(text: Text, field: str | None = None) -> Finding:
    """Make a finding of the connector's own."""
    return Finding("", text.nb, text.en, field)
