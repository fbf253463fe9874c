"""Files beside the invoice: content or address, a name, a type that Peppol allows, and a size that gets through."""

import base64
import binascii
from collections.abc import Iterator

from ehf_builder.domain.attached import content_type
from hub.invoice.findings import Finding, own
from hub.invoice.model import MIME_TYPES, Attachment, Invoice
from hub.invoice.sizes import LARGEST_ATTACHMENT, LARGEST_IN_ALL, megabytes

_SIGNATURES = {
    "application/pdf": (b"%PDF",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK",),
    "application/vnd.oasis.opendocument.spreadsheet": (b"PK",),
}


def found(invoice: Invoice) -> Iterator[Finding]:
    """Check every attachment, and all of them together."""
    whole = 0
    for index, attachment in enumerate(invoice.attachments):
        field = f"attachments[{index}]"
        yield from _described(field, attachment)
        if attachment.content:
            content = _decoded(attachment.content)
            if content is None:
                yield _finding(f"{field}.content", "Innholdet er ikke gyldig base64.", "The content is no base64.")
            else:
                whole += len(content)
                yield from _content(field, attachment, content)
    if whole > LARGEST_IN_ALL:
        yield _finding(
            "attachments",
            f"Vedleggene er til sammen {megabytes(whole)}, høyst {megabytes(LARGEST_IN_ALL)} kan sendes.",
            f"The attachments are {megabytes(whole)} in all; at most {megabytes(LARGEST_IN_ALL)} can be sent.",
        )


def _described(field: str, given: Attachment) -> Iterator[Finding]:
    if bool(given.content) == bool(given.url):
        yield _finding(
            f"{field}.content",
            "Oppgi enten innholdet (base64) eller en adresse (url).",
            "Give either the content (base64) or an address (url).",
        )
    if given.url and not given.url.lower().startswith(("https://", "http://")):
        yield _finding(
            f"{field}.url",
            "Adressen må begynne med https:// eller http://.",
            "The address must begin with https:// or http://.",
        )
    if given.content and not given.filename:
        yield _finding(f"{field}.filename", "Filnavn mangler.", "The file name is missing.")
    if given.content and content_type(given) not in MIME_TYPES:
        yield _finding(
            f"{field}.mime_type",
            f"Filtypen kan ikke legges ved. Tillatt er PDF, PNG, JPEG, CSV, XLSX og ODS ({', '.join(MIME_TYPES)}).",
            "This type of file cannot be attached. Allowed are PDF, PNG, JPEG, CSV, XLSX and ODS "
            f"({', '.join(MIME_TYPES)}).",
        )


def _content(field: str, given: Attachment, content: bytes) -> Iterator[Finding]:
    kind = content_type(given) or ""
    if not content.startswith(_SIGNATURES.get(kind, (b"",))):
        yield _finding(
            f"{field}.content",
            f"Innholdet er ikke {kind}. Er filen skadet, eller er filtypen feil?",
            f"The content is no {kind}. Is the file damaged, or its type wrong?",
        )
    if len(content) > LARGEST_ATTACHMENT:
        yield _finding(
            f"{field}.content",
            f"Vedlegget er {megabytes(len(content))}, høyst {megabytes(LARGEST_ATTACHMENT)} kan sendes.",
            f"The attachment is {megabytes(len(content))}; at most {megabytes(LARGEST_ATTACHMENT)} can be sent.",
        )


def _decoded(content: str) -> bytes | None:
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _finding(field: str, nb: str, en: str) -> Finding:
    return own("HUB-ATTACHMENT", field, nb, en, term="BT-125")
