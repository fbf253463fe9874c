"""An invoice and the files that came with it, as the one document that is accepted.

JSON gets them in `attachments`, UBL as AdditionalDocumentReference (BG-24): as if the sender had put them in.
"""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import orjson
from lxml import etree

from gateway import problems
from hub.errors import Refused
from hub.ubl import CAC, CBC, Element
from hub.xml import UnreadableError, parse

# What follows AdditionalDocumentReference in Invoice and CreditNote (UBL 2.1).
_AFTER = {
    f"{{{CAC}}}{name}"
    for name in (
        "ProjectReference",
        "StatementDocumentReference",
        "OriginatorDocumentReference",
        "Signature",
        "AccountingSupplierParty",
    )
}


class File(NamedTuple):
    """A file that is to go with an invoice."""

    name: str
    media_type: str
    content: bytes


def join_json(invoice: bytes, files: Sequence[File]) -> bytes:
    """Return the JSON invoice with the files in `attachments`; every other byte stays. Raises Refused."""
    try:
        read = orjson.loads(invoice)
    except orjson.JSONDecodeError as error:
        raise Refused(problems.NO_JSON) from error
    if not isinstance(read, dict):
        raise Refused(problems.NO_JSON)
    if "attachments" in read:
        raise Refused(problems.ATTACHED_TWICE)
    attached = [
        {"filename": file.name, "mime_type": file.media_type, "content": base64.b64encode(file.content).decode()}
        for file in files
    ]
    start = invoice.rstrip().removesuffix(b"}")
    return start + (b"," if read else b"") + b'"attachments":' + orjson.dumps(attached) + b"}"


def join_ubl(invoice: bytes, files: Sequence[File]) -> bytes:
    """Return the UBL document with a reference for each file where the schema wants it; raises Refused."""
    try:
        root = parse(invoice)
    except UnreadableError as error:
        raise Refused(problems.unreadable(error.finding.problem())) from error
    following = next((child for child in root if child.tag in _AFTER), None)
    if following is None:
        raise Refused(problems.NO_UBL)
    for file in files:
        following.addprevious(_reference(file))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _reference(file: File) -> Element:
    reference = etree.Element(f"{{{CAC}}}AdditionalDocumentReference", nsmap={"cac": CAC, "cbc": CBC})
    etree.SubElement(reference, f"{{{CBC}}}ID").text = file.name
    attachment = etree.SubElement(reference, f"{{{CAC}}}Attachment")
    content = etree.SubElement(
        attachment,
        f"{{{CBC}}}EmbeddedDocumentBinaryObject",
        {"mimeCode": file.media_type, "filename": file.name},
    )
    content.text = base64.b64encode(file.content).decode()
    return reference
