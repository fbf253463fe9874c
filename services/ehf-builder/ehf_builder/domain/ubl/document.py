"""The document itself, in the order that the schema wants."""

from typing import Any

from lxml import etree

from ehf_builder.domain.draft import Draft
from ehf_builder.domain.ubl import amounts, lines, parties, payment, references
from hub.ubl import (
    BILLING,
    BILLING_PROCESS,
    CAC,
    CBC,
    CREDIT_NOTE,
    INVOICE,
    REMINDER,
    REMINDER_PROCESS,
    Element,
    value,
)


def write(draft: Draft) -> bytes:
    """Write the draft as UBL in UTF-8: 2.1 for billing, and what of it EHF Reminder 3.0 (2.2) has."""
    invoice = draft.invoice
    namespace, name = (CREDIT_NOTE, "CreditNote") if invoice.credit_note else (INVOICE, "Invoice")
    prefixes: Any = {None: namespace, "cac": CAC, "cbc": CBC}  # the stubs know no default namespace
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)
    _header(root, draft)
    references.write(root, invoice)
    parties.seller(root, draft.seller)
    parties.buyer(root, draft.buyer)
    parties.payee(root, invoice.payee)
    parties.delivery(root, invoice.delivery)
    payment.write(root, draft)
    for adjustment in draft.adjustments:
        amounts.adjustment(root, adjustment, invoice.currency)
    amounts.tax_totals(root, draft)
    amounts.monetary_total(root, draft)
    for position, line in enumerate(draft.lines, start=1):
        lines.line(root, line, position, invoice.currency, credit_note=invoice.credit_note)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _header(root: Element, draft: Draft) -> None:
    invoice = draft.invoice
    value(root, "CustomizationID", REMINDER if invoice.reminder else BILLING)
    value(root, "ProfileID", REMINDER_PROCESS if invoice.reminder else BILLING_PROCESS)
    value(root, "ID", invoice.number)
    value(root, "IssueDate", invoice.issue_date)
    if invoice.credit_note:
        value(root, "TaxPointDate", invoice.tax_point_date)
        value(root, "CreditNoteTypeCode", "381")
    else:
        value(root, "DueDate", invoice.due_date)
        value(root, "InvoiceTypeCode", None if invoice.reminder else "380")
    value(root, "Note", draft.note)
    if not invoice.credit_note:
        value(root, "TaxPointDate", invoice.tax_point_date)
    value(root, "DocumentCurrencyCode", invoice.currency)
    if draft.vat_in_nok is not None:
        value(root, "TaxCurrencyCode", "NOK")
    value(root, "AccountingCost", invoice.accounting_cost)
    value(root, "BuyerReference", draft.buyer_reference)
    lines.period(root, invoice.period, invoice.tax_point_code)
