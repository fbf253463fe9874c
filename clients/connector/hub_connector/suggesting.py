"""`suggest`: which customers in a list can receive e-invoices."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_connector import durable
from hub_connector.client.errors import NotFound, NotTheHub, Refusal
from hub_connector.client.hub import Hub
from hub_connector.client.models import Suggestion
from hub_connector.texts import Text, Trouble

_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
_NO_COLUMN = Text(
    "Ingen kolonne i {path} har organisasjonsnumre. Oppgi den med --column.",
    "No column in {path} holds organisation numbers. Name it with --column.",
)
_UNREADABLE = Text("{path} kan ikke leses: {why}.", "{path} cannot be read: {why}.")
_NOT_OFFERED = Text(
    "Denne meldingssentralen svarer ikke på hvem som kan ta imot e-faktura ennå.",
    "This hub does not tell yet who can receive e-invoices.",
)
ANSWERS = {  # the column that is added
    True: Text("ja", "yes"),
    False: Text("nei", "no"),
    None: Text("ukjent", "unknown"),
}
_HEADINGS = (Text("Kan ta imot e-faktura", "Can receive e-invoices"), Text("Kanaler", "Channels"), Text("Ny", "New"))


@dataclass(frozen=True, slots=True)
class Customers:
    """A customer list: its heading, its rows, and which column holds the organisation number."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    column: int
    delimiter: str

    def numbers(self) -> list[str]:
        """Return every valid organisation number once, in order."""
        found = (organisation_number(row[self.column]) for row in self.rows if len(row) > self.column)
        return list(dict.fromkeys(number for number in found if number))


def read(path: Path, column: str | None = None) -> Customers:
    """Read a customer list, as UTF-8 or Windows-1252, with the delimiter that its heading has; raises Trouble."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Trouble(_UNREADABLE.of(path=path, why=error.strerror)) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("windows-1252", errors="replace")
    first = text.partition("\n")[0]
    delimiter = max(";\t,", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise Trouble(_UNREADABLE.of(path=path, why=error)) from error
    if not rows:
        raise Trouble(_NO_COLUMN.of(path=path))
    heading = [name.strip() for name in rows[0]]
    place = heading.index(column) if column in heading else _best_column(rows[1:], len(heading))
    if place is None or (column is not None and column not in heading):
        raise Trouble(_NO_COLUMN.of(path=path))
    return Customers(heading, rows[1:], place, delimiter)


def _best_column(rows: Sequence[Sequence[str]], width: int) -> int | None:
    counts = [sum(1 for row in rows if len(row) > place and organisation_number(row[place])) for place in range(width)]
    best = max(counts, default=0)
    return counts.index(best) if best else None


def organisation_number(text: str) -> str | None:
    """Return a Norwegian organisation number's nine digits (mod 11), None for what is none."""
    digits = re.sub(r"(?i)[\s.\u00a0]|^no|mva$", "", text.strip())
    if not re.fullmatch(r"[89][0-9]{8}|3[0-9]{8}", digits):
        return None
    check = (11 - sum(int(d) * w for d, w in zip(digits[:8], _WEIGHTS, strict=True)) % 11) % 11
    return digits if check == int(digits[8]) else None


def suggest(hub: Hub, customers: Customers, client: str | None) -> Mapping[str, Suggestion]:
    """Ask the hub of all of them; raises HubError, and Trouble where the hub does not offer it."""
    try:
        return {one.number: one for one in hub.suggest(customers.numbers(), client)}
    except (NotFound, NotTheHub) as error:
        raise Trouble(_NOT_OFFERED) from error
    except Refusal as error:
        if error.status == 405:
            raise Trouble(_NOT_OFFERED) from error
        raise


def write(path: Path, customers: Customers, found: Mapping[str, Suggestion], language: str) -> None:
    """Write the list again with what was found, as Excel opens it (UTF-8 with a mark). Raises Trouble."""
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=customers.delimiter)
    table.writerow([*customers.heading, *(text.told(language) for text in _HEADINGS)])
    for row in customers.rows:
        cells = list(row) + [""] * (len(customers.heading) - len(row))
        number = organisation_number(cells[customers.column])
        one = found.get(number or "")
        can = one.can_receive if one else None
        channels = ", ".join(one.channels) if one else ""
        new = ANSWERS[one.is_new].told(language) if one and one.is_new is not None else ""
        table.writerow([*cells, ANSWERS[can].told(language), channels, new])
    try:
        durable.write(path, out.getvalue().encode("utf-8-sig"))
    except OSError as error:
        raise Trouble(_UNREADABLE.of(path=path, why=error.strerror)) from error
