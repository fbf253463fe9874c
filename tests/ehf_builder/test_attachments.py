"""Attachments: which files, how they are named, and what is refused."""

import base64
from typing import Any

import pytest

from ehf_builder.domain.checks import attachments
from ehf_builder.validation.engine import Engine
from hub.invoice.model import Invoice
from hub.invoice.sizes import LARGEST_ATTACHMENT, LARGEST_IN_ALL
from tests.ehf_builder.invoices import invoice
from tests.ehf_builder.judging import judge

PDF = base64.b64encode(b"%PDF-1.7 ...").decode()
FILES = {
    "a.pdf": ("application/pdf", b"%PDF-1.7"),
    "a.PNG": ("image/png", b"\x89PNG\r\n\x1a\n0"),
    "a.jpeg": ("image/jpeg", b"\xff\xd8\xff\xe0"),
    "a.csv": ("text/csv", "dato;beløp\n".encode("windows-1252")),
    "a.xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
    "a.ods": ("application/vnd.oasis.opendocument.spreadsheet", b"PK\x03\x04"),
}


def found(*files: dict[str, Any]) -> list[tuple[str | None, bool]]:
    given = Invoice.model_validate(invoice(attachments=list(files)))
    return [(finding.field, finding.fatal) for finding in attachments.found(given)]


@pytest.mark.parametrize("name", FILES)
def test_the_type_follows_the_file_name(engine: Engine, name: str) -> None:
    mime_type, content = FILES[name]
    files = [{"filename": name, "content": base64.b64encode(content).decode()}]
    judged = judge(engine, invoice(attachments=files))
    assert judged.findings == set()
    assert judged.texts(f"//cbc:EmbeddedDocumentBinaryObject[@mimeCode='{mime_type}']") == [files[0]["content"]]


def test_base64_in_lines_is_written_without_them(engine: Engine) -> None:
    broken = f"{PDF[:8]}\r\n{PDF[8:]}\n"
    judged = judge(engine, invoice(attachments=[{"filename": "a.pdf", "content": broken}]))
    assert judged.texts("//cbc:EmbeddedDocumentBinaryObject") == [PDF]


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ({"filename": "a.pdf"}, "attachments[0].content"),
        ({"filename": "a.pdf", "content": PDF, "url": "https://a.example"}, "attachments[0].content"),
        ({"filename": "a.pdf", "content": "JVBERi0"}, "attachments[0].content"),
        ({"filename": "a.png", "content": PDF}, "attachments[0].content"),
        ({"content": PDF, "mime_type": "application/pdf"}, "attachments[0].filename"),
        ({"filename": "a.docx", "content": PDF}, "attachments[0].mime_type"),
        ({"filename": "a", "content": PDF}, "attachments[0].mime_type"),
        ({"url": "ftp://a.example/b.pdf"}, "attachments[0].url"),
        ({"url": "javascript:alert(1)"}, "attachments[0].url"),
    ],
)
def test_what_cannot_be_attached_is_refused_in_its_field(file: dict[str, str], field: str) -> None:
    assert found(file) == [(field, True)]


def test_files_that_are_too_large_are_refused_one_by_one_and_together() -> None:
    def csv(size: int) -> dict[str, str]:
        return {"filename": "a.csv", "content": base64.b64encode(b"x" * size).decode()}

    assert found(csv(LARGEST_ATTACHMENT)) == []
    assert found(csv(LARGEST_ATTACHMENT + 1)) == [("attachments[0].content", True)]
    half = LARGEST_IN_ALL // 2
    assert found(csv(half), csv(half + 1)) == [("attachments", True)]
