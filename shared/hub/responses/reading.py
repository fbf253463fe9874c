"""Reads an Invoice Response or a message level status (MLS) that came in, leniently: what it says, not how well."""

from dataclasses import dataclass
from typing import cast

from hub.responses.model import Status
from hub.ubl import APPLICATION_RESPONSE, CAC, CBC, Element

_NS = {"cac": CAC, "cbc": CBC}
_ROOT = f"{{{APPLICATION_RESPONSE}}}ApplicationResponse"
_MLS = "urn:peppol:edec:mls:"
_INVOICE_RESPONSE = "urn:fdc:peppol.eu:poacc:trns:invoice_response:"
_FAILURES = frozenset({"BV", "FD", "SV"})


@dataclass(frozen=True, slots=True)
class Received:
    """An Invoice Response: the status of the document `number`, with reasons and actions as (code, text)."""

    id: str
    sender: str
    receiver: str
    number: str
    status: Status
    reasons: tuple[tuple[str, str], ...]
    actions: tuple[tuple[str, str], ...]
    note: str


@dataclass(frozen=True, slots=True)
class Issue:
    """A line of an MLS: where, what, and its code (BV business rule, BW warning, FD not delivered, SV schema)."""

    location: str
    description: str
    code: str

    @property
    def failure(self) -> bool:
        """Whether it is a reason for a rejection (BW is a warning)."""
        return self.code in _FAILURES


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """An MLS: a transport's answer (AB delivered, AP accepted by the receiver's system, RE rejected), no approval.

    `instance_id` is the SBDH InstanceIdentifier of the message that it answers.
    """

    id: str
    instance_id: str
    code: str
    description: str
    issues: tuple[Issue, ...]

    @property
    def rejected(self) -> bool:
        """Whether the message did not get through: a delivered transaction is returned."""
        return self.code == "RE"


def read_invoice_response(root: Element) -> Received:
    """Read a T111; raises ValueError for another document, or a status that T111 does not have."""
    _expect(root, _INVOICE_RESPONSE)
    statuses = [
        (element.get("listID", ""), (_text(element), _text(element, "../cbc:StatusReason")))
        for element in _every(root, "cac:DocumentResponse/cac:Response/cac:Status/cbc:StatusReasonCode")
    ]
    return Received(
        id=_text(root, "cbc:ID"),
        sender=_endpoint(root, "SenderParty"),
        receiver=_endpoint(root, "ReceiverParty"),
        number=_text(root, "cac:DocumentResponse/cac:DocumentReference/cbc:ID"),
        status=Status(_text(root, "cac:DocumentResponse/cac:Response/cbc:ResponseCode")),
        reasons=tuple(said for listed, said in statuses if listed != "OPStatusAction"),
        actions=tuple(said for listed, said in statuses if listed == "OPStatusAction"),
        note=_text(root, "cbc:Note"),
    )


def read_mls(root: Element) -> MessageStatus:
    """Read an MLS; raises ValueError for another document, or one without a code or reference."""
    _expect(root, _MLS)
    code = _text(root, "cac:DocumentResponse/cac:Response/cbc:ResponseCode")
    instance = _text(root, "cac:DocumentResponse/cac:DocumentReference/cbc:ID")
    if code not in ("AB", "AP", "RE") or not instance:
        raise ValueError("an MLS needs a response code and the message that it answers")
    lines = _every(root, "cac:DocumentResponse/cac:LineResponse")
    return MessageStatus(
        id=_text(root, "cbc:ID"),
        instance_id=instance,
        code=code,
        description=_text(root, "cac:DocumentResponse/cac:Response/cbc:Description"),
        issues=tuple(
            Issue(_text(line, "cac:LineReference/cbc:LineID"), _text(each, "cbc:Description"), _code(each))
            for line in lines
            for each in _every(line, "cac:Response")
        ),
    )


def _code(response: Element) -> str:
    return _text(response, "cac:Status/cbc:StatusReasonCode")


def _expect(root: Element, customization: str) -> None:
    if root.tag != _ROOT or not _text(root, "cbc:CustomizationID").startswith(customization):
        raise ValueError(f"this is no {customization.rstrip(':')}")


def _endpoint(root: Element, role: str) -> str:
    found = _every(root, f"cac:{role}/cbc:EndpointID")
    return f"{found[0].get('schemeID', '')}:{_text(found[0])}" if found else ""


def _every(root: Element, path: str) -> list[Element]:
    return cast("list[Element]", root.xpath(path, namespaces=_NS))  # what the stubs cannot know of a path


def _text(root: Element, path: str = ".") -> str:
    found = _every(root, path)
    return (found[0].text or "").strip() if found else ""
