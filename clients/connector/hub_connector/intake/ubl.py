"""UBL, sent byte for byte as it is; read only as far as needed to know it again."""

import base64
from xml.etree import ElementTree as ET
from xml.parsers import expat

from hub_connector.intake.document import Document, UnreadableError, local
from hub_connector.texts import Text

_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_KINDS = {
    f"urn:oasis:names:specification:ubl:schema:xsd:{name}-2 {name}": kind
    for name, kind in (("Invoice", "invoice"), ("CreditNote", "credit_note"))
}
_BROKEN = Text(
    "Fila er ikke gyldig XML (linje {line}): {why}. Er den skrevet ferdig?",
    "The file is not valid XML (line {line}): {why}. Was it written to its end?",
)
_NOT_UBL = Text(
    "Dokumentet er verken en UBL-faktura eller en UBL-kreditnota. Eksporter EHF Fakturering 3.0.",
    "The document is neither a UBL invoice nor a UBL credit note. Export EHF Billing 3.0.",
)
_DTD = Text(
    "Dokumentet har en DTD (DOCTYPE), som ikke er tillatt.", "The document has a DTD (DOCTYPE), which is not allowed."
)


class _Head:
    """Finds the kind and the number, and refuses a DTD before anything in it is read."""

    def __init__(self) -> None:
        self.kind: str | None = None
        self.number = ""
        self._depth = 0
        self._in_number = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.kind = _KINDS.get(name)
        self._in_number = self._depth == 2 and name == f"{_CBC} ID"

    def text(self, data: str) -> None:
        if self._in_number:
            self.number += data

    def end(self, _name: str) -> None:
        self._depth -= 1
        self._in_number = False

    def doctype(self, *_declaration: object) -> None:
        raise UnreadableError(local(_DTD))


def read(content: bytes, attachment: str | None) -> Document:
    """Return the invoice; raises UnreadableError."""
    head = _Head()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = head.start
    parser.EndElementHandler = head.end
    parser.CharacterDataHandler = head.text
    parser.StartDoctypeDeclHandler = head.doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code) or ""
        raise UnreadableError(local(_BROKEN.of(line=error.lineno, why=why)), unfinished=True) from error
    if head.kind is None:
        raise UnreadableError(local(_NOT_UBL))
    number = " ".join(head.number.split()) or None
    return Document("application/xml", content, number, head.kind, attachment=attachment)


def without(document: bytes, name: str, content: bytes) -> str:
    """Return a document in one form for all that say the same, without this attachment (BG-24) if it has it.

    The hub embeds what travels beside an invoice, so that what it keeps is no longer what was sent, byte for byte.
    """
    root = ET.fromstring(document)  # noqa: S314 - ours was read without a DTD before, and the hub takes none
    for reference in root.findall(f"{{{_CAC}}}AdditionalDocumentReference"):
        embedded = reference.findtext(f"{{{_CAC}}}Attachment/{{{_CBC}}}EmbeddedDocumentBinaryObject") or ""
        if reference.findtext(f"{{{_CBC}}}ID") == name and embedded == base64.b64encode(content).decode():
            root.remove(reference)
    return ET.canonicalize(ET.tostring(root, encoding="unicode"), rewrite_prefixes=True)
