"""Peppol's identifiers: participants, document types, processes, and the instance identifier of a leg. Pure.

Sources: Peppol policy for use of identifiers 4.x, SBDH (Peppol envelope specification 2.x); the hub's events carry
the values without their schemes (`0192:991825827`), the access point wants both (`iso6523-actorid-upis::0192:…`).
"""

import re
from enum import StrEnum
from uuid import UUID, uuid5

PARTICIPANT_SCHEME = "iso6523-actorid-upis"
DOCUMENT_TYPE_SCHEME = "busdox-docid-qns"
PROCESS_SCHEME = "cenbii-procid-ubl"
NORWEGIAN_ORGANISATION = "0192"

_ADDRESS = re.compile(r"[0-9]{4}:[0-9A-Za-z._~-]{1,50}")
_DOCUMENT_TYPE = re.compile(r"[^:\s]+(?::[^:\s]+)*::[A-Za-z]+##[^\s]+::[0-9.]+")
_COUNTRY = re.compile(r"[A-Z]{2}")


class InvalidIdentifierError(ValueError):
    """A value that Peppol does not allow where it stands."""


class DocumentKind(StrEnum):
    """What an inbound document is to the hub."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    MLS = "mls"
    INVOICE_RESPONSE = "invoice_response"
    OTHER = "other"


def instance_identifier(transaction_id: UUID, leg: int) -> UUID:
    """Return the SBDH InstanceIdentifier that a leg has however often it is attempted."""
    return uuid5(transaction_id, str(leg))


def _with_scheme(scheme: str, value: str) -> str:
    return value if value.startswith(f"{scheme}::") else f"{scheme}::{value}"


def participant(address: str) -> str:
    """Return `iso6523-actorid-upis::0192:991825827` for `0192:991825827`; raises InvalidIdentifierError."""
    value = address.removeprefix(f"{PARTICIPANT_SCHEME}::")
    if not _ADDRESS.fullmatch(value):
        raise InvalidIdentifierError(f"not an electronic address: {address!r}")
    return _with_scheme(PARTICIPANT_SCHEME, value)


def document_type(identifier: str) -> str:
    """Return the document type with its scheme; raises InvalidIdentifierError."""
    value = identifier.removeprefix(f"{DOCUMENT_TYPE_SCHEME}::")
    if not _DOCUMENT_TYPE.fullmatch(value):
        raise InvalidIdentifierError(f"not a document type identifier: {identifier!r}")
    return _with_scheme(DOCUMENT_TYPE_SCHEME, value)


def process(identifier: str) -> str:
    """Return the process with its scheme; raises InvalidIdentifierError."""
    value = identifier.removeprefix(f"{PROCESS_SCHEME}::")
    if not value.startswith("urn:") or re.search(r"\s", value):
        raise InvalidIdentifierError(f"not a process identifier: {identifier!r}")
    return _with_scheme(PROCESS_SCHEME, value)


def country(code: str) -> str:
    """Return an ISO 3166-1 alpha-2 code unchanged; raises InvalidIdentifierError."""
    if not _COUNTRY.fullmatch(code):
        raise InvalidIdentifierError(f"not a country code: {code!r}")
    return code


def customization(document_type_id: str) -> str:
    """Return the CustomizationID in a document type: what stands between `##` and the last `::`."""
    return document_type_id.partition("##")[2].rpartition("::")[0]


def kind_of(document_type_id: str, root: str) -> DocumentKind:
    """Tell what a document is by its root element's local name and its document type."""
    if root == "Invoice":
        return DocumentKind.INVOICE
    if root == "CreditNote":
        return DocumentKind.CREDIT_NOTE
    customized = customization(document_type_id)
    if root == "ApplicationResponse" and ":mls:" in customized:
        return DocumentKind.MLS
    if root == "ApplicationResponse" and ":invoice_response:" in customized:
        return DocumentKind.INVOICE_RESPONSE
    return DocumentKind.OTHER


def organisation_number(address: str) -> str | None:
    """Return the organisation number of a Norwegian electronic address (`0192:…`); None for any other."""
    scheme, _, value = address.partition(":")
    return value if scheme == NORWEGIAN_ORGANISATION and re.fullmatch(r"[0-9]{9}", value) else None
