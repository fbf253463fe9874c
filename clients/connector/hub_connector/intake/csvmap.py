"""The small file that says which CSV column is which field of an invoice (TOML)."""

import codecs
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_connector.texts import Text, Trouble

# Fields of the JSON invoice that hold a number or a date, by their last name: a cell is converted by them.
NUMBERS = frozenset(
    {
        "quantity", "unit_price", "amount", "base_quantity", "base_amount", "percent", "rate", "prepaid", "rounding",
        "vat_in_nok", "exchange_rate", "reminder_fee", "line_net", "without_vat", "vat", "with_vat", "payable",
        "gross_price", "price_discount",
    }
)  # fmt: skip
DATES = frozenset({"issue_date", "due_date", "tax_point_date", "date", "start", "end"})
_DATE_PARTS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d"}


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a field's value comes from: a column (with the ERP's values translated), or always the same value."""

    field: str
    column: str | None
    value: str | None = None
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CsvMap:
    """How CSV is read: `invoice` cells are the same in all rows of an invoice, `line` cells are each row's own."""

    encoding: str
    delimiter: str
    decimal: str
    date: str
    date_shown: str
    invoice: tuple[Cell, ...]
    line: tuple[Cell, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return tuple(dict.fromkeys(cell.column for cell in (*self.invoice, *self.line) if cell.column is not None))


def load(path: Path) -> CsvMap:
    """Read the map; raises Trouble that says what is wrong in it."""
    try:
        given = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(path, f"kan ikke leses: {error}", f"cannot be read: {error}") from error
    for name in given:
        if name not in {"format", "invoice", "line"}:
            raise _wrong(path, f"har ukjent tabell «{name}»", f"has an unknown table `{name}`")
    settings = given.get("format", {})
    date_shown = str(settings.get("date", "DD.MM.YYYY"))
    found = CsvMap(
        encoding=str(settings.get("encoding", "windows-1252")),
        delimiter=str(settings.get("delimiter", ";")),
        decimal=str(settings.get("decimal", ",")),
        date=_strptime(date_shown),
        date_shown=date_shown,
        invoice=tuple(_cells(path, given.get("invoice", {}))),
        line=tuple(_cells(path, given.get("line", {}))),
    )
    _check(path, found, settings)
    return found


def _wrong(path: Path, nb: str, en: str) -> Trouble:
    return Trouble(Text(f"CSV-oppsettet {path} {nb}.", f"The CSV map {path} {en}."))


def _strptime(shown: str) -> str:
    for part, directive in _DATE_PARTS.items():
        shown = shown.replace(part, directive)
    return shown


def _cells(path: Path, table: Any, prefix: str = "") -> Iterator[Cell]:
    if not isinstance(table, dict):
        raise _wrong(path, f"må ha en tabell i «{prefix}»", f"must have a table at `{prefix}`")
    for name, given in table.items():
        field = f"{prefix}{name}"
        if isinstance(given, str):
            yield Cell(field, given)
        elif isinstance(given, dict) and ("column" in given) != ("value" in given):
            if set(given) - {"column", "value", "values"} or not isinstance(given.get("values", {}), dict):
                raise _wrong(path, f"kan ikke brukes slik: «{field}»", f"cannot be used so: `{field}`")
            values = {str(one): str(other) for one, other in given.get("values", {}).items()} or None
            column = str(given["column"]) if "column" in given else None
            yield Cell(field, column, str(given["value"]) if "value" in given else None, values)
        else:
            yield from _cells(path, given, f"{field}.")


def _check(path: Path, found: CsvMap, settings: Mapping[str, Any]) -> None:
    for name in settings:
        if name not in {"encoding", "delimiter", "decimal", "date"}:
            raise _wrong(path, f"har ukjent innstilling «format.{name}»", f"has an unknown setting `format.{name}`")
    try:
        codecs.lookup(found.encoding)
    except LookupError as error:
        raise _wrong(
            path, f"har ukjent tegnsett «{found.encoding}»", f"has an unknown encoding `{found.encoding}`"
        ) from error
    if len(found.delimiter) != 1 or found.decimal not in {",", "."} or found.delimiter == found.decimal:
        raise _wrong(
            path,
            "må ha ett tegn som «delimiter», og komma eller punktum (et annet tegn) som «decimal»",
            "must have one character as `delimiter`, and a comma or point (another character) as `decimal`",
        )
    fields = {cell.field for cell in (*found.invoice, *found.line)}
    for needed, where in (("number", "invoice"), ("issue_date", "invoice"), ("text", "line")):
        if needed not in fields:
            raise _wrong(path, f"mangler «{needed}» i [{where}]", f"lacks `{needed}` in [{where}]")
    if found.columns and next(cell for cell in found.invoice if cell.field == "number").column is None:
        raise _wrong(path, "må ta «number» fra en kolonne", "must take `number` from a column")
