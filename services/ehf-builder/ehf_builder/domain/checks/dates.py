"""Dates and periods."""

from collections.abc import Iterator

from ehf_builder.domain.draft import Draft
from hub.invoice.findings import Finding, own
from hub.invoice.model import Invoice
from hub.invoice.parties import Period


def found(invoice: Invoice) -> Iterator[Finding]:
    """Check that every period ends after it starts (BR-29, BR-30), a line's inside the invoice's (R110, R111)."""
    yield from _order("period", invoice.period)
    yield from _tax_point(invoice)
    for index, line in enumerate(invoice.lines):
        if line.period and not line.text_only:
            yield from _order(f"lines[{index}].period", line.period)
            yield from _inside(f"lines[{index}].period", line.period, invoice.period)


def _tax_point(invoice: Invoice) -> Iterator[Finding]:
    """Check that it is not said twice (BR-CO-03)."""
    if invoice.tax_point_date and invoice.tax_point_code:
        yield own(
            "HUB-PERIOD",
            "tax_point_code",
            "Oppgi enten dato for avgiftsplikt (tax_point_date) eller kode for den (tax_point_code), ikke begge.",
            "Give either the tax point date (tax_point_date) or its code (tax_point_code), not both.",
            term="BT-8",
        )


def _order(field: str, period: Period | None) -> Iterator[Finding]:
    if period and period.start and period.end and period.end < period.start:
        yield _finding(
            f"{field}.end",
            f"Perioden slutter ({period.end}) før den begynner ({period.start}).",
            f"The period ends ({period.end}) before it starts ({period.start}).",
        )


def _inside(field: str, line: Period, invoice: Period | None) -> Iterator[Finding]:
    if not invoice:
        return
    if line.start and invoice.start and line.start < invoice.start:
        yield _finding(
            f"{field}.start",
            f"Linjens periode begynner {line.start}, før fakturaens ({invoice.start}).",
            f"The line's period starts on {line.start}, before the invoice's ({invoice.start}).",
        )
    if line.end and invoice.end and line.end > invoice.end:
        yield _finding(
            f"{field}.end",
            f"Linjens periode slutter {line.end}, etter fakturaens ({invoice.end}).",
            f"The line's period ends on {line.end}, after the invoice's ({invoice.end}).",
        )


def due(draft: Draft) -> Iterator[Finding]:
    """Check that the sales document says when it falls due (bookkeeping regulation 5-1-1 no. 5)."""
    invoice = draft.invoice
    if not (invoice.due_date or invoice.payment_terms or invoice.credit_note) and draft.totals.payable > 0:
        yield own(
            "HUB-DUE-DATE",
            "due_date",
            "Oppgi forfallsdato (due_date) eller betalingsbetingelser (payment_terms).",
            "Give a due date (due_date) or payment terms (payment_terms).",
            term="BT-9",
        )


def _finding(field: str, nb: str, en: str) -> Finding:
    return own("HUB-PERIOD", field, nb, en, term="BG-26" if field.startswith("lines") else "BG-14")
