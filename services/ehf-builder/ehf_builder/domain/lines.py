"""Invoice lines as written: quantity, price and net so that R120 holds exactly, texts attached."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ehf_builder.domain.adjustments import DraftAdjustment, adjusted, written
from ehf_builder.domain.totals import priced, rounded
from hub.invoice.lines import Line
from hub.invoice.model import Invoice
from hub.invoice.vat import NIL, TaxCategory, tax_category

DEFAULT_UNIT = "C62"  # one
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line as written; `source` is its index in the caller's JSON."""

    source: int
    line: Line
    quantity: Decimal
    price: Decimal
    base_quantity: Decimal | None
    net: Decimal
    tax: TaxCategory
    adjustments: tuple[DraftAdjustment, ...]
    note: str | None

    @property
    def unit(self) -> str:
        """BT-130."""
        return self.line.unit or DEFAULT_UNIT


def draft_lines(invoice: Invoice, *, registered: bool) -> tuple[DraftLine, ...]:
    """Return every line that charges something; none where a line does not say enough (the checks say what)."""
    drafted: list[DraftLine] = []
    for source, line in enumerate(invoice.lines):
        if line.text_only:
            if drafted:  # else it belongs to the invoice's note
                above = drafted[-1]
                drafted[-1] = replace(above, note=joined([above.note, line.text, line.description, line.note]))
            continue
        tax = tax_category(line.vat, registered=registered)
        amounts = line_amounts(line)
        if tax is None or amounts is None:
            return ()
        quantity, price, base, net = amounts
        drafted.append(DraftLine(source, line, quantity, price, base, net, tax, _adjustments(line), line.note))
    return tuple(drafted)


def leading_texts(invoice: Invoice) -> list[str | None]:
    """Return the text of the lines that come before any charge: it belongs to the invoice's note."""
    texts: list[str | None] = []
    for line in invoice.lines:
        if not line.text_only:
            break
        texts += [line.text, line.description, line.note]
    return texts


def gross(line: Line) -> Decimal | None:
    """Quantity times price, two decimals: what a percentage of a line is taken of; None without a price."""
    if line.net_price is None:
        return None
    return rounded(priced(_quantity(line), line.net_price, line.base_quantity))


def line_amounts(line: Line) -> tuple[Decimal, Decimal, Decimal | None, Decimal] | None:
    """Quantity, price, base quantity and net of a line, so that R120 holds exactly; None where they cannot be told.

    A price is never negative (BR-27): the quantity is, instead. An amount for several units is written as the price
    of that many units, which needs no division.
    """
    quantity = _quantity(line)
    extra = adjusted(line.allowances, line.charges, gross(line))
    if (price := line.net_price) is not None:
        base = line.base_quantity
        net = rounded(priced(quantity, price, base) + extra)
        return (-quantity, -price, base, net) if price < 0 else (quantity, price, base, net)
    if line.amount is None or (quantity == 0 and line.amount != extra):
        return None
    worth = line.amount - extra
    quantity = abs(quantity) if worth >= 0 else -abs(quantity)
    base = None if abs(quantity) in (NIL, ONE) else abs(quantity)
    return quantity, abs(worth), base, rounded(line.amount)


def joined(texts: Sequence[str | None]) -> str | None:
    """Put texts below each other; None where there are none."""
    return "\n".join(text for text in texts if text) or None


def _quantity(line: Line) -> Decimal:
    return ONE if line.quantity is None else line.quantity


def _adjustments(line: Line) -> tuple[DraftAdjustment, ...]:
    base = gross(line)
    found = [written(item, index, charge=False, base=base) for index, item in enumerate(line.allowances)]
    found += [written(item, index, charge=True, base=base) for index, item in enumerate(line.charges)]
    return tuple(item for item in found if item)
