"""An invoice and its attachments in one form: what is read, what is refused by name, and what becomes of it."""

import base64
import json
from typing import Any

import pytest
from lxml import etree

from gateway.api import multipart
from gateway.joining import File, join_json, join_ubl
from hub.errors import Refused
from hub.ubl import CAC, CBC
from tests.gateway.ubl import ubl
from tests.gateway.world import ALFA, World, headers, invoice, random_bytes

PATH = "/v1/transactions"
FORM = "multipart/form-data; boundary=xyz"
PDF = b"%PDF-1.7\r\n--xy\r\n\r\n" + bytes(range(256)) + b"\r\n"


def form(*parts: tuple[str, bytes], end: bytes = b"--xyz--\r\n") -> bytes:
    pieces = [b"--xyz\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n" for head, content in parts]
    return b"".join([*pieces, end])


def part(name: str, filename: str | None = None, media_type: str | None = None) -> str:
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename is not None else ""
    return head + (f"\r\nContent-Type: {media_type}" if media_type else "")


INVOICE = (part("invoice", media_type="application/json; charset=utf-8"), json.dumps(invoice()).encode())


def test_parts_are_read_byte_for_byte_with_their_names_and_types() -> None:
    body = form(
        INVOICE,
        (part("attachment", "Blåbær «1».pdf", "application/pdf"), PDF),
        (part("attachment", "timer.xlsx", "application/octet-stream"), b""),
        (part("attachment", "liste.csv"), b"a;b\n"),
    )
    read, attachments = multipart.read(FORM, b"a preamble\r\n" + body)
    assert (read.media_type, read.content) == ("application/json", INVOICE[1])
    assert [one.filename for one in attachments] == ["Blåbær «1».pdf", "timer.xlsx", "liste.csv"]
    assert [one.content for one in attachments] == [PDF, b"", b"a;b\n"]
    assert attachments[0].media_type == "application/pdf"
    assert attachments[1].media_type.endswith("spreadsheetml.sheet")
    assert attachments[2].media_type == "text/csv"


@pytest.mark.parametrize(
    ("content_type", "body", "field"),
    [
        ("multipart/form-data", form(INVOICE), None),
        (FORM, form(INVOICE, end=b""), None),
        (FORM, b"", None),
        (FORM, form(("no headers here", b"x")), None),
        (FORM, form((f"{part('invoice')}\r\nX: {'x' * 5000}", b"{}")), None),
        (FORM, form(), "invoice"),
        (FORM, form(INVOICE, INVOICE), "invoice"),
        (FORM, form(INVOICE, (part("vedlegg", "a.pdf"), PDF)), "vedlegg"),
        (FORM, form(INVOICE, (part("attachment", "a.pdf"), PDF), (part("attachment"), PDF)), "attachment[1]"),
        (FORM, form(INVOICE, *[(part("attachment", "a.pdf"), b"")] * 101), "attachment"),
        (FORM, form(INVOICE, *[(part("attachment", "a.pdf"), b"")] * 5000), None),
    ],
)
def test_what_is_no_whole_form_is_refused_by_name(content_type: str, body: bytes, field: str | None) -> None:
    with pytest.raises(Refused) as refused:
        multipart.read(content_type, body)
    assert refused.value.problems[0].field == field


def test_a_json_invoice_gets_its_attachments_and_keeps_every_other_byte() -> None:
    given = b'\n{"number": "1", "total": 1200.10}  \n'
    joined = join_json(given, [File("a.pdf", "application/pdf", PDF)])
    assert joined.startswith(given.rstrip()[:-1])
    [attached] = json.loads(joined)["attachments"]
    assert attached == {
        "filename": "a.pdf",
        "mime_type": "application/pdf",
        "content": base64.b64encode(PDF).decode(),
    }
    assert json.loads(join_json(b"{}", [])) == {"attachments": []}


@pytest.mark.parametrize("given", [b"", b"[]", b"{", b'{"attachments": []}'])
def test_an_invoice_that_takes_no_attachments_is_refused(given: bytes) -> None:
    with pytest.raises(Refused):
        join_json(given, [File("a.pdf", "application/pdf", PDF)])


@pytest.mark.parametrize("root", ["Invoice", "CreditNote"])
def test_a_ubl_document_gets_its_attachments_where_the_schema_wants_them(root: str) -> None:
    files = [File("a.pdf", "application/pdf", PDF), File("b.csv", "text/csv", b"1;2")]
    joined = etree.fromstring(join_ubl(ubl(root=root), files))
    names = [etree.QName(child).localname for child in joined]
    supplier = names.index("AccountingSupplierParty")
    assert names[supplier - 2 : supplier] == ["AdditionalDocumentReference"] * 2
    embedded = joined.findall(f".//{{{CBC}}}EmbeddedDocumentBinaryObject")
    assert [(one.get("filename"), one.get("mimeCode")) for one in embedded] == [file[:2] for file in files]
    assert [base64.b64decode(one.text or "") for one in embedded] == [PDF, b"1;2"]
    assert [one.text for one in joined.findall(f"{{{CAC}}}AdditionalDocumentReference/{{{CBC}}}ID")] == [
        "a.pdf",
        "b.csv",
    ]
    with pytest.raises(Refused):
        join_ubl(b"<a/>", files)


async def test_an_invoice_with_attachments_is_accepted_once_in_either_form(world: World) -> None:
    def sent(content: bytes, media_type: str) -> list[Any]:
        files = [("attachment", ("timer.pdf", PDF, "application/pdf")), ("attachment", ("b.csv", b"1;2", "text/csv"))]
        return [("invoice", ("f", content, media_type)), *files]

    async with world.client("office") as http:
        forms = [
            sent(json.dumps(invoice("1")).encode(), "application/json"),
            sent(ubl(number="2"), "application/xml"),
        ]
        documents = []
        for place, files in enumerate(forms):
            same = headers(ALFA, key=f"form {place}")
            first = await http.post(PATH, files=files, headers=same)
            assert first.status_code == 202, first.text
            again = await http.post(PATH, files=files, headers=same)
            assert again.content == first.content
            documents.append((await http.get(first.json()["links"]["document"])).content)
        another = await http.post(PATH, files=forms[0][:2], headers=headers(ALFA, key="form 0"))
    assert [one["filename"] for one in json.loads(documents[0])["attachments"]] == ["timer.pdf", "b.csv"]
    assert len(etree.fromstring(documents[1]).findall(f"{{{CAC}}}AdditionalDocumentReference")) == 2
    assert another.json()["type"].endswith(":idempotency-key-reused")


async def test_a_form_of_the_wrong_kind_or_size_is_refused(world: World) -> None:
    async with world.client("office") as http:
        word = [("invoice", ("f", b"x", "application/msword"))]
        wrong = await http.post(PATH, files=word, headers=headers(ALFA))
        large: list[tuple[str, Any]] = [
            ("invoice", ("f", INVOICE[1], "application/json")),
            ("attachment", ("a.pdf", random_bytes(30_000_000))),
        ]
        too_large = await http.post(PATH, files=large, headers=headers(ALFA))
    assert wrong.json()["type"].endswith(":media-type")
    assert too_large.status_code == 413
    assert "30 MB" in too_large.json()["detail"]
