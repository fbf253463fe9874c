"""The shape that the generator gives every official stylesheet, and how to find one's way in it.

For each pattern there is a mode (`M11`) with one template per rule, which reports, asserts, and goes on to its
children; one template for the document's root writes the report and starts each pattern in turn.
"""

import re
from typing import cast

from lxml import etree

from hub.ubl import Element

XSL = "{http://www.w3.org/1999/XSL/Transform}"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
APPLY, CHOOSE, IF, TEMPLATE, VARIABLE, WHEN = (
    f"{XSL}{name}" for name in ("apply-templates", "choose", "if", "template", "variable", "when")
)
_PATTERN_MODE = re.compile(r"M\d+")
# How the two generators go on; what neither a rule nor a fallback does anything with makes no difference.
_ONWARDS = {"@*|*", "@*|*|comment()|processing-instruction()"}
_OTHER_WAYS = [f"{XSL}{name}" for name in ("next-match", "apply-imports", "call-template", "for-each", "evaluate")]


class UnexpectedShapeError(Exception):
    """The stylesheet is not built as the generator builds them; the message says where."""


def expect(fits: bool, otherwise: str) -> None:
    """Raise UnexpectedShapeError unless it fits."""
    if not fits:
        raise UnexpectedShapeError(otherwise)


def output(root: Element) -> Element:
    """Return the element that holds the report."""
    found = [
        template
        for template in root.iterchildren(TEMPLATE)
        if template.get("match") == "/" and not template.get("mode")
    ]
    outputs = [child for template in found for child in template.iterchildren(etree.Element)]
    expect([each.tag for each in outputs] == [f"{SVRL}schematron-output"], "the report is written otherwise")
    known = {APPLY, f"{SVRL}active-pattern", f"{SVRL}ns-prefix-in-attribute-values", f"{XSL}comment"}
    expect(all(child.tag in known for child in outputs[0].iterchildren(etree.Element)), "the report holds more")
    return outputs[0]


def templates_by_pattern(root: Element) -> dict[str, list[Element]]:
    """Return each pattern's templates by its mode, the two fallbacks among them."""
    by_mode: dict[str, list[Element]] = {}
    for template in root.iterchildren(TEMPLATE):
        mode = template.get("mode") or ""
        expect(re.fullmatch(r"[\w-]*", mode) is not None, f"a template has the modes {mode}")
        if _PATTERN_MODE.fullmatch(mode):
            by_mode.setdefault(mode, []).append(template)
    return by_mode


def rules_and_ways_onwards(mode: str, templates: list[Element]) -> tuple[list[Element], list[Element]]:
    """Tell a pattern's rules from its two fallbacks, and give the instructions that go on to the children."""
    by_priority = {template.get("priority") or "": template for template in templates}
    expect(len(by_priority) == len(templates) and {"-1", "-2"} <= set(by_priority), f"{mode} has other priorities")
    text, other = by_priority.pop("-1"), by_priority.pop("-2")
    expect(text.get("match") == "text()" and not len(text), f"{mode} does something with text")
    expect(other.get("match") == "@*|node()" and len(other) == 1, f"{mode} reports what no rule matches")
    onwards = []
    for template in (other, *by_priority.values()):
        expect(set(template.keys()) == {"match", "mode", "priority"}, f"{mode} has another kind of template")
        expect(next(template.iter(*_OTHER_WAYS), None) is None, f"{mode} goes other ways")
        last = next(template.iterchildren(etree.Element, reversed=True), None)
        goes_on = dict(last.items()) if last is not None else {}
        expect(goes_on.pop("select", None) in _ONWARDS and goes_on == {"mode": mode}, f"{mode} goes on otherwise")
        onwards.append(cast("Element", last))
    return list(by_priority.values()), onwards


def expressions(element: Element) -> list[tuple[str, str]]:
    """Return the attributes of one instruction that hold XPath, with their names."""
    return [(name, value) for name, value in pairs(element) if name in {"test", "select"}]


def pairs(element: Element) -> list[tuple[str, str]]:
    """Return an element's attributes."""
    return cast("list[tuple[str, str]]", element.items())


def remove(element: Element) -> None:
    """Take an element out of its parent."""
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)
