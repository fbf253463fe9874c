"""Reports in the Schematron Validation Report Language, of official stylesheets and of rewritten ones."""

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from ehf_builder.validation.rewriting.places import ELEMENT
from ehf_builder.validation.rewriting.traversal import PLACE
from hub.ubl import Element

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_FINDINGS = ("failed-assert", "successful-report")


@dataclass(frozen=True, slots=True)
class Failed:
    """What a report says of the document, in the official stylesheet's own words."""

    rule: str
    flag: str
    location: str
    text: str


def failed(report: str, root: Element) -> list[Failed]:
    """Return what a report on the document says, in the order of the official stylesheet: by pattern, then by place."""
    if not any(name in report for name in _FINDINGS):  # most documents: nothing that would have to be parsed
        return []
    found = list(etree.fromstring(report.encode()).iterchildren(*(f"{_SVRL}{name}" for name in _FINDINGS)))
    numbers = {int(number) for each in found if (number := each.get(ELEMENT))}
    located = _located(root, numbers)
    return [
        Failed(
            rule=each.get("id") or "",
            flag=each.get("flag") or "",
            location=located[int(number)] if (number := each.get(ELEMENT)) else each.get("location") or "",
            text=each.findtext(f"{_SVRL}text") or "",
        )
        for each in sorted(found, key=lambda finding: int(finding.get(PLACE) or 0))
    ]


def _located(root: Element, numbers: set[int]) -> dict[int, str]:
    """Write the path of each element with one of these numbers as the stylesheets do, each parent's children once."""
    steps: dict[Element, str] = {}

    def path(element: Element) -> str:
        parent = element.getparent()
        if parent is None:
            return f"/{_step(element)}[1]"
        if element not in steps:
            steps.update(_numbered(parent.iterchildren(etree.Element)))
        return f"{path(parent)}/{steps[element]}"

    return {number: path(each) for number, each in enumerate(root.iter(etree.Element), 1) if number in numbers}


def _numbered(siblings: Iterable[Element]) -> Iterable[tuple[Element, str]]:
    places: dict[str, int] = {}
    for sibling in siblings:
        place = places[sibling.tag] = places.get(sibling.tag, 0) + 1
        yield sibling, f"{_step(sibling)}[{place}]"


def _step(element: Element) -> str:
    name = etree.QName(element)
    return f"*:{name.localname}[namespace-uri()='{name.namespace}']" if name.namespace else name.localname
