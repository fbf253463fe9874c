"""Standard business documents as phoss-ap reads and writes them (SBDH 1.0 with the Peppol scopes)."""

from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from lxml import etree

from hub.testing.phoss_ap.world import PARTICIPANT_SCHEME, utc_text

NAMESPACE = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
DOCUMENT_TYPE_SCHEME = "busdox-docid-qns"
PROCESS_SCHEME = "cenbii-procid-ubl"
_NS = {"s": NAMESPACE}


class InvalidSbdError(Exception):
    """Not an SBD, or one without what Peppol requires."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What is sent from whom to whom; identifiers as `scheme::value`."""

    sender: str
    receiver: str
    document_type: str
    process: str
    country: str
    instance_id: str
    payload: bytes
    custom: tuple[str | None, str | None, str | None] = (None, None, None)
    mls_type: str | None = "ALWAYS_SEND"


def parsed(data: bytes) -> etree._Element:
    """Parse XML; raises InvalidSbdError when it is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise InvalidSbdError(str(error)) from error


def read(data: bytes) -> Submission:
    """Return what an SBD says; raises InvalidSbdError."""
    root = parsed(data)
    header = root.find("s:StandardBusinessDocumentHeader", _NS)
    if root.tag != f"{{{NAMESPACE}}}StandardBusinessDocument" or header is None or len(root) != 2:
        raise InvalidSbdError("not a StandardBusinessDocument")
    scopes = {
        scope.findtext("s:Type", namespaces=_NS): scope.findtext("s:InstanceIdentifier", namespaces=_NS)
        for scope in header.iterfind("s:BusinessScope/s:Scope", _NS)
    }

    def needed(text: str | None) -> str:
        if not text:
            raise InvalidSbdError("an element that Peppol requires is missing")
        return text

    def at(path: str) -> str:
        return needed(header.findtext(path, namespaces=_NS))

    return Submission(
        sender=f"{PARTICIPANT_SCHEME}::{at('s:Sender/s:Identifier')}",
        receiver=f"{PARTICIPANT_SCHEME}::{at('s:Receiver/s:Identifier')}",
        document_type=f"{DOCUMENT_TYPE_SCHEME}::{needed(scopes.get('DOCUMENTID'))}",
        process=f"{PROCESS_SCHEME}::{needed(scopes.get('PROCESSID'))}",
        country=needed(scopes.get("COUNTRY_C1")),
        instance_id=at("s:DocumentIdentification/s:InstanceIdentifier"),
        payload=etree.tostring(root[1]),
        mls_type=scopes.get("MLS_TYPE"),
    )


def _scope(kind: str, value: str, scheme: str | None = None) -> str:
    identifier = f"<sh:Identifier>{scheme}</sh:Identifier>" if scheme else ""
    return (
        f"<sh:Scope><sh:Type>{kind}</sh:Type><sh:InstanceIdentifier>{escape(value)}</sh:InstanceIdentifier>"
        f"{identifier}</sh:Scope>"
    )


def write(document: Submission, created: datetime) -> bytes:
    """Return the SBD that the receiver's access point hands to its backend."""
    payload = parsed(document.payload)
    name = etree.QName(payload)
    document_type = document.document_type.partition("::")[2]

    def party(role: str, participant: str) -> str:
        scheme, _, value = participant.partition("::")
        return f'<sh:{role}><sh:Identifier Authority="{scheme}">{escape(value)}</sh:Identifier></sh:{role}>'

    header = (
        "<sh:HeaderVersion>1.0</sh:HeaderVersion>"
        + party("Sender", document.sender)
        + party("Receiver", document.receiver)
        + f"<sh:DocumentIdentification><sh:Standard>{name.namespace}</sh:Standard>"
        + f"<sh:TypeVersion>{document_type.rpartition('::')[2]}</sh:TypeVersion>"
        + f"<sh:InstanceIdentifier>{escape(document.instance_id)}</sh:InstanceIdentifier>"
        + f"<sh:Type>{name.localname}</sh:Type>"
        + f"<sh:CreationDateAndTime>{utc_text(created, 3)}</sh:CreationDateAndTime></sh:DocumentIdentification>"
        + "<sh:BusinessScope>"
        + _scope("DOCUMENTID", document_type, DOCUMENT_TYPE_SCHEME)
        + _scope("PROCESSID", document.process.partition("::")[2], PROCESS_SCHEME)
        + _scope("COUNTRY_C1", document.country)
        + (_scope("MLS_TYPE", document.mls_type) if document.mls_type else "")
        + "</sh:BusinessScope>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><sh:StandardBusinessDocument xmlns:sh="{NAMESPACE}">'
        f"<sh:StandardBusinessDocumentHeader>{header}</sh:StandardBusinessDocumentHeader>"
        f"{etree.tostring(payload, encoding='unicode')}</sh:StandardBusinessDocument>"
    ).encode()
