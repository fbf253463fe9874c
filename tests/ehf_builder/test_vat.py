"""VAT: every category, SAF-T codes, rates of their day, the seller's place in the VAT register."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ehf_builder.validation.engine import Engine
from hub.invoice.vat import rates_in_force
from hub.parties import Period
from hub.pipeline import Purpose
from tests.ehf_builder.invoices import OUTSIDE_VAT_REGISTER, SELLER, invoice, line
from tests.ehf_builder.judging import judge

BUYER = {"organisation_number": "310002003", "name": "Grønnlia Eiendom AS", "vat_number": "310 002 003 MVA"}
BREAKDOWN = "//cac:TaxSubtotal/cac:TaxCategory"


@pytest.mark.parametrize(
    ("vat", "category", "percent", "reason"),
    [
        ({"category": "S", "rate": "25"}, "S", "25", None),
        ({"category": "Z"}, "Z", "0", None),
        ({"category": "E"}, "E", "0", "Unntatt fra merverdiavgift (merverdiavgiftsloven kapittel 3)"),
        ({"category": "E", "reason": "Undervisning"}, "E", "0", "Undervisning"),
        ({"category": "AE"}, "AE", "0", "Omvendt avgiftsplikt: merverdiavgift beregnes av kjøper"),
        ("51", "AE", "0", "Omvendt avgiftsplikt: merverdiavgift beregnes av kjøper"),
        ({"category": "G"}, "G", "0", "Utførsel fritatt for merverdiavgift (merverdiavgiftsloven § 6-21 og § 6-22)"),
        (52, "G", "0", "Utførsel fritatt for merverdiavgift (merverdiavgiftsloven § 6-21 og § 6-22)"),
    ],
)
def test_every_category_of_a_registered_seller_is_valid(
    engine: Engine, vat: Any, category: str, percent: str, reason: str | None
) -> None:
    judged = judge(engine, invoice(buyer=BUYER, lines=[line(amount="100.00", vat=vat)]))
    assert judged.findings == set()
    assert judged.texts(f"{BREAKDOWN}/cbc:ID") == [category]
    assert judged.texts(f"{BREAKDOWN}/cbc:Percent") == [percent]
    assert judged.texts(f"{BREAKDOWN}/cbc:TaxExemptionReason") == ([reason] if reason else [])


def test_the_buyers_number_with_mva_is_written_as_the_rules_want(engine: Engine) -> None:
    judged = judge(engine, invoice(buyer=BUYER))
    assert judged.texts("//cac:AccountingCustomerParty//cac:PartyTaxScheme/cbc:CompanyID") == ["NO310002003MVA"]


@pytest.mark.parametrize(
    ("vat", "field"),
    [
        ({"category": "S", "rate": "25", "reason": "x"}, "reason"),
        ({"category": "Z", "reason_code": "VATEX-EU-132"}, "reason_code"),
        ({"category": "E", "reason_code": "VATEX-EU-G"}, "reason_code"),
        ({"category": "G", "reason_code": "vatex-eu-ae"}, "reason_code"),
        ({"code": "3", "rate": "15"}, "rate"),
        ({"category": "S", "rate": "0"}, "rate"),
        ({"category": "K"}, "category"),
        ({"category": "O"}, "category"),
    ],
)
def test_what_does_not_go_together_is_refused_in_its_field(engine: Engine, vat: dict[str, str], field: str) -> None:
    judged = judge(engine, invoice(lines=[line(amount="100.00", vat=vat)]))
    assert {found for found in judged.findings if found[0] == "HUB-VAT"} == {("HUB-VAT", f"lines[0].vat.{field}")}


@pytest.mark.parametrize("category", ["S", "Z", "E", "AE", "G", "K"])
def test_a_seller_outside_the_register_can_use_o_only(engine: Engine, category: str) -> None:
    vat = {"category": category, **({"rate": "25"} if category == "S" else {})}
    judged = judge(engine, invoice(buyer=BUYER, lines=[line(amount="1.00", vat=vat)]), OUTSIDE_VAT_REGISTER)
    assert ("HUB-VAT", "lines[0].vat.category") in judged.findings


def test_a_kindergarten_outside_the_register_invoices_a_parent_by_mail(engine: Engine) -> None:
    parent = {
        "name": "Kari Prøve",
        "address": {"street": "Veien 1", "postal_code": "0150", "city": "Oslo", "country": "NO"},
    }
    lines = [{"text": "Barnehageplass november", "amount": "2000.00"}, {"text": "Kost", "amount": "350.00", "vat": "6"}]
    judged = judge(engine, invoice(buyer=parent, buyer_reference=None, lines=lines), OUTSIDE_VAT_REGISTER)
    assert judged.built.verdict.purposes == {Purpose.DOCUMENT}
    assert judged.built.document is not None
    assert judged.texts(f"{BREAKDOWN}/cbc:ID") == ["O"]
    assert judged.texts("//cbc:TaxAmount") == ["0.00", "0.00"]
    assert judged.texts("//cac:AccountingSupplierParty//cac:PartyTaxScheme/cbc:CompanyID") == []


def test_the_register_says_on_which_days_the_seller_is_in_it(engine: Engine) -> None:
    seller = SELLER.model_copy(
        update={"vat_registered": False, "vat_periods": (Period(valid_from=date(2026, 11, 1)),)},
    )
    assert judge(engine, invoice(), seller).findings == set()
    before = judge(engine, invoice(issue_date="2026-10-31"), seller)
    assert ("HUB-VAT", "lines[0].vat.category") in before.findings
    left = seller.model_copy(
        update={"vat_periods": (Period(valid_from=date(2020, 1, 1), valid_to=date(2026, 11, 22)),)}
    )
    assert ("HUB-VAT", "lines[0].vat.category") in judge(engine, invoice(), left).findings


@pytest.mark.parametrize(
    ("day", "rates"),
    [
        (date(2026, 11, 22), ["25", "15", "12", "11.11"]),
        (date(2021, 9, 30), ["25", "15", "11.11", "6"]),
        (date(2020, 3, 31), ["25", "15", "12", "11.11"]),
        (date(2017, 12, 31), ["25", "15", "11.11", "10"]),
        (date(2015, 12, 31), ["25", "15", "11.11", "8"]),
    ],
)
def test_rates_are_those_of_their_day(day: date, rates: list[str]) -> None:
    assert rates_in_force([day]) == [Decimal(rate) for rate in rates]


def test_a_credit_note_may_use_the_rate_of_what_it_credits(engine: Engine) -> None:
    old = line(amount="100.00", vat={"category": "S", "rate": "6"})
    credited = {"number": "1", "issue_date": "2021-05-01"}
    assert judge(engine, invoice(type="credit_note", due_date=None, credits=credited, lines=[old])).findings == set()
    assert judge(engine, invoice(lines=[old])).findings == {("HUB-VAT", "lines[0].vat.rate")}


def test_a_lines_own_period_decides_its_rate_and_no_other_lines(engine: Engine) -> None:
    old = {"category": "S", "rate": "6"}
    then = {"start": "2021-05-01", "end": "2021-05-31"}
    lines = [line(amount="1.00", vat=old, period=then), line(amount="1.00", vat=old)]
    assert judge(engine, invoice(lines=lines)).findings == {("HUB-VAT", "lines[1].vat.rate")}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"currency": "EUR", "vat_in_nok": "-1.00"}, {("HUB-VAT-IN-NOK", "vat_in_nok")}),
        ({"currency": "EUR", "vat_in_nok": "7045.50"}, set()),
        ({"vat_in_nok": "600.00"}, set()),
        ({"vat_in_nok": "601.00"}, {("HUB-TOTAL", "vat_in_nok")}),
        ({"currency": "EUR", "lines": [line(amount="1.00", vat="52")]}, set()),
    ],
)
def test_vat_in_nok_agrees_with_the_vat(engine: Engine, given: dict[str, Any], found: set[tuple[str, str]]) -> None:
    assert judge(engine, invoice(**given)).findings == found
