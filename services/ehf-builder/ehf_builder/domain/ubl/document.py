"""The document itself: header, references and payment, in the order that the schema wants."""

from typing import Any

from lxml import etree

from ehf_builder.domain.draft import Draft
from ehf_builder.domain.ubl import amounts, lines, parties
from hub.invoice.model import Attachment, Invoice
from hub.ubl import (
    BILLING,
    BILLING_PROCESS,
    CAC,
    CBC,
    CREDIT_NOTE,
    INVOICE,
    Element,
    group,
    value,
)

CREDIT_TRANSFER = "30"
SEPA_CREDIT_TRANSFER = "58"


def write(draft: Draft) -> bytes:
    """Write the draft as UBL 2.1 in UTF-8."""
    invoice = draft.invoice
    namespace, name = (CREDIT_NOTE, "CreditNote") if invoice.credit_note else (INVOICE, "Invoice")
    prefixes: Any = {None: namespace, "cac": CAC, "cbc": CBC}  # the stubs know no default namespace
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)
    _header(root, draft)
    _references(root, invoice)
    parties.seller(root, draft.seller)
    parties.buyer(root, draft.buyer)
    parties.delivery(root, invoice.delivery)
    _payment(root, draft)
    for adjustment in draft.adjustments:
        amounts.adjustment(root, adjustment, invoice.currency)
    amounts.tax_totals(root, draft)
    amounts.monetary_total(root, draft)
    for position, line in enumerate(draft.lines, start=1):
        lines.line(root, line, position, invoice.currency, credit_note=invoice.credit_note)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _header(root: Element, draft: Draft) -> None:
    invoice = draft.invoice
    value(root, "CustomizationID", BILLING)
    value(root, "ProfileID", BILLING_PROCESS)
    value(root, "ID", invoice.number)
    value(root, "IssueDate", invoice.issue_date)
    if invoice.credit_note:
        value(root, "CreditNoteTypeCode", "381")
    else:
        value(root, "DueDate", invoice.due_date)
        value(root, "InvoiceTypeCode", "380")
    value(root, "Note", draft.note)
    value(root, "DocumentCurrencyCode", invoice.currency)
    if draft.vat_in_nok is not None:
        value(root, "TaxCurrencyCode", "NOK")
    value(root, "AccountingCost", invoice.accounting_cost)
    value(root, "BuyerReference", draft.buyer_reference)
    lines.period(root, invoice.period)


def _references(root: Element, invoice: Invoice) -> None:
    if invoice.order_reference or invoice.sales_order:
        order = group(root, "OrderReference")
        # UBL demands the ID; `NA` is what the specification says to write for a sales order alone.
        value(order, "ID", invoice.order_reference or "NA")
        value(order, "SalesOrderID", invoice.sales_order)
    for credited in invoice.credits:
        reference = group(group(root, "BillingReference"), "InvoiceDocumentReference")
        value(reference, "ID", credited.number)
        value(reference, "IssueDate", credited.issue_date)
    if invoice.contract_reference:
        value(group(root, "ContractDocumentReference"), "ID", invoice.contract_reference)
    for position, attachment in enumerate(invoice.attachments, start=1):
        _attachment(group(root, "AdditionalDocumentReference"), attachment, position)


def _attachment(element: Element, given: Attachment, position: int) -> None:
    value(element, "ID", given.id or given.filename or str(position))
    value(element, "DocumentDescription", given.description)
    attachment = group(element, "Attachment")
    if given.content:
        names = {"mimeCode": given.mime_type or "", "filename": given.filename or ""}
        value(attachment, "EmbeddedDocumentBinaryObject", given.content, **names)
    if given.url:
        value(group(attachment, "ExternalReference"), "URI", given.url)


def _payment(root: Element, draft: Draft) -> None:
    invoice, payment = draft.invoice, draft.invoice.payment
    reference = payment.kid or payment.reference
    if draft.account or payment.means:
        means = group(root, "PaymentMeans")
        value(means, "PaymentMeansCode", payment.means or _means(draft))
        if invoice.credit_note:
            value(means, "PaymentDueDate", invoice.due_date)
        value(means, "PaymentID", reference)
        if draft.account:
            account = group(means, "PayeeFinancialAccount")
            value(account, "ID", draft.account)
            if payment.bic:
                value(group(account, "FinancialInstitutionBranch"), "ID", payment.bic)
    terms = invoice.payment_terms or (_credit_terms(invoice) if invoice.credit_note else None)
    if terms:
        value(group(root, "PaymentTerms"), "Note", terms)


def _means(draft: Draft) -> str:
    """30 for a Norwegian account or IBAN and other currencies, 58 for euro to an IBAN (a SEPA transfer)."""
    iban = draft.account is not None and draft.account[:2].isalpha()
    return SEPA_CREDIT_TRANSFER if iban and draft.invoice.currency == "EUR" else CREDIT_TRANSFER


def _credit_terms(invoice: Invoice) -> str:
    # BR-CO-25 wants a due date or terms, and a UBL credit note has no place for the date that the rule would see.
    if not invoice.credits:
        return "Beløpet godskrives."
    return f"Beløpet godskrives faktura {', '.join(credited.number for credited in invoice.credits)}."
