"""A document as a person reads it: what must be on it is on it, and nothing in it can do more than be read."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import html
from typer.testing import CliRunner

from ehf_builder.cli import app
from ehf_builder.domain.build import build
from ehf_builder.preview import Language, Page, as_html, as_pdf, page_of
from ehf_builder.preview.words import Words, grouped
from hub.parties import RegisterEntry
from hub.xml import UnreadableError, parse
from tests.ehf_builder.invoices import EXAMPLES, OUTSIDE_VAT_REGISTER, SELLER, invoice, line, suite
from tests.ehf_builder.strategies import Sent, usual


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    (
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(b"\x00\x00\x80\x00\x00\x80\x00" * 2)),
        _chunk(b"IEND", b""),
    )
)
OFFICIAL = [
    *suite("peppol-bis-3/examples/*.xml"),
    *suite("peppol-bis-3/national-NO/*.xml"),
    *suite("ehf/*/example/*.xml"),
]


def shown(given: dict[str, Any], language: Language = "nb", seller: RegisterEntry = SELLER) -> Page:
    built = build(json.dumps(given).encode(), seller, None)
    assert built.document is not None
    return page_of(parse(built.document), language)


def read(page: Page) -> str:
    return " ".join(content(as_html(page)).replace("\u00a0", " ").split())


def content(written: bytes) -> str:
    body = html.document_fromstring(written.decode()).find("body")
    assert body is not None
    return "".join(str(text) for text in body.itertext())


def test_what_the_bookkeeping_regulation_wants_is_on_it() -> None:
    given = invoice(
        delivery={"date": "2026-11-20", "address": {"street": "Kaia 5", "city": "Bergen"}},
        attachments=[{"filename": "timer.pdf", "content": "JVBERi0xLjcK", "description": "Timeliste"}],
        buyer={"organisation_number": "310002003", "name": "Grønnlia Eiendom AS"},
    )
    text = read(shown(given))
    for wanted in (
        "Faktura 10023",
        "Solkroken Konsulent AS",
        "Org.nr. 310 000 019 MVA",
        "Foretaksregisteret",
        "Grønnlia Eiendom AS",
        "Forfallsdato06.12.2026",
        "Leveringsdato20.11.2026",
        "Kaia 5",
        "Kontonummer1234.56.78903",
        "KID123456782",
        "2 t1 200,0025 %2 400,00",
        "25 %2 400,00600,00",
        "Å betaleNOK 3 000,00",
        "timer.pdf – Timeliste",
    ):
        assert wanted in text, (wanted, text)


def test_it_speaks_english_when_asked() -> None:
    text = read(shown(invoice(currency="EUR", exchange_rate="11.7425", payment={"reference": "A 1"}), "en"))
    for wanted in (
        "Invoice 10023",
        "Due date06 Dec 2026",
        "EUR 3,000.00",
        "VAT in NOK7,045.50",
        "Payment referenceA 1",
    ):
        assert wanted in text, (wanted, text)


def test_a_seller_outside_the_register_shows_no_mva_and_says_why() -> None:
    text = read(shown(invoice(lines=[{"text": "Plass", "amount": "100.00"}]), seller=OUTSIDE_VAT_REGISTER))
    assert "Org.nr. 310 000 019" in text
    assert "019 MVA" not in text
    assert "Selger er ikke registrert i Merverdiavgiftsregisteret" in text


def test_a_credit_note_is_not_to_be_paid() -> None:
    page = shown(invoice(type="credit_note", due_date=None, credits={"number": "10022"}))
    assert page.title == "Kreditnota 10023"
    assert ("Gjelder faktura", "10022") in page.facts
    assert page.payment == []
    assert page.totals[-1] == ("Til gode", "NOK 3\u00a0000,00")


def test_markup_in_a_document_stays_text() -> None:
    nasty = "<script>alert(1)</script> #panic() $x$ *b* \\ ]]> &amp; @ref"
    page = shown(invoice(note=nasty, lines=[line(text=nasty, amount="1.00")]))
    written = as_html(page)
    assert b"<script" not in written
    assert nasty in content(written)
    assert as_pdf(page).startswith(b"%PDF")


@pytest.mark.parametrize("path", OFFICIAL)
@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_official_document_can_be_shown(path: Path, language: Language) -> None:
    page = page_of(parse(path.read_bytes()), language)
    assert page.sender.name
    assert page.table is not None
    assert page.totals
    assert as_pdf(page).startswith(b"%PDF")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(usual())
def test_whatever_we_build_can_be_shown(sent: Sent) -> None:
    built = build(json.dumps(sent.fields).encode(), sent.seller, sent.customer)
    assert built.document is not None
    page = page_of(parse(built.document), "nb")
    assert as_pdf(page).startswith(b"%PDF")
    assert as_html(page).startswith(b"<!doctype html>")


def test_the_same_document_gives_the_same_pdf() -> None:
    page = shown(invoice())
    assert as_pdf(page) == as_pdf(page)


def test_a_logo_is_shown_and_another_file_is_none() -> None:
    page = shown(invoice())
    assert b"data:image/png;base64," in as_html(page, PNG)
    assert len(as_pdf(page, PNG)) > len(as_pdf(page))
    with pytest.raises(ValueError, match="PNG, JPEG or SVG"):
        as_pdf(page, b"GIF89a")


@pytest.mark.parametrize(
    ("language", "written", "money"), [("nb", "-1234567.5", "−1 234 567,50"), ("en", "-1234567.5", "−1,234,567.50")]
)
def test_amounts_are_written_as_people_do(language: Language, written: str, money: str) -> None:
    assert Words(language).money(written).replace("\u00a0", " ") == money
    assert Words(language).money("ingen") == "ingen"


def test_accounts_are_grouped() -> None:
    assert grouped("15069900019") == "1506.99.00019"
    assert grouped("NO8315069900019").replace("\u00a0", " ") == "NO83 1506 9900 019"


def test_what_is_no_document_is_refused_in_words() -> None:
    with pytest.raises(UnreadableError, match="'Catalogue' cannot be shown"):
        page_of(parse(b"<Catalogue/>"), "en")


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    out = tmp_path / "a.pdf"
    source = str(EXAMPLES / "03-with-pdf.xml")
    done = CliRunner().invoke(app, ["preview", source, "--language", "en", "--format", "pdf", "-o", str(out)])
    assert (done.exit_code, out.read_bytes()[:4]) == (0, b"%PDF")
    refused = CliRunner().invoke(app, ["preview", str(EXAMPLES / "README.md"), "-o", str(out)])
    assert refused.exit_code == 2
