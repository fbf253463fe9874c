"""CSV as Norwegian ERPs write it, by the customer's own map: values, encodings, rows, errors in the ERP's words."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.invoice.lines import Adjustment, Line
from hub.invoice.model import Invoice, PrecedingInvoice, StatedTotals
from hub.invoice.parties import Delivery, Payment, Period
from hub.invoice.types import Part
from hub.invoice.vat import Vat
from hub_connector.intake.csvfile import is_unfinished, plain_number, read
from hub_connector.intake.csvmap import DATES, NUMBERS, CsvMap, load
from hub_connector.intake.document import Document, UnreadableError
from hub_connector.intake.names import erp_name
from hub_connector.texts import Trouble
from tests.connector.premises import HEADING, MAP, csv, row


@pytest.fixture
def layout(tmp_path: Path) -> CsvMap:
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    return load(tmp_path / "map.toml")


def invoices(content: bytes, layout: CsvMap, pdfs: Mapping[str | None, tuple[str, bytes]] | None = None) -> list[Any]:
    return [json.loads(one.payload) for one in documents(content, layout, pdfs)]


def documents(
    content: bytes, layout: CsvMap, pdfs: Mapping[str | None, tuple[str, bytes]] | None = None
) -> list[Document]:
    return read(content, layout, "nb", pdfs or {})


def findings(content: bytes, layout: CsvMap) -> list[tuple[str | None, str]]:
    with pytest.raises(UnreadableError) as caught:
        read(content, layout, "nb", {})
    return [(one.field, one.nb) for one in caught.value.findings]


NUMBERS_WRITTEN = {
    "1": "1",
    "-3": "-3",
    "+3": "3",
    "1,5": "1.5",
    ",5": "0.5",
    "-,5": "-0.5",
    "100,00-": "-100.00",
    "1.200,50": "1200.50",
    "1 200,50": "1200.50",
    "1\u00a0200\u202f300,50": "1200300.50",
    "1'200,50": "1200.50",
    "1.234": "1234",
    "\u22125,00": "-5.00",
    "12.5": None,
    "1,2,3": None,
    "12,5 kr": None,
    "": None,
    "-": None,
    "1e5": None,
    "NaN": None,
}


@pytest.mark.parametrize("written", NUMBERS_WRITTEN)
def test_a_number_is_read_as_people_here_write_it(written: str) -> None:
    assert plain_number(written, ",") == NUMBERS_WRITTEN[written]


def test_with_a_decimal_point_commas_separate_thousands() -> None:
    assert [plain_number(text, ".") for text in ("1,200.50", "0.5", "1.200,50")] == ["1200.50", "0.5", None]


def test_rows_with_the_same_number_are_one_invoice(layout: CsvMap) -> None:
    first, second = invoices(csv(row("1"), row("2"), row("1", "Pensel")), layout)
    assert (first["number"], first["issue_date"], first["type"]) == ("1", "2026-11-24", "invoice")
    assert [line["text"] for line in first["lines"]] == ["Grønn maling", "Pensel"]
    assert first["lines"][0] == {"text": "Grønn maling", "quantity": "1.5", "unit_price": "1200.00", "vat": "3"}
    assert [line["text"] for line in second["lines"]] == ["Grønn maling"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_norwegian_letters_survive_whatever_the_file_is_written_in(layout: CsvMap, encoding: str) -> None:
    content = csv(row("1", "Blåbær – ærfugl «Ørn» 5 €")).decode("cp1252").encode(encoding)
    assert invoices(content, layout)[0]["lines"][0]["text"] == "Blåbær – ærfugl «Ørn» 5 €"


def test_bytes_of_no_encoding_are_refused_with_their_line(layout: CsvMap) -> None:
    [(_, told)] = findings(csv(row("1")) + b"F;2;\x81\r\n", layout)
    assert "windows-1252 (linje 3)" in told


def test_quotes_line_breaks_and_a_delimiter_at_the_end_of_each_row_are_as_good(layout: CsvMap) -> None:
    rows = 'F;1;24.11.2026;310000019;;"To\nlinjer; og ""mer""";1;10,00;25;\r\n\r\n;;;;;;;;;\r\n'
    [one] = invoices(f"{HEADING}\r\n{rows}".encode("cp1252"), layout)
    assert one["lines"][0]["text"] == 'To\nlinjer; og "mer"'


def test_everything_wrong_is_told_at_once_by_column_and_row(layout: CsvMap) -> None:
    wrong = csv(
        "X;1;2026-11-24;310000019;;Tekst;to;ti;24",
        "F;;24.11.2026;310000019;;Tekst;1;1,00;25",
        "F;1;24.11.2026;310000019;;Tekst;1;1,00",
    )
    told = dict(findings(wrong, layout))
    in_row_2 = [f"{column}, rad 2" for column in ("Type", "Dato", "Antall", "Pris", "Mva")]
    assert list(told) == [*in_row_2, "Fakturanr, rad 3", "rad 4"]
    assert told["Type, rad 2"] == "Verdien «X» er ikke oversatt i CSV-oppsettet, som kjenner F, K."
    assert told["rad 4"].startswith("Raden har 8 felt, og overskriften har 9.")


def test_what_differs_between_the_rows_of_one_invoice_is_found(layout: CsvMap) -> None:
    [(field, told)] = findings(csv(row("1"), row("1").replace("24.11", "25.11")), layout)
    assert field == "Dato, rad 3"
    assert told == "Verdien er en annen enn på rad 2 av samme faktura («24.11.2026»)."


def test_a_missing_column_is_named_beside_those_there_are(layout: CsvMap) -> None:
    [(field, told)] = findings(csv(row("1")).replace(b"Antall", b"Ant"), layout)
    assert field == "Antall"
    assert "Tekst, Ant, Pris" in told


@pytest.mark.parametrize("content", [b"", HEADING.encode() + b"\r\n", b'"a;b\r\n'])
def test_a_file_without_invoices_is_refused(layout: CsvMap, content: bytes) -> None:
    assert findings(content, layout)


def test_a_last_row_without_its_end_may_still_be_written() -> None:
    assert is_unfinished(csv(row("1"))[:-2])
    assert not is_unfinished(csv(row("1")))


def test_a_pdf_beside_goes_into_the_invoice_it_belongs_to(layout: CsvMap) -> None:
    pdfs = {None: ("a.pdf", b"%PDF alone"), "2": ("a-2.pdf", b"%PDF two")}
    alone = invoices(csv(row("1")), layout, pdfs)
    first, second = invoices(csv(row("1"), row("2")), layout, pdfs)
    assert alone[0]["attachments"] == [{"filename": "a.pdf", "content": "JVBERiBhbG9uZQ=="}]
    assert "attachments" not in first
    assert second["attachments"] == [{"filename": "a-2.pdf", "content": "JVBERiB0d28="}]


NAMES = {
    "payment.kid": "KID",
    "lines[1].quantity": "Antall, rad 3",
    "lines[1]": "rad 3",
    "lines[1].description": "rad 3: description",
    "lines[0].vat": "Mva, rad 2",
    "buyer": "Orgnr",
    "buyer.name": "buyer.name",
}


@pytest.mark.parametrize("field", NAMES)
def test_the_hubs_findings_are_told_in_the_erps_own_names(layout: CsvMap, field: str) -> None:
    [one] = documents(csv(row("1", kid="123"), row("1")), layout)
    assert erp_name(one.names, field) == NAMES[field]


_GOOD = "\n[invoice]\nnumber = 'a'\nissue_date = 'b'\n[line]\ntext = 'c'"
WRONG_MAPS = {
    "broken": ("[", "kan ikke leses"),
    "no number": ("[invoice]\nissue_date = 'a'\n[line]\ntext = 'b'", "mangler «number»"),
    "no text": ("[invoice]\nissue_date = 'a'\nnumber = 'c'", "mangler «text»"),
    "unknown table": ("[lines]", "ukjent tabell «lines»"),
    "unknown setting": ("[format]\ndecimals = ','" + _GOOD, "format.decimals"),
    "unknown encoding": ("[format]\nencoding = 'ansi-ish'" + _GOOD, "ansi-ish"),
    "decimal": ("[format]\ndecimal = ';'" + _GOOD, "komma eller punktum"),
    "misspelt cell": ("[invoice]\nnumber = { colum = 'a' }", "mangler «number»"),
    "number is fixed": ("[invoice]\nnumber = { value = '1' }\nissue_date = 'b'\n[line]\ntext = 'c'", "fra en kolonne"),
}


@pytest.mark.parametrize("case", WRONG_MAPS)
def test_a_map_that_cannot_be_used_says_why(tmp_path: Path, case: str) -> None:
    content, told = WRONG_MAPS[case]
    (tmp_path / "map.toml").write_text(content)
    with pytest.raises(Trouble) as caught:
        load(tmp_path / "map.toml")
    assert told in caught.value.text.nb


def test_every_number_and_date_of_the_invoice_is_known_by_its_name() -> None:
    """The map converts cells by field names; the hub's own model says which fields are numbers and dates."""
    numbers: set[str] = set()
    dates: set[str] = set()
    models: tuple[type[Part], ...] = (
        Invoice,
        Line,
        Adjustment,
        StatedTotals,
        Period,
        Delivery,
        Payment,
        PrecedingInvoice,
        Vat,
    )
    for model in models:
        for name, field in model.model_fields.items():
            shown = str(field.annotation)
            if "Decimal" in shown:
                numbers.add(name)
            elif "datetime.date" in shown:
                dates.add(name)
    assert numbers == NUMBERS
    assert dates == DATES
