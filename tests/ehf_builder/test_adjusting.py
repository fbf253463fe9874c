"""Allowances and charges, of lines and of the document, by amount and by percentage."""

from typing import Any

import pytest

from ehf_builder.validation.engine import Engine
from tests.ehf_builder.invoices import invoice, line
from tests.ehf_builder.judging import judge


def test_a_percentage_is_taken_of_quantity_times_price(engine: Engine) -> None:
    allowance = {"percent": "12.5", "reason": "Kvantumsrabatt"}
    judged = judge(engine, invoice(lines=[line(quantity="3", unit_price="33.33", allowances=[allowance])]))
    assert judged.findings == set()
    written = "//cac:InvoiceLine/cac:AllowanceCharge"
    assert judged.texts(f"{written}/cbc:MultiplierFactorNumeric") == ["12.5"]
    assert judged.texts(f"{written}/cbc:BaseAmount") == ["99.99"]
    assert judged.texts(f"{written}/cbc:Amount") == ["12.50"]
    assert judged.texts("//cac:InvoiceLine/cbc:LineExtensionAmount") == ["87.49"]


def test_a_documents_percentage_is_taken_of_the_lines_with_its_vat(engine: Engine) -> None:
    lines = [line(amount="100.00"), line(amount="50.00"), line(amount="80.00", vat="31")]
    judged = judge(engine, invoice(lines=lines, allowances=[{"percent": "10", "vat": "3"}]))
    assert judged.findings == set()
    assert judged.texts("/i:Invoice/cac:AllowanceCharge/cbc:Amount") == ["15.00"]
    assert judged.texts("//cac:TaxSubtotal/cbc:TaxableAmount") == ["135.00", "80.00"]
    assert judged.texts("//cbc:PayableAmount") == ["260.75"]


def test_a_percentage_that_comes_to_nothing_is_not_written(engine: Engine) -> None:
    judged = judge(engine, invoice(lines=[line(unit_price="0.01", charges=[{"percent": "1"}]), line(amount="1.00")]))
    assert judged.findings == set()
    assert judged.texts("//cac:AllowanceCharge/cbc:Amount") == []


@pytest.mark.parametrize(
    ("adjustment", "rule", "part"),
    [
        ({"reason": "x"}, "HUB-ADJUSTMENT", "amount"),
        ({"amount": "1.00", "base_amount": "10.00"}, "HUB-ADJUSTMENT", "percent"),
        ({"amount": "1.00", "percent": "10"}, "HUB-ADJUSTMENT", "base_amount"),
        ({"amount": "1.00", "percent": "10", "base_amount": "20.00"}, "HUB-TOTAL", "amount"),
        ({"amount": "1.00", "reason_code": "QQQ"}, "BR-CL-19", "reason_code"),
    ],
)
def test_what_an_allowance_lacks_is_told_in_its_field(
    engine: Engine, adjustment: dict[str, Any], rule: str, part: str
) -> None:
    on_line = judge(engine, invoice(lines=[line(unit_price="10.00", allowances=[adjustment])]))
    assert (rule, f"lines[0].allowances[0].{part}") in on_line.findings
    on_document = judge(engine, invoice(allowances=[{"amount": "0.01"}, adjustment]))
    assert (rule, f"allowances[1].{part}") in on_document.findings


def test_a_line_without_a_price_has_nothing_to_take_a_percentage_of(engine: Engine) -> None:
    judged = judge(engine, invoice(lines=[line(amount="10.00", charges=[{"percent": "10"}])]))
    assert ("HUB-ADJUSTMENT", "lines[0].charges[0].base_amount") in judged.findings
