"""From a rule and a place in the UBL back to the caller's own JSON field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hub.invoice.findings import Finding

REGISTER = "register"

# Rules that speak of a field which their location does not show.
_BY_RULE: Mapping[str, str] = {
    "PEPPOL-EN16931-R003": "buyer_reference",
    "PEPPOL-EN16931-R002": "note",
    "PEPPOL-EN16931-R010": "buyer.endpoint",
    "PEPPOL-EN16931-R020": f"{REGISTER}.endpoint",
    "PEPPOL-EN16931-R055": "vat_in_nok",
    "NO-R-001": f"{REGISTER}.vat_number",
    "NO-R-002": f"{REGISTER}.business_register",
    "BR-06": f"{REGISTER}.name",
    "BR-07": "buyer.name",
    "BR-08": f"{REGISTER}.address",
    "BR-09": f"{REGISTER}.address.country",
    "BR-10": "buyer.address",
    "BR-11": "buyer.address.country",
    "BR-16": "lines",
    "BR-50": "payment.account",
    "BR-53": "vat_in_nok",
    "BR-61": "payment.account",
    "BR-CL-04": "currency",
    "BR-CO-25": "due_date",
}

# Places in the document, the most exact first; {n} is replaced by the index that the group finds.
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
    (r"AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID", "buyer.organisation_number"),
    (r"AccountingCustomerParty/cac:Party/cac:PartyLegalEntity", "buyer.name"),
    (r"AccountingCustomerParty/cac:Party/cac:Contact", "buyer.contact"),
    (r"AccountingCustomerParty", "buyer"),
    (r"Delivery/cac:DeliveryLocation", "delivery.address"),
    (r"/cac:Delivery\b", "delivery"),
    (r"PayeeFinancialAccount", "payment.account"),
    (r"PaymentMeans/cbc:PaymentMeansCode", "payment.means"),
    (r"PaymentMeans/cbc:PaymentDueDate", "due_date"),
    (r"PaymentMeans", "payment"),
    (r"PaymentTerms", "payment_terms"),
    (r"AdditionalDocumentReference(?:\[(?P<n>\d+)\])?", "attachments[{n}]"),
    (r"BillingReference(?:\[(?P<n>\d+)\])?", "credits[{n}]"),
    (r"OrderReference", "order_reference"),
    (r"(?:Invoice|CreditNote)Line(?:\[\d+\])?/cac:InvoicePeriod", "{line}.period"),
    (r"Line(?:\[\d+\])?/cbc:(?:Invoiced|Credited)Quantity/@unitCode", "{line}.unit"),
    (r"Line(?:\[\d+\])?/cbc:(?:Invoiced|Credited)Quantity", "{line}.quantity"),
    (r"Line(?:\[\d+\])?/cac:AllowanceCharge", "{line}.allowances"),
    (r"Line(?:\[\d+\])?/cac:Item/cac:ClassifiedTaxCategory", "{line}.vat"),
    (r"Line(?:\[\d+\])?/cac:Item/cac:StandardItemIdentification", "{line}.standard_item_id"),
    (r"Line(?:\[\d+\])?/cac:Item/cac:OriginCountry", "{line}.origin"),
    (r"Line(?:\[\d+\])?/cac:Price", "{line}.unit_price"),
    (r"(?:Invoice|CreditNote)Line", "{line}"),
    (r"AllowanceCharge", "allowances"),
    (r"TaxTotal(?:\[\d+\])?/cac:TaxSubtotal", "lines"),
    (r"TaxTotal", "totals.vat"),
    (r"LegalMonetaryTotal/cbc:PayableAmount", "totals.payable"),
    (r"LegalMonetaryTotal", "totals"),
    (r"/cac:InvoicePeriod", "period"),
    (r"/cbc:DocumentCurrencyCode", "currency"),
    (r"/cbc:TaxCurrencyCode", "vat_in_nok"),
    (r"/cbc:DueDate", "due_date"),
    (r"/cbc:IssueDate", "issue_date"),
    (r"/cbc:BuyerReference", "buyer_reference"),
    (r"/cbc:Note", "note"),
)
_PLACES = tuple((re.compile(pattern), field) for pattern, field in _BY_PLACE)
_LINE = re.compile(r"/cac:(?:Invoice|CreditNote)Line(?:\[(\d+)\])?")

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


def in_the_callers_words(finding: Finding, sources: Sequence[int]) -> Finding:
    """Name the caller's field; `sources` gives for each line of the document the index of the caller's line."""
    return replace(finding, field=field_of(finding, sources))


def field_of(finding: Finding, sources: Sequence[int]) -> str | None:
    """Find the JSON field by rule first, then by place; None where neither tells."""
    if finding.rule in _BY_RULE:
        return _BY_RULE[finding.rule]
    location = finding.location or ""
    line = _line(location, sources)
    if line and (part := _LINE_RULES.get(finding.rule)):
        return f"{line}.{part}"
    for pattern, field in _PLACES:
        if match := pattern.search(location):
            number = int(match.groupdict().get("n") or 1)
            part = _LINE_TERMS.get(finding.term or "") if field == "{line}" else None
            return field.format(n=number - 1, line=line) + (f".{part}" if part else "")
    return None


def _line(location: str, sources: Sequence[int]) -> str | None:
    """Name the caller's line that a location lies in."""
    match = _LINE.search(location)
    if match is None:
        return None
    position = int(match.group(1) or 1)
    index = sources[position - 1] if position <= len(sources) else position - 1
    return f"lines[{index}]"
