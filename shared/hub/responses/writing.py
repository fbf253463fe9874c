"""Writes an Invoice Response (Peppol T111 3.x, UBL 2.1) about a received invoice or credit note."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from hub.responses.model import Action, Answer, Reason
from hub.ubl import APPLICATION_RESPONSE, CAC, CBC, CREDIT_NOTE, Element, group, identifier, value

CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"
PROFILE = "urn:fdc:peppol.eu:poacc:bis:invoice_response:3"


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered: the document's number, day and type code (UNCL1001), and both parties as it names them.

    `seller` receives the answer and `buyer` sends it; endpoints are `scheme:id`.
    """

    number: str
    issue_date: str
    type_code: str
    seller: str
    seller_endpoint: str
    buyer: str
    buyer_endpoint: str


def answered(root: Element) -> Answered:
    """Read what an answer needs of a UBL invoice or credit note; raises ValueError where an endpoint is missing."""
    credit = root.tag == f"{{{CREDIT_NOTE}}}CreditNote"
    code = root.findtext(f"{{{CBC}}}{'CreditNote' if credit else 'Invoice'}TypeCode")
    seller, seller_endpoint = _party(root, "AccountingSupplierParty")
    buyer, buyer_endpoint = _party(root, "AccountingCustomerParty")
    return Answered(
        number=(root.findtext(f"{{{CBC}}}ID") or "").strip(),
        issue_date=(root.findtext(f"{{{CBC}}}IssueDate") or "").strip()[:10],
        type_code=(code or ("381" if credit else "380")).strip(),
        seller=seller,
        seller_endpoint=seller_endpoint,
        buyer=buyer,
        buyer_endpoint=buyer_endpoint,
    )


def write(answer: Answer, document: Answered, number: str, issued: datetime) -> bytes:
    """Write the response in UTF-8; `number` is its own, unique at its sender."""
    prefixes: Any = {None: APPLICATION_RESPONSE, "cac": CAC, "cbc": CBC}  # the stubs know no default namespace
    root = etree.Element(f"{{{APPLICATION_RESPONSE}}}ApplicationResponse", nsmap=prefixes)
    value(root, "CustomizationID", CUSTOMIZATION)
    value(root, "ProfileID", PROFILE)
    value(root, "ID", number)
    value(root, "IssueDate", issued.date())
    value(root, "IssueTime", issued.strftime("%H:%M:%S"))
    value(root, "Note", answer.note)
    _write_party(group(root, "SenderParty"), document.buyer, document.buyer_endpoint)
    _write_party(group(root, "ReceiverParty"), document.seller, document.seller_endpoint)
    whole = group(root, "DocumentResponse")
    response = group(whole, "Response")
    value(response, "ResponseCode", answer.code.value, listID="UNCL4343OpSubset")
    value(response, "EffectiveDate", answer.effective_date)
    said: list[Reason | Action] = [*answer.reasons, *answer.actions]
    for item in said:
        _status(group(response, "Status"), item)
    reference = group(whole, "DocumentReference")
    value(reference, "ID", document.number)
    value(reference, "IssueDate", document.issue_date)
    value(reference, "DocumentTypeCode", document.type_code, listID="UNCL1001")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _status(element: Element, item: Reason | Action) -> None:
    value(element, "StatusReasonCode", item.code, listID=f"OPStatus{type(item).__name__}")
    value(element, "StatusReason", item.text)
    for condition in item.conditions if isinstance(item, Reason) else ():
        written = group(element, "Condition")
        value(written, "AttributeID", condition.term)
        value(written, "Description", condition.value)


def _write_party(element: Element, name: str, endpoint: str) -> None:
    identifier(element, "EndpointID", endpoint)
    value(group(element, "PartyLegalEntity"), "RegistrationName", name)


def _party(root: Element, role: str) -> tuple[str, str]:
    party = root.find(f"{{{CAC}}}{role}/{{{CAC}}}Party")
    endpoint = party.find(f"{{{CBC}}}EndpointID") if party is not None else None
    if party is None or endpoint is None or not (endpoint.text or "").strip():
        raise ValueError(f"{role} has no electronic address, so nothing can be answered")
    name = party.findtext(f"{{{CAC}}}PartyLegalEntity/{{{CBC}}}RegistrationName")
    name = name or party.findtext(f"{{{CAC}}}PartyName/{{{CBC}}}Name") or ""
    return name.strip(), f"{endpoint.get('schemeID', '')}:{(endpoint.text or '').strip()}"
