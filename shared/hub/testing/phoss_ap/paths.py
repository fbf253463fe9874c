"""What a submission's path, query and body say, checked as little as phoss-ap checks it."""

import re
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web
from lxml import etree

from hub.testing.phoss_ap import sbd
from hub.testing.phoss_ap.sbd import DOCUMENT_TYPE_SCHEME, PROCESS_SCHEME, InvalidSbdError, Submission
from hub.testing.phoss_ap.world import PARTICIPANT_SCHEME

_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_CUSTOM_MOST = 255


class BadInputError(Exception):
    """Answered with a bare JSON string."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def _participant(text: str, role: str) -> str:
    scheme, _, value = text.rpartition("::")
    if not re.fullmatch(r"[0-9]{4}:.+", value):
        raise BadInputError(f"Failed to parse the {role} participant ID '{text}'")
    return f"{scheme or PARTICIPANT_SCHEME}::{value}"


def _custom(request: web.Request) -> tuple[str | None, str | None, str | None]:
    first, second, third = (request.query.get(f"custom{number}") for number in (1, 2, 3))
    for number, text in enumerate((first, second, third), 1):
        if text and len(text) > _CUSTOM_MOST:
            raise BadInputError(f"The 'custom{number}' field exceeds the maximum length of 255 characters")
    return first, second, third


def _instance(request: web.Request) -> str:
    return request.query.get("sbdhInstanceID") or str(uuid4())


def raw(request: web.Request, payload: bytes) -> Submission:
    """Read a raw submission; raises BadInputError. The payload is not looked at."""
    part = request.match_info
    custom = _custom(request)
    sender, receiver = _participant(part["sender"], "sending"), _participant(part["receiver"], "receiving")
    if not part["document_type"].startswith((f"{DOCUMENT_TYPE_SCHEME}::", "peppol-doctype-wildcard::")):
        raise BadInputError(f"Failed to parse the document type ID '{part['document_type']}'")
    process = part["process"] if "::" in part["process"] else f"{PROCESS_SCHEME}::{part['process']}"
    if len(part["country"]) != 2:
        raise BadInputError("Failed to submit outbound transaction", status=422)
    return Submission(
        sender=sender,
        receiver=receiver,
        document_type=part["document_type"],
        process=process,
        country=part["country"],
        instance_id=_instance(request),
        payload=payload,
        custom=custom,
    )


def whole_sbd(request: web.Request, data: bytes) -> Submission:
    """Read a submitted SBD; raises InvalidSbdError."""
    found = sbd.read(data)
    first, second, third = (request.query.get(f"custom{number}") for number in (1, 2, 3))
    return Submission(
        sender=found.sender,
        receiver=found.receiver,
        document_type=found.document_type,
        process=found.process,
        country=found.country,
        instance_id=found.instance_id,
        payload=found.payload,
        custom=(first, second, third),
        mls_type=found.mls_type,
    )


def auto(request: web.Request, payload: bytes) -> Submission:
    """Read a UBL document and take the identifiers from it; raises BadInputError."""
    try:
        root = sbd.parsed(payload)
    except InvalidSbdError as error:
        raise BadInputError("The request body is not valid XML") from error
    name = etree.QName(root)
    customization, profile = root.findtext(f"{_CBC}CustomizationID"), root.findtext(f"{_CBC}ProfileID")
    if not (name.namespace and customization and profile):
        raise BadInputError("Unable to determine the document type from the provided XML")
    part = request.match_info
    return Submission(
        sender=_participant(part["sender"], "sending"),
        receiver=_participant(part["receiver"], "receiving"),
        document_type=f"{DOCUMENT_TYPE_SCHEME}::{name.namespace}::{name.localname}##{customization}::2.1",
        process=f"{PROCESS_SCHEME}::{profile}",
        country=part["country"],
        instance_id=_instance(request),
        payload=payload,
        custom=_custom(request),
    )


def payload_of(document: Submission, half: str) -> bytes:
    """Return what /api/ops/…/payload gives: the whole SBD inbound, what was submitted outbound."""
    return sbd.write(document, datetime.now(UTC)) if half == "inbound" else document.payload
