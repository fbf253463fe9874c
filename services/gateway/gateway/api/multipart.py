"""multipart/form-data (RFC 7578): an invoice, and files that are to go with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import HeaderParser
from email.policy import HTTP
from typing import Any

from gateway import problems
from hub.errors import Refused
from hub.invoice.model import ENDINGS, MIME_TYPES

MEDIA_TYPE = "multipart/form-data"
MOST_ATTACHMENTS = 100
INVOICE, ATTACHMENT = "invoice", "attachment"
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": [INVOICE],
    "properties": {
        INVOICE: {"description": "The invoice, as JSON or UBL; the part's content type says which."},
        ATTACHMENT: {
            "type": "array",
            "maxItems": MOST_ATTACHMENTS,
            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            "description": "Files that are to go with it, each with its file name: PDF, PNG, JPEG, CSV, XLSX or ODS.",
        },
    },
}
ENCODING: Mapping[str, Any] = {
    INVOICE: {"contentType": "application/json, application/xml"},
    ATTACHMENT: {"contentType": "application/octet-stream"},  # the file's ending says more
}
_LONGEST_HEADERS = 4_000


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form: the field's name, the file's, its content type (without parameters) and bytes."""

    name: str
    filename: str | None
    media_type: str
    content: bytes


def read(content_type: str, body: bytes) -> tuple[Part, list[Part]]:
    """Return the invoice and its attachments; raises Refused, naming the part that is wrong."""
    parts = list(_parts(body, _boundary(content_type)))
    unknown = [part.name for part in parts if part.name not in (INVOICE, ATTACHMENT)]
    if unknown:
        raise Refused(problems.unknown_part(unknown[0]))
    invoices = [part for part in parts if part.name == INVOICE]
    attachments = [part for part in parts if part.name == ATTACHMENT]
    if len(invoices) != 1:
        raise Refused(problems.INVOICE_PART)
    if len(attachments) > MOST_ATTACHMENTS:
        raise Refused(problems.too_many_attachments(MOST_ATTACHMENTS))
    for place, attachment in enumerate(attachments):
        if not attachment.filename:
            raise Refused(problems.attachment_unnamed(f"{ATTACHMENT}[{place}]"))
    return invoices[0], attachments


def _boundary(content_type: str) -> bytes:
    boundary = _headers(f"Content-Type: {content_type}").get_param("boundary")
    if not isinstance(boundary, str) or not boundary.isascii():
        raise Refused(problems.NO_FORM)
    return b"\r\n--" + boundary.encode()


def _headers(text: str) -> EmailMessage:
    return HeaderParser(EmailMessage, policy=HTTP).parsestr(text)


def _parts(body: bytes, delimiter: bytes) -> Iterator[Part]:
    """Yield what lies between the delimiters; before the first and after the last one nothing counts."""
    pieces = (b"\r\n" + body).split(delimiter, MOST_ATTACHMENTS + 3)
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        head, end, content = piece.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not end or len(head) > _LONGEST_HEADERS:
            raise Refused(problems.NO_FORM)
        yield _part(head, content)
    raise Refused(problems.NO_FORM)  # cut off: the last delimiter never came


def _part(head: bytes, content: bytes) -> Part:
    try:
        headers = _headers(head.decode())
    except UnicodeDecodeError as error:
        raise Refused(problems.NO_FORM) from error
    name = headers.get_param("name", header="content-disposition")
    if not isinstance(name, str):
        raise Refused(problems.NO_FORM)
    filename = headers.get_filename()
    return Part(name, filename, _media_type(headers.get_content_type(), filename), content)


def _media_type(declared: str, filename: str | None) -> str:
    """Return what a file is: callers that do not know say `application/octet-stream`, and its ending says more."""
    ending = (filename or "").rpartition(".")[2].lower()
    return declared if declared in MIME_TYPES else ENDINGS.get(ending, declared)
