"""One JSON invoice to one UBL document, with everything that our own checks find."""

from dataclasses import dataclass

from ehf_builder.domain import checks, line_checks, ubl
from ehf_builder.domain.draft import draft
from hub.invoice.findings import Finding
from hub.invoice.reading import read
from hub.parties import CustomerEntry, RegisterEntry


@dataclass(frozen=True, slots=True)
class Built:
    """`document` is UBL bytes, absent where the invoice does not say enough to be written.

    `sources` gives for each written line the index of the caller's line, to name the caller's fields by.
    """

    document: bytes | None
    findings: tuple[Finding, ...]
    sources: tuple[int, ...] = ()


def build(received: bytes, seller: RegisterEntry, customer: CustomerEntry | None) -> Built:
    """Read, fill in, check and write. The document is written even when checks fail, so that the rules judge it too."""
    invoice, unreadable = read(received)
    if invoice is None:
        return Built(None, unreadable)
    findings = [
        *checks.parties(invoice, seller, customer),
        *checks.payment(invoice, seller),
        *line_checks.lines(invoice, seller),
        *checks.attachments(invoice),
    ]
    drafted = draft(invoice, seller, customer)
    if drafted is None:
        return Built(None, tuple(findings))
    findings += [*checks.due(drafted), *checks.currency(drafted), *checks.stated_totals(drafted)]
    return Built(ubl.write(drafted), tuple(findings), drafted.sources)
