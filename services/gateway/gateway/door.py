"""The door: what an invoice must show before it is accepted. Whether it follows the rules is the ehf-builder's verdict.

The one module of the gateway that knows the two forms an invoice comes in: the JSON model and UBL.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from gateway import problems
from gateway.domain.identifiers import address_of
from hub.errors import Problem, Refused
from hub.invoice.model import Invoice
from hub.invoice.reading import read as read_model
from hub.norway import bare_organisation_number, is_organisation_number
from hub.parties import RegisterEntry
from hub.ubl import CAC, CBC, CREDIT_NOTE, INVOICE, Element
from hub.xml import Limits, UnreadableError, parse

_KINDS = {f"{{{INVOICE}}}Invoice": "invoice", f"{{{CREDIT_NOTE}}}CreditNote": "credit_note"}
_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Letter:
    """What the door reads of an invoice. `recipient` is `scheme:id`, None where only the customer number is given."""

    media: Literal["json", "ubl"]
    document_type: str
    number: str
    issue_date: date
    recipient: str | None
    customer_number: str | None


def json_schema(ref_template: str) -> dict[str, Any]:
    """Return the JSON model's schema (JSON Schema 2020-12), its parts under `$defs`."""
    return Invoice.model_json_schema(ref_template=ref_template)


def read_json(body: bytes) -> Letter:
    """Read the JSON model; raises Refused with every field that cannot be read."""
    invoice, findings = read_model(body)
    if invoice is None:
        raise Refused(*(_told(finding.problem()) for finding in findings))
    buyer = invoice.buyer
    recipient = buyer.endpoint or (address_of(buyer.organisation_number) if buyer.organisation_number else None)
    return Letter(
        media="json",
        document_type=invoice.type,
        number=invoice.number,
        issue_date=invoice.issue_date,
        recipient=recipient or buyer.legal_registration,
        customer_number=buyer.customer_number,
    )


def _told(problem: Problem) -> Problem:
    """Tell a field that is wrong from bytes that are no JSON at all (a finding without a field)."""
    return problem if problem.field else problems.unreadable(problem)


def read_ubl(body: bytes, client: RegisterEntry) -> Letter:
    """Read a UBL invoice or credit note whose seller is the client; raises Refused."""
    try:
        root = parse(body, _LIMITS)
    except UnreadableError as error:
        raise Refused(problems.unreadable(error.finding.problem())) from error
    kind = _KINDS.get(root.tag)
    if kind is None:
        raise Refused(problems.NO_UBL)
    _refuse_foreign_seller(root, client)
    buyer = root.find(f"{{{CAC}}}AccountingCustomerParty/{{{CAC}}}Party")
    return Letter(
        media="ubl",
        document_type=kind,
        number=_required(root, "ID", 200),
        issue_date=_day(root),
        recipient=_address(buyer),
        customer_number=_customer_number(buyer),
    )


def _text(parent: Element | None, *path: str) -> str | None:
    if parent is None:
        return None
    *groups, name = path
    steps = "/".join([*(f"{{{CAC}}}{group}" for group in groups), f"{{{CBC}}}{name}"])
    return " ".join((parent.findtext(steps) or "").split()) or None


def _required(root: Element, name: str, most: int) -> str:
    found = _text(root, name)
    if found is None or len(found) > most:
        raise Refused(
            problems.invalid(
                f"cbc:{name} mangler eller er lengre enn {most} tegn.",
                f"cbc:{name} is missing or longer than {most} characters.",
                f"cbc:{name}",
            )
        )
    return found


def _day(root: Element) -> date:
    found = _required(root, "IssueDate", 32)
    try:
        # xsd:date may carry a zone, which says nothing about the day that is written.
        return date.fromisoformat(re.sub(r"(?:Z|[+-]\d\d:\d\d)$", "", found))
    except ValueError as error:
        raise Refused(
            problems.invalid(
                f"cbc:IssueDate «{found}» er ingen dato. Skriv den som ÅÅÅÅ-MM-DD.",
                f"cbc:IssueDate `{found}` is no date. Write it as YYYY-MM-DD.",
                "cbc:IssueDate",
            )
        ) from error


def _endpoint(party: Element | None) -> str | None:
    element = party.find(f"{{{CBC}}}EndpointID") if party is not None else None
    if element is None or not (element.text or "").strip():
        return None
    return f"{(element.get('schemeID') or '').strip()}:{(element.text or '').strip()}"


def _legal_entity(party: Element | None) -> str | None:
    return _text(party, "PartyLegalEntity", "CompanyID")


def _address(party: Element | None) -> str | None:
    """Return where it goes: the endpoint, else a Norwegian legal entity's number."""
    if found := _endpoint(party):
        return found[:200]
    legal = bare_organisation_number(_legal_entity(party) or "")
    return address_of(legal) if is_organisation_number(legal) else None


def _customer_number(party: Element | None) -> str | None:
    element = party.find(f"{{{CAC}}}PartyIdentification/{{{CBC}}}ID") if party is not None else None
    if element is None or element.get("schemeID"):  # with a scheme it is somebody else's number
        return None
    return (element.text or "").strip()[:200] or None


def _refuse_foreign_seller(root: Element, client: RegisterEntry) -> None:
    """Compare by legal entity where it is given: a sub-unit's endpoint differs from its company's number."""
    seller = root.find(f"{{{CAC}}}AccountingSupplierParty/{{{CAC}}}Party")
    legal, endpoint = _legal_entity(seller), _endpoint(seller)
    own_numbers = {client.organisation_number, client.legal_entity}
    own_addresses = {client.electronic_address, address_of(client.organisation_number)}
    if bare_organisation_number(legal) in own_numbers if legal else endpoint in own_addresses:
        return
    given = legal or endpoint or "–"
    raise Refused(
        Problem(
            code="seller-not-client",
            nb=f"Selgeren i dokumentet ({given[:60]}) er ikke {client.name} ({client.organisation_number}), som det "
            "sendes for. Rett selgeren, eller velg riktig firma i Hub-Client.",
            en=f"The seller in the document ({given[:60]}) is not {client.name} ({client.organisation_number}), for "
            "whom it is sent. Correct the seller, or choose the right company in Hub-Client.",
            field="cac:AccountingSupplierParty",
        )
    )
