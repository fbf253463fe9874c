"""A national identity number is refused wherever it would identify the buyer, and never repeated."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ehf_builder.domain.build import build
from hub import norway
from tests.ehf_builder.invoices import SELLER, invoice, line

PERSON = {"name": "Kari Prøve", "address": {"street": "Veien 1", "postal_code": "0150", "country": "NO"}}


def number_of(born: date, individual: int) -> str | None:
    """The number that somebody born then would have had; nobody born before 1870 is alive."""
    nine = [int(digit) for digit in f"{born:%d%m%y}{individual:03}"]
    first = -sum(d * w for d, w in zip(nine, (3, 7, 6, 1, 8, 9, 4, 5, 2), strict=True)) % 11
    second = -sum(d * w for d, w in zip([*nine, first], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
    return None if 10 in (first, second) else "".join(map(str, (*nine, first, second)))


NUMBER = next(number for n in range(500, 750) if (number := number_of(date(1860, 1, 1), n)))


@given(st.integers(0, 5000), st.integers(500, 749))
def test_every_such_number_is_found_in_a_text(days: int, individual: int) -> None:
    number = number_of(date(1855, 1, 1) + timedelta(days), individual)
    assume(number)
    assert number
    assert norway.national_identity_numbers(f"Gjelder {number[:6]} {number[6:]}.") == [number]
    assert norway.national_identity_numbers(f"1{number}") == []
    assert norway.national_identity_numbers(f"{number[:-1]}{(int(number[-1]) + 1) % 10}") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"buyer": {**PERSON, "customer_number": NUMBER}}, "buyer.customer_number"),
        ({"buyer": {**PERSON, "organisation_number": NUMBER}}, "buyer.organisation_number"),
        ({"buyer": {**PERSON, "name": f"Kari Prøve, f. {NUMBER[:6]} {NUMBER[6:]}"}}, "buyer.name"),
        ({"buyer": {**PERSON, "endpoint": f"0192:{NUMBER}"}}, "buyer.endpoint"),
        ({"buyer": {**PERSON, "contact": {"name": NUMBER}}}, "buyer.contact.name"),
        ({"buyer": PERSON, "buyer_reference": NUMBER}, "buyer_reference"),
    ],
)
def test_it_is_refused_where_it_identifies_the_buyer(changes: dict[str, Any], field: str) -> None:
    built = build(json.dumps(invoice(**changes)).encode(), SELLER, None)
    [finding] = [finding for finding in built.findings if finding.rule == "HUB-NATIONAL-ID"]
    assert (finding.field, finding.fatal) == (field, True)
    assert NUMBER not in finding.nb + finding.en + finding.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"note": f"Barn: {NUMBER}"}, "note"),
        ({"lines": [{"text": "a"}, line(amount="1.00", description=NUMBER)]}, "lines[1].description"),
    ],
)
def test_it_is_warned_of_in_free_text_where_it_may_be_something_else(changes: dict[str, Any], field: str) -> None:
    built = build(json.dumps(invoice(**changes)).encode(), SELLER, None)
    assert [(finding.rule, finding.field, finding.fatal) for finding in built.findings] == [
        ("HUB-NATIONAL-ID", field, False)
    ]


def test_a_person_has_a_name_and_an_address() -> None:
    for address, found in (({"country": "NO"}, ["buyer.address"]), ({"country": "NO", "city": "Oslo"}, [])):
        given = invoice(buyer={"name": "Kari Prøve", "address": address})
        assert [finding.field for finding in build(json.dumps(given).encode(), SELLER, None).findings] == found
