"""Payment instructions and terms (BG-16, BT-20)."""

from ehf_builder.domain.draft import Draft
from hub.invoice.model import Invoice
from hub.ubl import Element, group, value


def write(root: Element, draft: Draft) -> None:
    """Write PaymentMeans, unless nothing says how to pay, and PaymentTerms."""
    invoice, payment = draft.invoice, draft.payment
    if payment.means:
        means = group(root, "PaymentMeans")
        value(means, "PaymentMeansCode", payment.means)
        if invoice.credit_note:
            value(means, "PaymentDueDate", invoice.due_date)
        value(means, "PaymentID", payment.reference)
        if payment.account:
            account = group(means, "PayeeFinancialAccount")
            value(account, "ID", payment.account)
            if payment.bic:
                value(group(account, "FinancialInstitutionBranch"), "ID", payment.bic)
        if payment.mandate:
            value(group(means, "PaymentMandate"), "ID", payment.mandate)
    terms = invoice.payment_terms or (_credit_terms(invoice) if invoice.credit_note else None)
    if terms:
        value(group(root, "PaymentTerms"), "Note", terms)


def _credit_terms(invoice: Invoice) -> str:
    # BR-CO-25 wants a due date or terms, and a UBL credit note has no place for the date that the rule would see.
    if not invoice.credits:
        return "Beløpet godskrives."
    return f"Beløpet godskrives faktura {', '.join(credited.number for credited in invoice.credits)}."
