"""The JSON invoice is read, or every field that is wrong is named at once."""

import json
from typing import Any

import pytest

from hub.invoice.reading import read
from tests.ehf_builder.invoices import invoice, line


def fields(given: dict[str, Any]) -> dict[str, tuple[str, str]]:
    _, findings = read(json.dumps(given).encode())
    return {finding.field or "": (finding.nb, finding.en) for finding in findings}


def test_a_small_invoice_is_read() -> None:
    read_invoice, findings = read(json.dumps(invoice()).encode())
    assert findings == ()
    assert read_invoice is not None
    assert read_invoice.currency == "NOK"


def test_every_wrong_field_is_named_at_once() -> None:
    wrong = invoice(
        issue_date="22.11.2026",
        currency="kr",
        fakturatype="x",
        buyer={"name": "A", "address": {"country": "Norge"}},
        lines=[line(unit_price="1 200,00"), line(amount="5.005")],
    )
    del wrong["number"]
    assert set(fields(wrong)) == {
        "number",
        "issue_date",
        "currency",
        "fakturatype",
        "buyer.address.country",
        "lines[0].unit_price",
        "lines[1].amount",
    }


def test_sentences_come_in_both_languages() -> None:
    assert fields(invoice(fakturatype="x"))["fakturatype"] == (
        "Feltet er ukjent. Se etter skrivefeil, eller fjern det.",
        "The field is unknown. Look for a spelling mistake, or remove it.",
    )


@pytest.mark.parametrize("day", ["2026-02-30", "2026-11-22T00:00:00", 1795305600, "20261122"])
def test_a_date_is_an_iso_date_and_nothing_else(day: object) -> None:
    assert list(fields(invoice(issue_date=day))) == ["issue_date"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "--1", True, [1]])
def test_an_amount_is_a_number(number: object) -> None:
    assert list(fields(invoice(lines=[line(amount=number)]))) == ["lines[0].amount"]


def test_empty_strings_and_null_mean_not_given() -> None:
    read_invoice, findings = read(json.dumps(invoice(note="", order_reference="  ", delivery=None)).encode())
    assert findings == ()
    assert read_invoice is not None
    assert (read_invoice.note, read_invoice.order_reference) == (None, None)


def test_a_character_that_xml_cannot_hold_is_named() -> None:
    nb, _ = fields(invoice(note="a\u0000b"))["note"]
    assert "U+0000" in nb


def test_numbers_may_come_with_spaces_prefixes_and_points() -> None:
    given = invoice(
        buyer={"organisation_number": "NO 310 002 003 MVA", "name": "A"}, payment={"account": "1234.56.78903"}
    )
    read_invoice, _ = read(json.dumps(given).encode())
    assert read_invoice is not None
    assert read_invoice.buyer.organisation_number == "310002003"
    assert read_invoice.payment.account == "12345678903"


@pytest.mark.parametrize("received", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"type": "invoice",'])
def test_what_is_no_json_invoice_is_refused(received: bytes) -> None:
    read_invoice, findings = read(received)
    assert read_invoice is None
    assert findings


def test_a_byte_order_mark_is_no_error() -> None:
    assert read(b"\xef\xbb\xbf" + json.dumps(invoice()).encode())[1] == ()
