"""CSV: a row for each invoice line; rows with the same invoice number are one invoice."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub_connector.client.errors import Finding
from hub_connector.intake.csvmap import DATES, NUMBERS, Cell, CsvMap
from hub_connector.intake.document import Document, UnreadableError, local
from hub_connector.intake.jsonfile import document
from hub_connector.texts import Text

_SPACES = re.compile(r"[\s\u00a0\u202f']")
_ROW = Text("rad {row}", "row {row}")
_FIXED = Text("«{field}» i CSV-oppsettet", "`{field}` in the CSV map")
_NOT_DECODED = Text(
    "Fila er ikke skrevet med tegnsettet {encoding} (linje {line}). Rett «encoding» i CSV-oppsettet.",
    "The file is not written in {encoding} (line {line}). Correct `encoding` in the CSV map.",
)
_NO_COLUMN = Text("Kolonnen finnes ikke i fila. Den har: {columns}.", "The file has no such column. It has: {columns}.")
_TWICE = Text("Kolonnen finnes flere ganger i fila.", "The file has this column more than once.")
_ROW_LENGTH = Text(
    "Raden har {found} felt, og overskriften har {expected}. Mangler det anførselstegn rundt en tekst med {delimiter}?",
    "The row has {found} fields, and the heading has {expected}. Does a text with {delimiter} lack its quotes?",
)
_BROKEN = Text("Fila er ikke gyldig CSV: {why}.", "The file is not valid CSV: {why}.")
_EMPTY = Text("Fila har ingen rader under overskriften.", "The file has no rows below its heading.")
_NO_NUMBER = Text("Fakturanummeret mangler.", "The invoice number is missing.")
_NOT_A_NUMBER = Text(
    "«{value}» er ikke et tall skrevet med {decimal} som desimaltegn.",
    "`{value}` is not a number written with {decimal} as its decimal sign.",
)
_NOT_A_DATE = Text("«{value}» er ingen dato skrevet som {form}.", "`{value}` is not a date written as {form}.")
_UNKNOWN_VALUE = Text(
    "Verdien «{value}» er ikke oversatt i CSV-oppsettet, som kjenner {known}.",
    "The value `{value}` is not translated in the CSV map, which knows {known}.",
)
_DIFFERS = Text(
    "Verdien er en annen enn på {row} av samme faktura («{value}»).",
    "The value differs from that in {row} of the same invoice (`{value}`).",
)


@dataclass(slots=True)
class _Invoice:
    """An invoice as its rows are read. `first` holds, for each header field, the row and text it came from."""

    number: str
    content: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    first: dict[str, tuple[int, str]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)


def read(content: bytes, layout: CsvMap, language: str, pdfs: Mapping[str | None, tuple[str, bytes]]) -> list[Document]:
    """Return the invoices; raises UnreadableError with everything that is wrong.

    `pdfs` holds what lies beside the file, by invoice number; under None, what belongs to the only one.
    """
    reading = _Reading(layout, language)
    invoices = reading.invoices(_decoded(content, layout))
    if reading.findings:
        raise UnreadableError(*reading.findings)
    alone = len(invoices) == 1
    return [_document(invoice, pdfs.get(invoice.number) or (pdfs.get(None) if alone else None)) for invoice in invoices]


def is_unfinished(content: bytes) -> bool:
    """Tell whether the last row has no end: it may still be written, and nothing else would show it."""
    return bool(content) and not content.endswith((b"\n", b"\r"))


def _document(invoice: _Invoice, pdf: tuple[str, bytes] | None) -> Document:
    made = document({"type": "invoice", **invoice.content, "lines": invoice.lines}, pdf)
    return Document(made.media, made.payload, made.number, made.document_type, names=invoice.names)


def _decoded(content: bytes, layout: CsvMap) -> str:
    """Decode the file: as UTF-8 if it says so, or is so beyond doubt; else as the map says."""
    if content.startswith(codecs.BOM_UTF8) or not content.isascii():
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass  # Norwegian letters of another encoding never make valid UTF-8
    try:
        return content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableError(local(_NOT_DECODED.of(encoding=layout.encoding, line=line))) from error


class _Reading:
    """Goes through the rows and gathers every finding, so that all is told at once."""

    def __init__(self, layout: CsvMap, language: str) -> None:
        self._layout = layout
        self._language = language
        self.findings: list[Finding] = []

    def invoices(self, text: str) -> list[_Invoice]:
        found: dict[str, _Invoice] = {}
        number_column = next(cell.column for cell in self._layout.invoice if cell.field == "number")
        for row, cells in self._rows(text):
            number = cells[number_column or ""]
            if not number:
                self._find(_NO_NUMBER, number_column, row)
                continue
            self._add(found.setdefault(number, _Invoice(number)), row, cells)
        if not found and not self.findings:
            self.findings.append(local(_EMPTY))
        return list(found.values())

    def _rows(self, text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Yield each row with its number (the heading is row 1); rows without anything are left out."""
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._layout.delimiter, strict=True)
        try:
            heading = [name.strip() for name in next(reader, [])]
            if not self._heading_serves(heading):
                return
            for row, cells in enumerate(reader, start=2):
                stripped = [cell.strip() for cell in cells]
                if not any(stripped):
                    continue
                # Some programs end every row with a delimiter.
                while len(stripped) > len(heading) and not stripped[-1]:
                    stripped.pop()
                if len(stripped) != len(heading):
                    counted = {"found": len(stripped), "expected": len(heading), "delimiter": self._layout.delimiter}
                    self._find(_ROW_LENGTH.of(**counted), None, row)
                    continue
                yield row, dict(zip(heading, stripped, strict=True))
        except csv.Error as error:
            self.findings.append(local(_BROKEN.of(why=error)))

    def _heading_serves(self, heading: Sequence[str]) -> bool:
        for column in self._layout.columns:
            if heading.count(column) != 1:
                text = _TWICE if column in heading else _NO_COLUMN.of(columns=", ".join(heading)[:500] or "–")
                self.findings.append(local(text, column))
        return not self.findings

    def _add(self, invoice: _Invoice, row: int, cells: Mapping[str, str]) -> None:
        for cell in self._layout.invoice:
            text = cells[cell.column] if cell.column else ""
            if cell.field in invoice.first:
                first_row, first = invoice.first[cell.field]
                if text and cell.column and text != first:
                    self._find(_DIFFERS.of(row=self._row(first_row), value=first), cell.column, row)
                continue
            invoice.names[cell.field] = cell.column or _FIXED.of(field=cell.field).told(self._language)
            value = self._value(cell, text, row)
            if value is not None:
                _put(invoice.content, cell.field, value)
                if cell.column:
                    invoice.first[cell.field] = row, text
        line: dict[str, Any] = {}
        place = f"lines[{len(invoice.lines)}]"
        invoice.names[place] = self._row(row).told(self._language)
        for cell in self._layout.line:
            value = self._value(cell, cells[cell.column] if cell.column else "", row)
            if value is not None:
                _put(line, cell.field, value)
            invoice.names[f"{place}.{cell.field}"] = self._where(cell, row)
        invoice.lines.append(line)

    def _value(self, cell: Cell, text: str, row: int) -> str | None:
        """Return a cell's value as the hub reads it, None where there is none."""
        if cell.column is None:
            return cell.value
        if not text:
            return None
        if cell.values is not None:
            if text in cell.values:
                return cell.values[text]
            self._find(_UNKNOWN_VALUE.of(value=text[:60], known=", ".join(cell.values)), cell.column, row)
            return None
        name = cell.field.rpartition(".")[2]
        if name in NUMBERS:
            return self._number(text, cell.column, row)
        return self._date(text, cell.column, row) if name in DATES else text

    def _number(self, text: str, column: str, row: int) -> str | None:
        number = plain_number(text, self._layout.decimal)
        if number is None:
            self._find(_NOT_A_NUMBER.of(value=text[:60], decimal=self._layout.decimal), column, row)
        return number

    def _date(self, text: str, column: str, row: int) -> str | None:
        try:
            return datetime.strptime(text, self._layout.date).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self._find(_NOT_A_DATE.of(value=text[:60], form=self._layout.date_shown), column, row)
            return None

    def _row(self, row: int) -> Text:
        return _ROW.of(row=row)

    def _where(self, cell: Cell, row: int) -> str:
        name = cell.column or _FIXED.of(field=cell.field).told(self._language)
        return f"{name}, {self._row(row).told(self._language)}"

    def _find(self, text: Text, column: str | None, row: int) -> None:
        where = self._row(row).told(self._language)
        self.findings.append(local(text, f"{column}, {where}" if column else where))


def _put(target: dict[str, Any], path: str, value: str) -> None:
    *groups, name = path.split(".")
    for group in groups:
        target = target.setdefault(group, {})
    target[name] = value


def plain_number(text: str, decimal: str) -> str | None:
    """Return a number with a point and without thousands' signs, None for what is none. `1.200,50-` is -1200.50."""
    compact = _SPACES.sub("", text).replace("\u2212", "-")
    if compact.endswith("-"):
        compact = f"-{compact[:-1]}"
    thousands = "." if decimal == "," else ","
    if re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+(?:{re.escape(decimal)}\d*)?", compact):
        compact = compact.replace(thousands, "")
    if not re.fullmatch(rf"[+-]?(?:\d+(?:{re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)", compact):
        return None
    whole, _, fraction = compact.lstrip("+").partition(decimal)
    if whole in {"", "-"}:
        whole += "0"
    return f"{whole}.{fraction}" if fraction else whole
