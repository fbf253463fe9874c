"""Totals after EN 16931: exact decimals, rounded half up to two decimals per line, per VAT group and per total."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from hub.invoice.vat import NIL, TaxCategory

_CENT = Decimal("0.01")
# Enough for the longest quantity times the longest price, so that nothing is rounded before it should be.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


def rounded(amount: Decimal) -> Decimal:
    """Round half up (away from zero) to two decimals; zero has no sign."""
    return _EXACT.add(amount.quantize(_CENT, context=_EXACT), NIL)


def priced(quantity: Decimal, price: Decimal, base_quantity: Decimal | None) -> Decimal:
    """Quantity x price per base quantity, unrounded (R120)."""
    product = _EXACT.multiply(quantity, price)
    return product if base_quantity is None else _EXACT.divide(product, base_quantity)


def percentage(amount: Decimal, rate: Decimal | None) -> Decimal:
    """`rate` per cent of the amount, rounded to two decimals."""
    return rounded(_EXACT.divide(_EXACT.multiply(amount, rate or NIL), Decimal(100)))


def converted(amount: Decimal, exchange_rate: Decimal) -> Decimal:
    """Convert into NOK, rounded to two decimals."""
    return rounded(_EXACT.multiply(amount, exchange_rate))


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount without VAT that counts in a VAT group: a line's net, a charge, or an allowance (negative)."""

    amount: Decimal
    tax: TaxCategory


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """A VAT breakdown (BG-23): taxable amount (BT-116) and VAT (BT-117) of one category and rate."""

    tax: TaxCategory
    taxable: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """Document totals (BG-22) in the invoice's currency, each with two decimals."""

    line_net: Decimal  # BT-106
    allowances: Decimal  # BT-107
    charges: Decimal  # BT-108
    without_vat: Decimal  # BT-109
    vat: Decimal  # BT-110
    with_vat: Decimal  # BT-112
    prepaid: Decimal  # BT-113
    rounding: Decimal  # BT-114
    payable: Decimal  # BT-115
    groups: tuple[TaxGroup, ...]


def tax_groups(amounts: Iterable[Taxed]) -> tuple[TaxGroup, ...]:
    """Sum by category and rate, in the order in which they first occur; the first reason given stands for its group."""
    sums: dict[object, tuple[TaxCategory, Decimal]] = {}
    for item in amounts:
        tax, taxable = sums.get(item.tax.group, (item.tax, NIL))
        sums[item.tax.group] = (tax, _EXACT.add(taxable, item.amount))
    return tuple(TaxGroup(tax, rounded(taxable), percentage(taxable, tax.rate)) for tax, taxable in sums.values())


def totals(
    lines: Sequence[Taxed],
    allowances: Sequence[Taxed],
    charges: Sequence[Taxed],
    *,
    prepaid: Decimal = NIL,
    rounding: Decimal = NIL,
) -> Totals:
    """Add up line nets, document allowances and charges (all positive, two decimals) as BR-CO-10 to BR-CO-16 say."""
    negative = [Taxed(-item.amount, item.tax) for item in allowances]
    groups = tax_groups([*lines, *negative, *charges])
    line_net, allowed, charged = (rounded(sum((x.amount for x in part), NIL)) for part in (lines, allowances, charges))
    without_vat = line_net - allowed + charged
    vat = sum((group.vat for group in groups), NIL)
    with_vat = without_vat + vat
    return Totals(
        line_net=line_net,
        allowances=allowed,
        charges=charged,
        without_vat=without_vat,
        vat=rounded(vat),
        with_vat=with_vat,
        prepaid=rounded(prepaid),
        rounding=rounded(rounding),
        payable=rounded(with_vat - prepaid + rounding),
        groups=groups,
    )
