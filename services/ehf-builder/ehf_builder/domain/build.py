"""One JSON invoice to one UBL document, with everything that our own checks find."""

from dataclasses import dataclass, field

from ehf_builder.domain import checks, ubl
from ehf_builder.domain.draft import draft
from ehf_builder.domain.fields import Sources
from hub.invoice.findings import Finding
from hub.invoice.reading import read
from hub.parties import CustomerEntry, RegisterEntry


@dataclass(frozen=True, slots=True)
class Built:
    """`document` is UBL bytes, absent where the invoice does not say enough to be written.

    `sources` tells where each part of it comes from, to name the caller's fields by.
    """

    document: bytes | None
    findings: tuple[Finding, ...]
    sources: Sources = field(default_factory=Sources)


def build(received: bytes, seller: RegisterEntry, customer: CustomerEntry | None) -> Built:
    """Read, fill in, check and write. The document is written even when checks fail, so that the rules judge it too."""
    invoice, unreadable = read(received)
    if invoice is None:
        return Built(None, unreadable)
    seller = seller.on(invoice.issue_date)
    findings = tuple(checks.before(invoice, seller, customer))
    drafted = draft(invoice, seller, customer)
    if drafted is None:
        return Built(None, findings)
    return Built(ubl.write(drafted), (*findings, *checks.after(drafted)), drafted.sources)
