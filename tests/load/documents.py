"""UBL documents of many sizes, valid and not."""

import copy
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from hub.ubl import CAC, CBC, Element

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = ROOT.parent / "shared" / "suites" / "peppol-bis-3" / "examples" / "base-example.xml"
OWN = ROOT / "examples" / "08-inbound.xml"
SIZES = (10, 100, 1_000, 3_000)


def documents() -> Iterator[tuple[str, bytes]]:
    """Give name and content: an official example (where it is at hand), then our own with more and more lines."""
    if OFFICIAL.exists():
        yield OFFICIAL.name, OFFICIAL.read_bytes()
    for size in SIZES:
        yield f"{size} lines", with_lines(size)
    yield f"{SIZES[-1]} lines, each with a finding", with_lines(SIZES[-1], failing=True)


def with_lines(number: int, *, failing: bool = False) -> bytes:
    """Repeat the first line of our example; the totals follow, or each line has a unit that does not exist."""
    root = etree.fromstring(OWN.read_bytes(), etree.XMLParser(remove_blank_text=False))
    lines = root.findall(f"{{{CAC}}}InvoiceLine")
    for line in lines[1:]:
        root.remove(line)
    lines[0][:] = list(lines[0])
    for place in range(2, number + 1):
        line = copy.deepcopy(lines[0])
        _child(line, "ID").text = str(place)
        root.append(line)
    if failing:
        for quantity in root.iter(f"{{{CBC}}}InvoicedQuantity"):
            quantity.set("unitCode", "BOX")
    _total(root, number)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _total(root: Element, number: int) -> None:
    """Let the totals be those of the lines, which all have 25 % VAT."""
    net = number * round(float(_child(root, "LineExtensionAmount", deep=f"{{{CAC}}}InvoiceLine").text or 0) * 100)
    vat = (net + 2) // 4
    for element in root.iter(etree.Element):
        name = etree.QName(element).localname
        if element.getparent() is not None and etree.QName(element.getparent()).localname != "InvoiceLine":
            value = {
                "LineExtensionAmount": net,
                "TaxExclusiveAmount": net,
                "TaxableAmount": net,
                "TaxAmount": vat,
                "TaxInclusiveAmount": net + vat,
                "PayableAmount": net + vat,
            }.get(name)
            if value is not None:
                element.text = f"{value // 100}.{value % 100:02}"


def _child(parent: Element, name: str, deep: str = "") -> Element:
    found = parent.find(f"{deep}/{{{CBC}}}{name}" if deep else f"{{{CBC}}}{name}")
    assert found is not None
    return found
