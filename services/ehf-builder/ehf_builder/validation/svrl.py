"""Reports in the Schematron Validation Report Language, of official stylesheets and of rewritten ones."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from ehf_builder.validation import paths
from ehf_builder.validation.rewriting.places import ELEMENT
from ehf_builder.validation.rewriting.traversal import PLACE
from hub.ubl import Element

_STEPS = re.compile(r"/((?:\*:)?[\w.-]+(?:\[namespace-uri\(\)='.*?'\])?\[\d+\])")
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_FINDINGS = ("failed-assert", "successful-report")


@dataclass(frozen=True, slots=True)
class Failed:
    """What a report says of the document, in the official stylesheet's own words; `line` is where the place is."""

    rule: str
    flag: str
    location: str
    text: str
    line: int | None = None


def failed(report: str, root: Element) -> list[Failed]:
    """Return what a report on the document says, in the order of the official stylesheet: by pattern, then by place."""
    if not any(name in report for name in _FINDINGS):  # most documents: nothing that would have to be parsed
        return []
    found = list(etree.fromstring(report.encode()).iterchildren(*(f"{_SVRL}{name}" for name in _FINDINGS)))
    places = _Places(root, {int(number) for each in found if (number := each.get(ELEMENT))})
    return [_failed(each, places) for each in sorted(found, key=lambda finding: int(finding.get(PLACE) or 0))]


def _failed(each: Element, places: "_Places") -> Failed:
    number = each.get(ELEMENT)
    location, line = places.numbered[int(number)] if number else places.written(each.get("location") or "")
    return Failed(
        rule=each.get("id") or "",
        flag=each.get("flag") or "",
        location=location,
        text=each.findtext(f"{_SVRL}text") or "",
        line=line,
    )


class _Places:
    """Paths as the stylesheets write them, and their lines; each parent's children are looked through once.

    `numbered` has those of the elements with the given numbers.
    """

    def __init__(self, root: Element, numbers: set[int]) -> None:
        self._root = root
        self._children: dict[Element, dict[str, Element]] = {}
        self._steps: dict[Element, str] = {root: f"{_step(root)}[1]"}
        self.numbered = {
            number: (self._path(each), paths.line_of(each))
            for number, each in enumerate(root.iter(etree.Element), 1)
            if number in numbers
        }

    def written(self, location: str) -> tuple[str, int | None]:
        """Add the line to a path that the stylesheet wrote itself; an attribute has its element's."""
        first, *steps = _STEPS.findall(location) or [""]
        element = self._root if first == self._steps[self._root] else None
        for step in steps:
            element = self._below(element).get(step) if element is not None else None
        return location, paths.line_of(element) if element is not None else None

    def _path(self, element: Element) -> str:
        parent = element.getparent()
        if parent is None:
            return f"/{self._steps[element]}"
        self._below(parent)
        return f"{self._path(parent)}/{self._steps[element]}"

    def _below(self, parent: Element) -> dict[str, Element]:
        if parent not in self._children:
            numbered = dict(_numbered(parent.iterchildren(etree.Element)))
            self._children[parent] = numbered
            self._steps.update((child, step) for step, child in numbered.items())
        return self._children[parent]


def _numbered(siblings: Iterable[Element]) -> Iterable[tuple[str, Element]]:
    places: dict[str, int] = {}
    for sibling in siblings:
        place = places[sibling.tag] = places.get(sibling.tag, 0) + 1
        yield f"{_step(sibling)}[{place}]", sibling


def _step(element: Element) -> str:
    name = etree.QName(element)
    return f"*:{name.localname}[namespace-uri()='{name.namespace}']" if name.namespace else name.localname
