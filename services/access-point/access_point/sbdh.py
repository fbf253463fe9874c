"""Reads a standard business document as it comes in (SBDH 1.0, Peppol envelope), safely and without I/O."""

import copy
import re
from dataclasses import dataclass

from lxml import etree

from access_point import peppol
from access_point.peppol import DocumentKind, InvalidIdentifierError

_SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
_NS = {"s": _SBDH}
_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_INSTANCE_MOST = 200
# All that may stand before a DOCTYPE (XML 1.0 production 22), so that none can hide behind it.
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


class InvalidSbdError(Exception):
    """Not a document that the hub can take in; the text says why."""


@dataclass(frozen=True, slots=True)
class Sbd:
    """What an envelope says, and its payload. `sender` and `receiver` are electronic addresses (`scheme:id`)."""

    instance_id: str
    sender: str
    receiver: str
    document_type_id: str
    process_id: str
    country: str
    kind: DocumentKind
    number: str | None
    document: bytes


def parse(data: bytes) -> etree._Element:
    """Parse XML without DTD, entities or network; raises InvalidSbdError.

    The bytes are read as UTF-8 whatever they declare, so that the check for a DOCTYPE sees what the parser sees.
    """
    prolog = _PROLOG.match(data)
    if data[prolog.end() if prolog else 0 :].startswith(b"<!"):
        raise InvalidSbdError("the document has a DOCTYPE, which is not allowed")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidSbdError(f"the document is not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidSbdError("the document has a DOCTYPE, which is not allowed")
    return root


def read(data: bytes) -> Sbd:
    """Return what the envelope says; raises InvalidSbdError when Peppol requires what is not there."""
    root = parse(data)
    header = root.find("s:StandardBusinessDocumentHeader", _NS)
    if root.tag != f"{{{_SBDH}}}StandardBusinessDocument" or header is None:
        raise InvalidSbdError("the document is not a standard business document")
    payloads = [child for child in root if isinstance(child.tag, str) and child is not header]
    if len(payloads) != 1:
        raise InvalidSbdError("the envelope must hold exactly one document")
    try:
        return _contents(header, payloads[0])
    except InvalidIdentifierError as error:
        raise InvalidSbdError(f"the envelope is wrong: {error}") from error


def _contents(header: etree._Element, payload: etree._Element) -> Sbd:
    scopes: dict[str, str] = {}
    for scope in header.iterfind("s:BusinessScope/s:Scope", _NS):
        scopes[_text(scope, "s:Type")] = _text(scope, "s:InstanceIdentifier")
    missing = [name for name in ("DOCUMENTID", "PROCESSID", "COUNTRY_C1") if name not in scopes]
    if missing:
        raise InvalidSbdError(f"the envelope lacks the scope {missing[0]}")
    document_type_id = scopes["DOCUMENTID"]
    peppol.document_type(document_type_id)
    peppol.process(scopes["PROCESSID"])
    name = etree.QName(payload)
    if document_type_id.partition("##")[0] != f"{name.namespace}::{name.localname}":
        raise InvalidSbdError("the envelope names another document type than the document it holds")
    kind = peppol.kind_of(document_type_id, name.localname)
    number = (payload.findtext(f"{_CBC}ID") or "").strip() or None
    if number is None and kind in {DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE}:
        raise InvalidSbdError("the invoice has no number (cbc:ID)")
    instance_id = _text(header, "s:DocumentIdentification/s:InstanceIdentifier")
    if len(instance_id) > _INSTANCE_MOST:
        raise InvalidSbdError("the instance identifier is longer than 200 characters")
    return Sbd(
        instance_id=instance_id,
        sender=_party(header, "Sender"),
        receiver=_party(header, "Receiver"),
        document_type_id=document_type_id,
        process_id=scopes["PROCESSID"],
        country=peppol.country(scopes["COUNTRY_C1"]),
        kind=kind,
        number=number,
        document=_alone(payload),
    )


def _text(element: etree._Element, path: str) -> str:
    text = (element.findtext(path, namespaces=_NS) or "").strip()
    if not text:
        raise InvalidSbdError(f"the envelope lacks {path.replace('s:', '')}")
    return text


def _party(header: etree._Element, role: str) -> str:
    return peppol.participant(_text(header, f"s:{role}/s:Identifier")).partition("::")[2]


def _alone(payload: etree._Element) -> bytes:
    """Return the payload as a document of its own, without the envelope's namespace declarations."""
    return etree.tostring(copy.deepcopy(payload), encoding="UTF-8", xml_declaration=True, with_tail=False)
