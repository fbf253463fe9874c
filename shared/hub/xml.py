"""Safe parsing: what is hostile, malformed or wrongly encoded is refused in words, in bounded time and memory.

No DTD is accepted, so there are no entities to expand and nothing is fetched. Sizes and shapes are limited far above
what invoices have.
"""

import codecs
import re
from dataclasses import dataclass
from xml.parsers import expat

from lxml import etree

from hub.invoice.findings import Finding, own
from hub.ubl import Element

RULE = "HUB-DOCUMENT"

# Names that the accepted encodings go by in an XML declaration.
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "windows-1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_DECLARED = re.compile(r"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_LIBXML_TEXT_LIMIT = 10_000_000  # one text node, without huge_tree


class UnreadableError(Exception):
    """The bytes are no document that can be judged; `finding` says why and what to do."""

    def __init__(self, nb: str, en: str, *, rule: str = RULE) -> None:
        super().__init__(en)
        self.finding: Finding = own(rule, "", nb, en)


@dataclass(frozen=True, slots=True)
class Limits:
    """Size in bytes, elements in all, elements within each other, attributes of one element."""

    size: int = 100_000_000
    elements: int = 500_000
    depth: int = 60
    attributes: int = 30


def parse(data: bytes, limits: Limits = Limits()) -> Element:
    """Parse UTF-8, UTF-16, ISO-8859-1/-15 or Windows-1252 as declared; raises UnreadableError."""
    if len(data) > limits.size:
        raise UnreadableError(
            f"Dokumentet er for stort: {len(data)} byte, høyst {limits.size} er tillatt.",
            f"The document is too large: {len(data)} bytes, at most {limits.size} are allowed.",
        )
    _refuse_other_formats(data)
    if data.count(b"<") > 2 * limits.elements:  # start and end tags; cheaper than building the tree first
        raise _misshapen("elementer", "elements")
    _check_encoding(data)
    _refuse_doctype(data)
    root = _tree(data)
    _check_shape(root, limits)
    return root


def _refuse_other_formats(data: bytes) -> None:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise UnreadableError("Dokumentet er tomt.", "The document is empty.")
    for opening, name in ((b"%PDF", "PDF"), (b"PK\x03\x04", "ZIP"), (b"{", "JSON"), (b"[", "JSON")):
        if start.startswith(opening):
            raise UnreadableError(f"Dette er {name}, ikke XML.", f"This is {name}, not XML.")
    if start[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise UnreadableError("Dette er en nettside, ikke en faktura.", "This is a web page, not an invoice.")


def _check_encoding(data: bytes) -> None:
    """Decode once by what BOM and declaration say, because a parser's own complaint does not say which is wrong."""
    marked, skipped = _byte_order_mark(data)
    head = data[skipped : skipped + 400].decode(marked or _guessed(data), "replace")
    match = _DECLARED.match(head)
    declared = match.group(1).lower() if match else None
    if declared and declared not in _ENCODINGS:
        raise UnreadableError(
            f"Tegnsettet {declared} støttes ikke. Bruk UTF-8.", f"The encoding {declared} is not supported. Use UTF-8."
        )
    encoding = marked or (_ENCODINGS[declared] if declared else _guessed(data))
    if declared and not _consistent(_ENCODINGS[declared], marked, _guessed(data)):
        raise UnreadableError(
            f"Dokumentet sier at tegnsettet er {declared}, men er skrevet i {marked or _guessed(data)}.",
            f"The document says that its encoding is {declared}, but it is written in {marked or _guessed(data)}.",
        )
    try:
        data[skipped:].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, skipped + error.start) + 1
        byte = data[skipped + error.start]
        raise UnreadableError(
            f"Dokumentet er ikke gyldig {encoding.upper()} (byte 0x{byte:02X} i linje {line}). "
            "Er det skrevet i Windows-1252 eller ISO-8859-1, må XML-deklarasjonen si det.",
            f"The document is not valid {encoding.upper()} (byte 0x{byte:02X} in line {line}). "
            "If it is written in Windows-1252 or ISO-8859-1, its XML declaration must say so.",
        ) from error


def _byte_order_mark(data: bytes) -> tuple[str | None, int]:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return encoding, len(mark)
    return None, 0


def _guessed(data: bytes) -> str:
    """Without a BOM the first bytes tell a 16-bit encoding (XML 1.0, appendix F); all others begin like ASCII."""
    if data[:2] == b"<\x00":
        return "utf-16-le"
    return "utf-16-be" if data[:2] == b"\x00<" else "utf-8"


def _consistent(declared: str, marked: str | None, guessed: str) -> bool:
    """Whether a declaration can be true: what a BOM says is certain, without one only 8 from 16 bits can be told."""
    if declared == "utf-16":
        return (marked or guessed).startswith("utf-16")
    if marked:
        return declared == marked
    return declared.startswith("utf-16") == guessed.startswith("utf-16")


class _RootReachedError(Exception):
    """The prolog is read; what comes after it needs no DTD."""


def _refuse_doctype(data: bytes) -> None:
    """Read the prolog only, and stop at the name of a DTD, before anything in it has an effect."""

    def refuse(*_: object) -> None:
        raise UnreadableError(
            "Dokumentet har en DTD (DOCTYPE). Av sikkerhetsgrunner godtas det ikke; fjern den.",
            "The document has a DTD (DOCTYPE). For security that is not accepted; remove it.",
        )

    def reached(*_: object) -> None:
        raise _RootReachedError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = reached
    try:
        for start in range(0, len(data), 65_536):
            parser.Parse(data[start : start + 65_536])
    except _RootReachedError:
        return
    except expat.ExpatError as error:
        raise _malformed(error.lineno, expat.ErrorString(error.code)) from error


def _tree(data: bytes) -> Element:
    # huge_tree lifts libxml2's own guards, so it is used only where an attachment needs it.
    huge = len(data) > _LIBXML_TEXT_LIMIT
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=huge)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "Excessive depth" in str(error):
            raise _misshapen("nivåer", "levels") from error
        raise _malformed(error.lineno or 1, (error.msg or "").partition(", line ")[0]) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError("Dokumentet har en DTD (DOCTYPE).", "The document has a DTD (DOCTYPE).")
    return root


def _check_shape(root: Element, limits: Limits) -> None:
    too_deep = "/*" * (limits.depth + 1)
    if root.xpath(f"boolean({too_deep})"):
        raise _misshapen("nivåer", "levels")
    if root.xpath(f"boolean(//@*[{limits.attributes + 1}])"):
        raise _misshapen("attributter", "attributes")
    elements = root.xpath("count(//*)")
    if isinstance(elements, float) and elements > limits.elements:
        raise _misshapen("elementer", "elements")


def _misshapen(nb: str, en: str) -> UnreadableError:
    return UnreadableError(
        f"Dokumentet har flere {nb} enn noen faktura trenger.", f"The document has more {en} than any invoice needs."
    )


def _malformed(line: int, complaint: str) -> UnreadableError:
    return UnreadableError(
        f"Dokumentet er ikke velformet XML (linje {line}: {complaint}).",
        f"The document is not well-formed XML (line {line}: {complaint}).",
    )
