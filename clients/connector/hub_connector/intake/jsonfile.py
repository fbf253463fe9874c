"""A JSON invoice; a PDF beside it becomes one of its attachments."""

import base64
import json
from typing import Any

from hub_connector.intake.document import Document, UnreadableError, local
from hub_connector.texts import Text

_BROKEN = Text(
    "Fila er ikke gyldig JSON (linje {line}): {why}. Er den skrevet ferdig, og som UTF-8?",
    "The file is not valid JSON (line {line}): {why}. Was it written to its end, and as UTF-8?",
)
_NO_OBJECT = Text("Fila må holde én faktura som et JSON-objekt.", "The file must hold one invoice as a JSON object.")


def read(content: bytes, pdf: tuple[str, bytes] | None) -> Document:
    """Return the invoice, untouched where no PDF is to be added; raises UnreadableError."""
    try:
        # Numbers are kept as they are written: a float would round amounts.
        invoice = json.loads(content.decode("utf-8-sig"), parse_float=str)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableError(local(_BROKEN.of(line=line, why=error.reason)), unfinished=True) from error
    except json.JSONDecodeError as error:
        raise UnreadableError(local(_BROKEN.of(line=error.lineno, why=error.msg)), unfinished=True) from error
    except RecursionError as error:
        raise UnreadableError(local(_NO_OBJECT)) from error
    if not isinstance(invoice, dict):
        raise UnreadableError(local(_NO_OBJECT))
    return document(invoice, pdf, content)


def document(invoice: dict[str, Any], pdf: tuple[str, bytes] | None, content: bytes | None = None) -> Document:
    """Return an invoice with its PDF; `content` is what it is sent as if it has none."""
    if pdf is not None:
        name, data = pdf
        others = invoice.get("attachments")
        added = {"filename": name, "content": base64.b64encode(data).decode()}
        invoice = {**invoice, "attachments": [*(others if isinstance(others, list) else ()), added]}
        content = None
    payload = json.dumps(invoice, ensure_ascii=False).encode() if content is None else content
    return Document("application/json", payload, _text(invoice.get("number")), _text(invoice.get("type")))


def _text(value: object) -> str | None:
    return str(value).strip() if isinstance(value, str | int) else None
