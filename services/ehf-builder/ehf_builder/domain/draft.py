"""The invoice with everything filled in that the caller may leave out, ready to be written as UBL."""

from dataclasses import dataclass, replace
from decimal import Decimal

from ehf_builder.domain import adjustments
from ehf_builder.domain.adjustments import DraftAdjustment
from ehf_builder.domain.fields import Sources
from ehf_builder.domain.lines import DraftLine, draft_lines, joined, leading_texts
from ehf_builder.domain.payment import DraftPayment, draft_payment
from ehf_builder.domain.recipient import Recipient, recipient
from ehf_builder.domain.reminder import as_reminder
from ehf_builder.domain.totals import Taxed, Totals, converted, rounded, totals
from hub.invoice.model import Invoice
from hub.invoice.vat import NIL
from hub.parties import CustomerEntry, RegisterEntry


@dataclass(frozen=True, slots=True)
class Draft:
    """What domain/ubl writes. Amounts are in the invoice's currency, `vat_in_nok` in NOK (BT-111)."""

    invoice: Invoice
    seller: RegisterEntry
    buyer: Recipient
    lines: tuple[DraftLine, ...]
    adjustments: tuple[DraftAdjustment, ...]
    totals: Totals
    vat_in_nok: Decimal | None
    note: str | None
    payment: DraftPayment

    @property
    def sources(self) -> Sources:
        """Where each written line, allowance, charge and VAT breakdown comes from."""
        reasons: dict[object, str] = {}
        for line in self.lines:
            reasons.setdefault(line.tax.group, f"lines[{line.source}].vat")
        for item in self.adjustments:
            if item.tax:
                reasons.setdefault(item.tax.group, f"{item.source}.vat")
        return Sources(
            lines=tuple(line.source for line in self.lines),
            line_adjustments=tuple(tuple(item.source for item in line.adjustments) for line in self.lines),
            adjustments=tuple(item.source for item in self.adjustments),
            breakdowns=tuple(reasons[group.tax.group] for group in self.totals.groups),
        )

    @property
    def buyer_reference(self) -> str | None:
        """BT-10; where neither it nor an order is given, the customer number identifies the buyer (R003)."""
        if self.invoice.buyer_reference or self.invoice.order_reference:
            return self.invoice.buyer_reference
        return self.buyer.customer_number


def draft(invoice: Invoice, seller: RegisterEntry, customer: CustomerEntry | None) -> Draft | None:
    """Fill in what the caller left out; None where amounts or VAT do not say enough to add up (the checks say what).

    `seller` is the register entry as it holds on the issue date.
    """
    if invoice.reminder:
        invoice = as_reminder(invoice)
    lines = draft_lines(invoice, registered=seller.vat_registered)
    if not lines:
        return None
    nets = [Taxed(line.net, line.tax) for line in lines]
    adjusted = adjustments.of_document(invoice, nets, registered=seller.vat_registered)
    if adjusted is None:
        return None
    buyer = recipient(invoice, customer)
    if not seller.vat_registered:
        buyer = replace(buyer, vat_number=None)  # BR-O-02 to BR-O-04: no VAT number of anybody beside category O
    sums = totals(
        nets,
        adjustments.taxed(adjusted, charge=False),
        adjustments.taxed(adjusted, charge=True),
        prepaid=invoice.prepaid or NIL,
        rounding=invoice.rounding or NIL,
    )
    return Draft(
        invoice=invoice,
        seller=seller,
        buyer=buyer,
        lines=lines,
        adjustments=adjusted,
        totals=sums,
        vat_in_nok=_vat_in_nok(invoice, sums),
        note=joined([invoice.payment.factoring_note, invoice.note, *leading_texts(invoice)]),
        payment=draft_payment(invoice, seller, abroad=buyer.abroad),
    )


def _vat_in_nok(invoice: Invoice, sums: Totals) -> Decimal | None:
    if invoice.currency == "NOK" or sums.vat == 0:
        return None
    if invoice.vat_in_nok is not None:
        return rounded(invoice.vat_in_nok)
    if invoice.exchange_rate is not None:
        return converted(sums.vat, invoice.exchange_rate)
    return None
