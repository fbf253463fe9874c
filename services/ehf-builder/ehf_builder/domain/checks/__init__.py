"""Our own checks of a JSON invoice: what the official rules do not catch, or catch too far from the caller's field.

They stand on the bookkeeping regulation 5-1-1 and on what Norwegian numbers look like. Each check gives findings and
stops nothing, so that the caller hears of everything at once.
"""

from collections.abc import Iterator

from ehf_builder.domain.checks import attachments, dates, identity, lines, parties, payment, references, totals
from ehf_builder.domain.draft import Draft
from hub.invoice.findings import Finding
from hub.invoice.model import Invoice
from hub.parties import CustomerEntry, RegisterEntry


def before(invoice: Invoice, seller: RegisterEntry, customer: CustomerEntry | None) -> Iterator[Finding]:
    """Check what the caller said; `seller` is the register entry as it holds on the issue date."""
    yield from parties.found(invoice, seller, customer)
    yield from identity.found(invoice)
    yield from payment.found(invoice, seller)
    yield from dates.found(invoice)
    yield from references.found(invoice)
    yield from lines.found(invoice, seller)
    yield from attachments.found(invoice)


def after(draft: Draft) -> Iterator[Finding]:
    """Check what came of it."""
    yield from dates.due(draft)
    yield from totals.found(draft)
