"""From a rule and a place in the UBL back to the caller's own JSON field."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.invoice.findings import Finding

REGISTER = "register"

# Rules about values that are in no official list; one such value can break several of them, in many places.
_CODE_LISTS = re.compile(r"BR-CL-\d+|PEPPOL-EN16931-CL\d+|EHF-\w+-B\d+")
_LISTED = "MUST be part of code list"
_CURRENCIES = "code list 'Currency codes"  # EHF's rules have an id of their own for every amount
# What the rules also find, usually in several places, where one of our own checks has said what is wrong.
_CONSEQUENCES: Mapping[str, re.Pattern[str]] = {
    "HUB-AMOUNT": re.compile(r"BR-(S|Z|E|AE|G|O)-\d+|BR-CO-\d+|PEPPOL-EN16931-R120"),
    "HUB-LINE": re.compile(r"PEPPOL-EN16931-R046"),
    "HUB-ORGANISATION-NUMBER": re.compile(r"PEPPOL-COMMON-R\d+"),
    "HUB-IDENTIFIER": re.compile(r"PEPPOL-COMMON-R\d+|BR-CO-09"),
    "HUB-REMINDER": re.compile(r"EHF-REMINDER-B00106"),
    "HUB-VAT": re.compile(r"BR-(S|Z|E|AE|IC|G|O)-\d+|BR-CO-(17|18)|PEPPOL-EN16931-P01\d\d"),
}

# Rules that speak of a field which their location does not show.
_BY_RULE: Mapping[str, str] = {
    "PEPPOL-EN16931-R003": "buyer_reference",
    "PEPPOL-EN16931-R002": "note",
    "PEPPOL-EN16931-R010": "buyer.endpoint",
    "EHF-REMINDER-B05201": "buyer.endpoint",
    "PEPPOL-EN16931-R020": f"{REGISTER}.endpoint",
    "PEPPOL-EN16931-R055": "vat_in_nok",
    "PEPPOL-EN16931-R061": "payment.mandate",
    "PEPPOL-EN16931-CL007": "currency",
    "NO-R-001": f"{REGISTER}.vat_number",
    "NO-R-002": f"{REGISTER}.business_register",
    "BR-06": f"{REGISTER}.name",
    "BR-07": "buyer.name",
    "BR-08": f"{REGISTER}.address",
    "BR-09": f"{REGISTER}.address.country",
    "BR-10": "buyer.address",
    "BR-11": "buyer.address.country",
    "BR-16": "lines",
    "BR-17": "payee",
    "UBL-SR-19": "payee",
    "UBL-SR-20": "payee",
    "UBL-SR-21": "payee",
    "BR-50": "payment.account",
    "BR-53": "vat_in_nok",
    "BR-61": "payment.account",
    "BR-CL-03": "currency",
    "BR-CL-04": "currency",
    "BR-CO-03": "tax_point_code",
    "BR-CO-25": "due_date",
}

# Places in the document, the most exact first; {n} is replaced by the index that the group finds, {adjustment} by the
# allowance or charge that stands there.
_BY_PLACE: Sequence[tuple[str, str]] = (
    (r"AccountingSupplierParty/cac:Party/cbc:EndpointID", f"{REGISTER}.endpoint"),
    (r"AccountingSupplierParty/cac:Party/cac:PartyTaxScheme", f"{REGISTER}.vat_number"),
    (r"AccountingSupplierParty/cac:Party/cac:PostalAddress", f"{REGISTER}.address"),
    (r"AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID", f"{REGISTER}.organisation_number"),
    (r"AccountingSupplierParty", REGISTER),
    (r"AccountingCustomerParty/cac:Party/cbc:EndpointID", "buyer.endpoint"),
    (r"AccountingCustomerParty/cac:Party/cac:PartyTaxScheme", "buyer.vat_number"),
    (r"AccountingCustomerParty/cac:Party/cac:PostalAddress/cac:Country", "buyer.address.country"),
    (r"AccountingCustomerParty/cac:Party/cac:PostalAddress", "buyer.address"),
    (r"AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID", "buyer.legal_registration"),
    (r"AccountingCustomerParty/cac:Party/cac:PartyLegalEntity", "buyer.name"),
    (r"AccountingCustomerParty/cac:Party/cac:Contact", "buyer.contact"),
    (r"AccountingCustomerParty", "buyer"),
    (r"PayeeParty", "payee"),
    (r"Delivery/cac:DeliveryLocation/cbc:ID", "delivery.location"),
    (r"Delivery/cac:DeliveryLocation/cac:Address/cac:Country", "delivery.address.country"),
    (r"Delivery/cac:DeliveryLocation", "delivery.address"),
    (r"/cac:Delivery\b", "delivery"),
    (r"PayeeFinancialAccount", "payment.account"),
    (r"PaymentMeans/cbc:PaymentMeansCode", "payment.means"),
    (r"PaymentMeans/cbc:PaymentDueDate", "due_date"),
    (r"PaymentMeans", "payment"),
    (r"PaymentTerms", "payment_terms"),
    (
        r"AdditionalDocumentReference(?:\[(?P<n>\d+)\])?.*/cbc:EmbeddedDocument",
        "attachments[{n}].mime_type",
    ),
    (r"AdditionalDocumentReference(?:\[(?P<n>\d+)\])?", "attachments[{n}]"),
    (r"BillingReference(?:\[(?P<n>\d+)\])?", "credits[{n}]"),
    (r"OrderReference", "order_reference"),
    (r"ContractDocumentReference", "contract_reference"),
    (r"ProjectReference", "project_reference"),
    (r"(?:Invoice|CreditNote)Line(?:\[\d+\])?/cac:InvoicePeriod", "{line}.period"),
    (r"Line(?:\[\d+\])?/cbc:(?:Invoiced|Credited)Quantity/@unitCode", "{line}.unit"),
    (r"Line(?:\[\d+\])?/cbc:(?:Invoiced|Credited)Quantity", "{line}.quantity"),
    (r"Line(?:\[\d+\])?/cac:Price/cac:AllowanceCharge", "{line}.gross_price"),
    (r"/cac:AllowanceCharge(?:\[\d+\])?/cbc:AllowanceChargeReasonCode", "{adjustment}.reason_code"),
    (r"/cac:AllowanceCharge(?:\[\d+\])?/cac:TaxCategory", "{adjustment}.vat"),
    (r"/cac:AllowanceCharge", "{adjustment}"),
    (r"Line(?:\[\d+\])?/cac:Item/cac:ClassifiedTaxCategory", "{line}.vat"),
    (r"Line(?:\[\d+\])?/cac:Item/cac:StandardItemIdentification", "{line}.standard_item_id"),
    (r"Line(?:\[\d+\])?/cac:Item/cac:OriginCountry", "{line}.origin"),
    (
        r"Line(?:\[\d+\])?/cac:Item/cac:CommodityClassification(?:\[(?P<n>\d+)\])?",
        "{line}.classifications[{n}].scheme",
    ),
    (r"Line(?:\[\d+\])?/cac:Price", "{line}.unit_price"),
    (r"(?:Invoice|CreditNote)Line", "{line}"),
    (r"TaxTotal(?:\[\d+\])?/cac:TaxSubtotal", "lines"),
    (r"TaxTotal", "totals.vat"),
    (r"LegalMonetaryTotal/cbc:PayableAmount", "totals.payable"),
    (r"LegalMonetaryTotal", "totals"),
    (r"/cac:InvoicePeriod/cbc:DescriptionCode", "tax_point_code"),
    (r"/cac:InvoicePeriod", "period"),
    (r"/cbc:TaxPointDate", "tax_point_date"),
    (r"/cbc:DocumentCurrencyCode", "currency"),
    (r"/cbc:TaxCurrencyCode", "vat_in_nok"),
    (r"/cbc:DueDate", "due_date"),
    (r"/cbc:IssueDate", "issue_date"),
    (r"/cbc:BuyerReference", "buyer_reference"),
    (r"/cbc:Note", "note"),
)
_PLACES = tuple((re.compile(pattern), field) for pattern, field in _BY_PLACE)
_LINE = re.compile(r"/cac:(?:Invoice|CreditNote)Line(?:\[(\d+)\])?")
_ADJUSTMENT = re.compile(r"/cac:AllowanceCharge(?:\[(\d+)\])?")
_BREAKDOWN = re.compile(r"/cac:TaxSubtotal(?:\[(\d+)\])?/cac:TaxCategory")

# Terms of a line, where the location is the line as a whole.
_LINE_TERMS: Mapping[str, str] = {
    "BT-129": "quantity",
    "BT-130": "unit",
    "BT-131": "amount",
    "BT-146": "unit_price",
    "BT-151": "vat.category",
    "BT-152": "vat.rate",
    "BT-153": "text",
}
# Rules of a line that name no term, or are found elsewhere than what they speak of.
_LINE_RULES: Mapping[str, str] = {"PEPPOL-EN16931-R120": "amount", "BR-CL-23": "unit"}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where what is written comes from, in document order.

    `lines`: the index of the caller's line; `line_adjustments` of each line and `adjustments` of the document: names
    such as `allowances[0]` or `reminder_fee`; `breakdowns`: the field of the VAT that a VAT breakdown's reason is from.
    """

    lines: tuple[int, ...] = ()
    line_adjustments: tuple[tuple[str, ...], ...] = ()
    adjustments: tuple[str, ...] = ()
    breakdowns: tuple[str, ...] = ()


def in_the_callers_words(findings: Iterable[Finding], sources: Sources) -> tuple[Finding, ...]:
    """Name the caller's fields instead of lines; a value that is in no official list is told once for its field."""
    findings = list(findings)
    if any(finding.rule.startswith("BR-CL-") for finding in findings):
        findings = [finding for finding in findings if _LISTED not in finding.text]  # EHF's rules repeat them
    named = [replace(finding, field=field_of(finding, sources), line=None) for finding in findings]
    told: dict[object, Finding] = {}
    for finding in named:
        listed = bool(finding.field) and _CODE_LISTS.fullmatch(finding.rule)
        told.setdefault(("code", finding.field) if listed else (finding.rule, finding.location), finding)
    return tuple(told.values())


def not_said_yet(official: Iterable[Finding], own: Iterable[Finding]) -> list[Finding]:
    """Leave out what our own checks have said, of the same field or of its cause, in better words."""
    fatal = [finding for finding in own if finding.fatal]
    fields = {finding.field for finding in fatal if finding.field}
    consequences = [_CONSEQUENCES[rule] for rule in {finding.rule for finding in fatal} & _CONSEQUENCES.keys()]
    return [
        finding
        for finding in official
        if not (finding.field and _said(finding.field, fields))
        and not any(pattern.fullmatch(finding.rule) for pattern in consequences)
    ]


def _said(field: str, fields: set[str]) -> bool:
    return any(other == field or other.startswith((f"{field}.", f"{field}[")) for other in fields)


def field_of(finding: Finding, sources: Sources) -> str | None:
    """Find the JSON field by rule first, then by place; None where neither tells."""
    if finding.rule in _BY_RULE:
        return _BY_RULE[finding.rule]
    if _CURRENCIES in finding.text:
        return "currency"
    location = finding.location or ""
    position = _position(_LINE, location)
    line = _line(position, sources) if position else None
    if line and (part := _LINE_RULES.get(finding.rule)):
        return f"{line}.{part}"
    if breakdown := _position(_BREAKDOWN, location):
        return _at(sources.breakdowns, breakdown) or "lines"
    for pattern, field in _PLACES:
        if match := pattern.search(location):
            number = int(match.groupdict().get("n") or 1)
            part = _LINE_TERMS.get(finding.term or "") if field == "{line}" else None
            adjustment = _adjustment(location, line, position, sources)
            return field.format(n=number - 1, line=line, adjustment=adjustment) + (f".{part}" if part else "")
    return None


def _position(pattern: re.Pattern[str], location: str) -> int:
    """Return the position (from 1) of what the pattern names; 0 where the location does not lie in one."""
    match = pattern.search(location)
    return int(match.group(1) or 1) if match else 0


def _at(known: Sequence[str], position: int) -> str | None:
    return known[position - 1] if 0 < position <= len(known) else None


def _line(position: int, sources: Sources) -> str:
    """Name the caller's line."""
    index = sources.lines[position - 1] if position <= len(sources.lines) else position - 1
    return f"lines[{index}]"


def _adjustment(location: str, line: str | None, position: int, sources: Sources) -> str:
    """Name the caller's allowance or charge, of a line or of the document."""
    place = _position(_ADJUSTMENT, location)
    if line is None:
        return _at(sources.adjustments, place) or "allowances"
    known = sources.line_adjustments[position - 1] if position <= len(sources.line_adjustments) else ()
    return f"{line}.{_at(known, place) or 'allowances'}"
