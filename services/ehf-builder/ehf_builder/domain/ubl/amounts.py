"""Allowances, charges, VAT and totals (BG-20 to BG-23)."""

from ehf_builder.domain.adjustments import DraftAdjustment
from ehf_builder.domain.draft import Draft
from ehf_builder.domain.totals import TaxGroup
from hub.invoice.vat import TaxCategory
from hub.ubl import Element, group, number, value


def adjustment(parent: Element, item: DraftAdjustment, currency: str) -> None:
    """Write an AllowanceCharge; on a line (no VAT of its own) without a tax category."""
    element = group(parent, "AllowanceCharge")
    value(element, "ChargeIndicator", "true" if item.charge else "false")
    value(element, "AllowanceChargeReasonCode", item.reason_code)
    value(element, "AllowanceChargeReason", item.reason)
    number(element, "MultiplierFactorNumeric", item.percent)
    number(element, "Amount", item.amount, currencyID=currency)
    number(element, "BaseAmount", item.base, currencyID=currency)
    if item.tax:
        tax_category(element, "TaxCategory", item.tax)


def tax_category(parent: Element, name: str, tax: TaxCategory, *, reasoned: bool = False) -> None:
    """Write category and rate; the exemption reason only in the VAT breakdown, where the rules look for it."""
    element = group(parent, name)
    value(element, "ID", tax.category.value)
    number(element, "Percent", tax.rate)
    if reasoned:
        value(element, "TaxExemptionReasonCode", tax.reason_code)
        value(element, "TaxExemptionReason", tax.reason)
    value(group(element, "TaxScheme"), "ID", "VAT")


def tax_totals(root: Element, draft: Draft) -> None:
    """Write the VAT (BT-110) with its breakdown, and once more in NOK (BT-111) for another currency."""
    currency = draft.invoice.currency
    total = group(root, "TaxTotal")
    number(total, "TaxAmount", draft.totals.vat, currencyID=currency)
    for breakdown in draft.totals.groups:
        _subtotal(total, breakdown, currency)
    if draft.vat_in_nok is not None:
        number(group(root, "TaxTotal"), "TaxAmount", draft.vat_in_nok, currencyID="NOK")


def monetary_total(root: Element, draft: Draft) -> None:
    """Write LegalMonetaryTotal; sums that are zero and optional are left out."""
    sums, currency = draft.totals, draft.invoice.currency
    element = group(root, "LegalMonetaryTotal")
    amounts = (
        ("LineExtensionAmount", sums.line_net),
        ("TaxExclusiveAmount", sums.without_vat),
        ("TaxInclusiveAmount", sums.with_vat),
        ("AllowanceTotalAmount", sums.allowances or None),
        ("ChargeTotalAmount", sums.charges or None),
        ("PrepaidAmount", sums.prepaid or None),
        ("PayableRoundingAmount", sums.rounding or None),
        ("PayableAmount", sums.payable),
    )
    for name, amount in amounts:
        number(element, name, amount, currencyID=currency)


def _subtotal(total: Element, breakdown: TaxGroup, currency: str) -> None:
    element = group(total, "TaxSubtotal")
    number(element, "TaxableAmount", breakdown.taxable, currencyID=currency)
    number(element, "TaxAmount", breakdown.vat, currencyID=currency)
    tax_category(element, "TaxCategory", breakdown.tax, reasoned=True)
