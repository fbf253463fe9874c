"""Totals add up to the øre."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ehf_builder.domain.totals import Taxed, percentage, priced, rounded, totals
from hub.invoice.vat import TaxCategory, VatCategory

CENT = Decimal("0.01")
AMOUNTS = st.decimals("-99999999.99", "99999999.99", places=2)
TAXES = st.sampled_from(
    [
        TaxCategory(VatCategory.STANDARD, Decimal(25)),
        TaxCategory(VatCategory.STANDARD, Decimal("11.11")),
        TaxCategory(VatCategory.ZERO, Decimal(0)),
    ]
)
TAXED = st.lists(st.builds(Taxed, AMOUNTS, TAXES), max_size=20)
POSITIVE = st.lists(st.builds(Taxed, AMOUNTS.filter(lambda amount: amount > 0), TAXES), max_size=5)


@given(TAXED, POSITIVE, POSITIVE, AMOUNTS, AMOUNTS)
def test_every_sum_agrees_to_the_oere(
    lines: list[Taxed], allowances: list[Taxed], charges: list[Taxed], prepaid: Decimal, rounding: Decimal
) -> None:
    sums = totals(lines, allowances, charges, prepaid=prepaid, rounding=rounding)
    assert sums.line_net == sum(line.amount for line in lines)
    assert sums.without_vat == sums.line_net - sums.allowances + sums.charges
    assert sums.without_vat == sum(group.taxable for group in sums.groups)
    assert sums.vat == sum(group.vat for group in sums.groups)
    assert sums.with_vat == sums.without_vat + sums.vat
    assert sums.payable == sums.with_vat - prepaid + rounding
    for group in sums.groups:
        exact = Fraction(group.taxable) * Fraction(group.tax.rate or 0) / 100
        assert abs(Fraction(group.vat) - exact) <= Fraction(1, 200)
    assert all(amount == amount.quantize(CENT) for amount in (sums.vat, sums.with_vat, sums.payable))


@given(st.decimals(-(10**14), 10**14, places=8), st.decimals(-(10**14), 10**14, places=8))
def test_a_line_is_rounded_once_however_long_its_factors(quantity: Decimal, price: Decimal) -> None:
    exact = Fraction(quantity) * Fraction(price)
    assert abs(Fraction(rounded(priced(quantity, price, None))) - exact) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("amount", "rate", "vat"),
    [("0.02", "25", "0.01"), ("-0.02", "25", "-0.01"), ("100.05", "15", "15.01"), ("99.99", "11.11", "11.11")],
)
def test_vat_is_rounded_half_up(amount: str, rate: str, vat: str) -> None:
    assert percentage(Decimal(amount), Decimal(rate)) == Decimal(vat)


def test_zero_has_no_sign() -> None:
    assert str(rounded(Decimal("-0.001"))) == "0.00"
    assert Decimal("0.125").quantize(CENT, ROUND_HALF_UP) == rounded(Decimal("0.125"))
