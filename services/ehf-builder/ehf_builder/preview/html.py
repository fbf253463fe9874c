"""A page as one HTML file: no script, nothing fetched, every text escaped by the serializer."""

import base64
from collections.abc import Iterable, Sequence

from lxml import etree

from ehf_builder.preview.parts import Block, Fact, Page, Table
from ehf_builder.preview.pdf import logo_kind
from hub.ubl import Element

_MIME_TYPES = {"png": "image/png", "jpg": "image/jpeg", "svg": "image/svg+xml"}
_STYLE = """
:root{color-scheme:light}body{font:15px/1.45 system-ui,sans-serif;color:#1d2733;max-width:52rem;margin:2rem auto;
padding:0 1rem}h1{font-size:1.7rem;margin:0;overflow-wrap:anywhere}header{display:flex;justify-content:space-between;
align-items:center;gap:1rem;margin-bottom:1.5rem}header img{max-height:4rem;max-width:14rem}.parties{display:grid;
grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:1.5rem;overflow-wrap:anywhere}h2{font-size:.8rem;
font-weight:400;color:#5b6774;margin:0}section p{margin:0}.name{font-weight:700}dl{display:grid;
grid-template-columns:auto 1fr;gap:.15rem 1rem;margin:0;overflow-wrap:anywhere}dt{color:#5b6774}dd{margin:0}
table{border-collapse:collapse;width:100%;margin:1.2rem 0}th{font-size:.8rem;font-weight:400;color:#5b6774;
text-align:left;border-bottom:1.5px solid #1d2733}td{border-bottom:1px solid #c9d1d9;vertical-align:top;
overflow-wrap:anywhere}th,td{padding:.3rem .4rem}.number{text-align:right;white-space:nowrap}
.detail{color:#5b6774;font-size:.85rem;white-space:pre-line}.sums{display:grid;grid-template-columns:1.2fr 1fr;gap:2rem}
.totals dd{text-align:right}.totals .due{font-weight:700;font-size:1.15rem;border-top:1.5px solid #1d2733;
padding-top:.3rem;color:inherit}.payment{background:#eef3f7;border-radius:4px;padding:1rem;display:flex;flex-wrap:wrap;
gap:.6rem 2.5rem;margin:1rem 0}.payment div{overflow-wrap:anywhere}.payment strong{font-size:1.15rem;display:block}
ul{padding-left:1.2rem}@media(max-width:40rem){.sums{grid-template-columns:1fr}}@media print{body{margin:0}}
"""


def as_html(page: Page, logo: bytes | None = None) -> bytes:
    """Write the page as HTML in UTF-8; `logo` is PNG, JPEG or SVG. Raises ValueError for another kind of logo."""
    root = etree.Element("html", lang=page.language)
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "meta", charset="utf-8")
    etree.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    etree.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    _say(head, "title", page.title)
    _say(head, "style", _STYLE)
    body = etree.SubElement(root, "body")
    _header(body, page, logo)
    parties = _say(body, "div", "", "parties")
    for part in (page.recipient, page.sender, *page.others):
        _block(parties, part)
    _facts(parties, page.facts)
    for note in page.notes:
        _say(body, "p", note)
    _table(body, page.table)
    sums = _say(body, "div", "", "sums")
    _table(_say(sums, "div", ""), page.vat)
    _totals(sums, page.totals)
    _payment(body, page)
    _attachments(body, page)
    return etree.tostring(root, method="html", encoding="UTF-8", doctype="<!doctype html>")


def _say(parent: Element, name: str, text: str, style: str = "") -> Element:
    element = etree.SubElement(parent, name, {"class": style} if style else {})
    element.text = text
    return element


def _header(body: Element, page: Page, logo: bytes | None) -> None:
    header = etree.SubElement(body, "header")
    _say(header, "h1", page.title)
    if logo:
        source = f"data:{_MIME_TYPES[logo_kind(logo)]};base64,{base64.b64encode(logo).decode()}"
        etree.SubElement(header, "img", src=source, alt=page.sender.name)


def _block(parent: Element, part: Block) -> None:
    if not part.name and not part.lines:
        return
    section = etree.SubElement(parent, "section")
    _say(section, "h2", part.title)
    _say(section, "p", part.name, "name")
    for line in part.lines:
        _say(section, "p", line)


def _facts(parent: Element, facts: Iterable[Fact]) -> None:
    listed = etree.SubElement(parent, "dl")
    for name, value in facts:
        _say(listed, "dt", name)
        _say(listed, "dd", value)


def _table(parent: Element, table: Table | None) -> None:
    if table is None:
        return
    element = etree.SubElement(parent, "table")
    head = etree.SubElement(etree.SubElement(element, "thead"), "tr")
    for index, heading in enumerate(table.headings):
        _say(head, "th", heading, "number" if index >= table.numbers else "").set("scope", "col")
    body = etree.SubElement(element, "tbody")
    for row in table.rows:
        line = etree.SubElement(body, "tr")
        for index, cell in enumerate(row.cells):
            written = _say(line, "td", cell, "number" if index >= table.numbers else "")
            for detail in row.details if index == 0 else ():
                _say(written, "div", detail, "detail")


def _totals(parent: Element, totals: Sequence[Fact]) -> None:
    listed = _say(parent, "dl", "", "totals")
    for index, (name, value) in enumerate(totals, start=1):
        style = "due" if index == len(totals) else ""
        _say(listed, "dt", name, style)
        _say(listed, "dd", value, style)


def _payment(body: Element, page: Page) -> None:
    if page.payment:
        box = _say(body, "div", "", "payment")
        for name, value in page.payment:
            part = etree.SubElement(box, "div")
            _say(part, "h2", name)
            _say(part, "strong", value)
    if page.terms:
        _say(body, "p", page.terms)


def _attachments(body: Element, page: Page) -> None:
    if page.attachments:
        _say(body, "h2", page.attachments_title)
        listed = etree.SubElement(body, "ul")
        for name in page.attachments:
            _say(listed, "li", name)
