"""What a person reads: tables of at most 100 columns, times in Oslo, ages in words."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from rich.console import Console
from rich.table import Table

from hub.ids import utc_now

_OSLO = ZoneInfo("Europe/Oslo")
_NAMES = frozenset(
    {"Cause", "Delivery", "Destination", "Message", "On", "Service", "Time", "Transaction", "What"}
)  # never broken
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))

# What goes on to another program is never broken to a terminal's width.
out = Console(width=None if sys.stdout.isatty() else 200)
errors = Console(stderr=True)


def show(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], nothing: str) -> None:
    """Print a table (a column whose name ends with # is a number), or what there is to say when it is empty."""
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False, box=None)
    for column in columns:
        number = column.endswith("#")
        table.add_column(
            column.rstrip("#"),
            justify="right" if number else "left",
            no_wrap=number or column in _NAMES,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row))
    out.print(table if table.row_count else nothing, markup=False, highlight=False)


def age(seconds: float | None) -> str | None:
    """Return an age in its two largest units: `3 h 20 min`."""
    if seconds is None:
        return None
    left = int(seconds)
    told: list[str] = []
    for unit, size in _UNITS:
        if left >= size and len(told) < 2:
            told.append(f"{left // size} {unit}")
            left %= size
        elif told:
            break
    return " ".join(told) or "0 s"


def when(text: Any) -> str | None:
    """Return a time in Oslo, to the second."""
    return datetime.fromisoformat(text).astimezone(_OSLO).strftime("%Y-%m-%d %H:%M:%S") if text else None


def ago(text: Any) -> str | None:
    """Return how long ago a time was."""
    return age((utc_now() - datetime.fromisoformat(text)).total_seconds()) if text else None


def short(text: Any, most: int = 160) -> str | None:
    """Return the text on one line, cut."""
    if text is None:
        return None
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def facts(content: Mapping[str, Any]) -> None:
    """Print name and value, one below the other; what has parts as indented JSON."""
    for name, value in content.items():
        if value in (None, [], {}):
            continue
        label = name.replace("_", " ")
        if isinstance(value, (dict, list)):
            text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
            out.print(f"{label}:\n{text}", markup=False, highlight=False, soft_wrap=True)
        elif "\n" in str(value):
            out.print(f"{label}:\n{value}", markup=False, highlight=False, soft_wrap=True)
        else:
            time = name.endswith(("_at", "_until")) and isinstance(value, str)
            out.print(f"{label:18} {when(value) if time else value}", markup=False, highlight=False, soft_wrap=True)
