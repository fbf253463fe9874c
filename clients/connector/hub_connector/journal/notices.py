"""What the ERP reads in the status folder: one JSON file for each thing that happened, numbered in order."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hub_connector.intake.names import erp_name

_SAID_OTHERWISE = frozenset({"number", "type", "links", "problems", "warnings", "timeline", "receipts"})
_MADE_INTO_OTHERS = frozenset({"event", "findings", "names"})


def notice(write: sqlite3.Connection, told: Mapping[str, Any]) -> None:
    """Put a notice behind the others.

    `event` is the feed's entry, of which the notice has everything that is not said otherwise; `findings` and `names`
    make its `problems`, in the ERP's own field names.
    """
    event = {name: value for name, value in (told.get("event") or {}).items() if name not in _SAID_OTHERWISE}
    own = {name: value for name, value in told.items() if name not in _MADE_INTO_OTHERS and value is not None}
    body = {**event, **own}
    moment = body["time"]
    if isinstance(moment, datetime):
        body["time"] = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    names: Mapping[str, str] = told.get("names") or {}
    problems = [
        {
            "field": erp_name(names, one.field),
            "nb": one.nb,
            "en": one.en,
            "rule": one.rule,
            "type": one.type or None,
        }
        for one in told.get("findings") or ()
    ]
    if problems:
        body["problems"] = [{name: value for name, value in one.items() if value} for one in problems]
    write.execute("INSERT INTO notice (body) VALUES (?)", (json.dumps(body, ensure_ascii=False),))
