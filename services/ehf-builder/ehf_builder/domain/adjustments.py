"""Allowances and charges as written: amounts out of percentages, a reason, VAT, and a reminder's fee."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ehf_builder.domain.totals import Taxed, percentage, rounded
from hub.invoice.lines import Adjustment, LineAdjustment
from hub.invoice.model import Invoice
from hub.invoice.vat import NIL, OUTSIDE_THE_ACT, REMINDER_FEE, TaxCategory, tax_category

REMINDER = "REM"  # the reason code of EHF Reminder 3.0 for its fee


@dataclass(frozen=True, slots=True)
class DraftAdjustment:
    """An allowance or charge; `base` (BT-93 …) stands beside `percent` only; `tax` is None on a line, which has one.

    `source` is the caller's field: `allowances[0]`, `charges[1]` or `reminder_fee`.
    """

    source: str
    charge: bool
    amount: Decimal
    reason: str | None
    reason_code: str | None
    percent: Decimal | None = None
    base: Decimal | None = None
    tax: TaxCategory | None = None


def amount_of(item: LineAdjustment, base: Decimal | None) -> Decimal | None:
    """Return the amount: as given, else the percentage of its base (R040); None where neither can be told.

    `base` counts where the caller gives none.
    """
    if item.amount is not None:
        return rounded(item.amount)
    basis = item.base_amount if item.base_amount is not None else base
    return None if item.percent is None or basis is None else percentage(basis, item.percent)


def adjusted(allowances: Iterable[LineAdjustment], charges: Iterable[LineAdjustment], base: Decimal | None) -> Decimal:
    """Return charges minus allowances; those that cannot be told count nothing."""
    added = sum((amount_of(item, base) or NIL for item in charges), NIL)
    return added - sum((amount_of(item, base) or NIL for item in allowances), NIL)


def written(
    item: LineAdjustment, index: int, *, charge: bool, base: Decimal | None, tax: TaxCategory | None = None
) -> DraftAdjustment | None:
    """Return the allowance or charge as written; None where its amount cannot be told, or comes to nothing."""
    amount = amount_of(item, base)
    if not amount:
        return None
    basis = item.base_amount if item.base_amount is not None else base
    # BR-33, BR-38, BR-42, BR-44: each needs a reason or a code.
    reason = item.reason or (None if item.reason_code else "Tillegg" if charge else "Rabatt")
    return DraftAdjustment(
        source=f"{'charges' if charge else 'allowances'}[{index}]",
        charge=charge,
        amount=amount,
        reason=reason,
        reason_code=item.reason_code,
        percent=item.percent,
        base=rounded(basis) if item.percent is not None and basis is not None else None,
        tax=tax,
    )


def of_document(invoice: Invoice, lines: Sequence[Taxed], *, registered: bool) -> tuple[DraftAdjustment, ...] | None:
    """Return the document's allowances, charges and reminder fee; None where one does not say enough."""
    found: list[DraftAdjustment] = []
    for charge, items in ((False, invoice.allowances), (True, invoice.charges)):
        for index, item in enumerate(items):
            tax = tax_of(item, [line.tax for line in lines], registered=registered)
            if tax is None:
                return None
            if drafted := written(item, index, charge=charge, base=base_of(tax, lines), tax=tax):
                found.append(drafted)
    if invoice.reminder and invoice.reminder_fee:
        found.append(_fee(invoice.reminder_fee, registered=registered))
    return tuple(found)


def tax_of(item: Adjustment, lines: Sequence[TaxCategory], *, registered: bool) -> TaxCategory | None:
    """VAT of a document allowance or charge: its own, else the lines' where all have the same, else None."""
    if item.vat is not None:
        return tax_category(item.vat, registered=registered)
    return lines[0] if len({tax.group for tax in lines}) == 1 else None


def base_of(tax: TaxCategory, lines: Iterable[Taxed]) -> Decimal:
    """Return what a percentage is taken of: the net of all lines with the same VAT."""
    return rounded(sum((line.amount for line in lines if line.tax.group == tax.group), NIL))


def taxed(adjustments: Sequence[DraftAdjustment], *, charge: bool) -> list[Taxed]:
    """Return those of the document as amounts of their VAT groups."""
    return [Taxed(item.amount, item.tax) for item in adjustments if item.tax is not None and item.charge is charge]


def _fee(amount: Decimal, *, registered: bool) -> DraftAdjustment:
    """Write the fee outside VAT, as a compensation: E for a registered seller, who must not use O (BR-O-02)."""
    tax = REMINDER_FEE if registered else OUTSIDE_THE_ACT
    return DraftAdjustment(
        source="reminder_fee",
        charge=True,
        amount=rounded(amount),
        reason="Purregebyr",
        reason_code=REMINDER,
        tax=tax,
    )
