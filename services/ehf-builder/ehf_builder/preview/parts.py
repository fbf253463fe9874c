"""What a preview consists of, already in words; PDF and HTML are made of the same page."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """A party or a place: a heading, a name, and lines below it."""

    title: str
    name: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: cells beside each other, and what is said below the first."""

    cells: Sequence[str]
    details: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; `numbers` tells from which column on cells are set to the right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Row]
    numbers: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    """A document to be read. `payment` is what is needed to pay and stands out; the last of `totals` does too."""

    language: str
    title: str
    sender: Block
    recipient: Block
    others: Sequence[Block] = ()
    facts: Sequence[Fact] = ()
    notes: Sequence[str] = ()
    table: Table | None = None
    totals: Sequence[Fact] = ()
    vat: Table | None = None
    payment_title: str = ""
    payment: Sequence[Fact] = ()
    terms: str = ""
    attachments_title: str = ""
    attachments: Sequence[str] = ()
    footer: str = ""
    page_words: Sequence[str] = field(default=("", ""))
