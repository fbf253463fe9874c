"""The official stylesheets, rewritten at load time so that they run faster and find exactly the same.

Official stylesheets are generated from Schematron by one generator, so they all have one shape: for each pattern a mode
(`M11`) with one template per rule, which reports, asserts, and goes on to its children. Each transformation below makes
use of that shape and checks what it relies on; a stylesheet that does not have it raises UnexpectedShapeError and must
be run as it is. The result is an SVRL report that lacks what nobody here reads.
"""

import re
from collections.abc import Callable
from typing import cast

from lxml import etree

from ehf_builder.validation.patterns import UnclearPatternError, element_names, outside_predicates
from hub.ubl import Element

_XSL = "{http://www.w3.org/1999/XSL/Transform}"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
APPLY, TEMPLATE = f"{_XSL}apply-templates", f"{_XSL}template"
_PATTERN_MODE = re.compile(r"M\d+")
_ELSEWHERE = re.compile(r"\b(doc|document|doc-available|unparsed-[a-z-]+|json-doc|collection|static-base-uri)\s*\(")
_DECLARATIONS = {f"{_XSL}{name}" for name in ("param", "variable", "output", "function", "template")}
_OTHER_WAYS = [f"{_XSL}{name}" for name in ("next-match", "apply-imports", "call-template", "for-each", "evaluate")]
_POSITION = re.compile(r"\b(position|last)\s*\(")
_COMPUTED = re.compile(r"\{(?!\{)(?![\d, ]+\})")  # regular expressions' {2,5} yield themselves, all else may fail
_ONWARDS = "@*|*"
_PRECEDING = (
    "count(preceding-sibling::*[local-name()=local-name(current()) and namespace-uri() = namespace-uri(current())])"
)


class UnexpectedShapeError(Exception):
    """The stylesheet is not built as the generator builds them; the message says where."""


def rewritten(stylesheet: bytes) -> str:
    """Give the stylesheet's text after every transformation; raises UnexpectedShapeError.

    The text is compiled without its file, so a stylesheet that refers to other files by relative names is refused.
    """
    try:
        root = etree.fromstring(stylesheet, _reader())
    except etree.XMLSyntaxError as error:
        raise UnexpectedShapeError(f"it cannot be read: {error}") from error
    _expect(root.tag == f"{_XSL}stylesheet", "it is no stylesheet")
    _check_that_it_stands_alone(root)
    for transformation in TRANSFORMATIONS:
        transformation(root)
    return etree.tostring(root, encoding="ascii").decode("ascii")  # SaxonC may take text for the platform's encoding


def without_progress_reports(root: Element) -> None:
    """Remove what tells of the run instead of the document: fired rules, active patterns, prefixes, the comment.

    The largest gain: each active-pattern holds a bare apply-templates, a walk through the whole document that can find
    nothing, since the unnamed mode has no templates but `/` and an empty one for text.
    """
    unnamed = [template for template in root.iterchildren(TEMPLATE) if template.get("mode") is None]
    _expect({template.get("match") for template in unnamed} == {"/", "text()"}, "the unnamed mode has rules")
    _expect(all(template.get("match") == "/" or not len(template) for template in unnamed), "text is reported")
    output = _output(root)
    for element in list(output.iterchildren(f"{_SVRL}active-pattern")):
        inner = list(element.iterchildren(etree.Element))
        _expect(
            all(child.tag == f"{_XSL}attribute" or _is_bare(child) for child in inner), "an active-pattern does more"
        )
        output.remove(element)
    for element in list(output.iterchildren(f"{_SVRL}ns-prefix-in-attribute-values", f"{_XSL}comment")):
        output.remove(element)
    for element in list(root.iter(f"{_SVRL}fired-rule")):
        _expect(not len(element) and not _computes(element), "a fired-rule does more than report")
        _remove(element)


def with_short_findings(root: Element) -> None:
    """Leave the rule's own test out of each finding, and write id and flag as plain attributes.

    Id, flag, location and text are all that is read, and a test may hold a code list of ten kilobytes. A plain
    attribute takes less time to compile than an instruction that makes one.
    """
    parts = [f"{_XSL}attribute"] * 3 + [f"{_SVRL}text"]
    for finding in root.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report"):
        _expect([child.tag for child in finding] == parts, "a finding has other parts")
        _expect(set(finding.keys()) <= {"test"} and not _computes(finding), "a finding's test is computed")
        _expect(
            [child.get("name") for child in list(finding)[:3]] == ["id", "flag", "location"],
            "a finding says other things",
        )
        rule, flag = finding[0], finding[1]
        finding.attrib.clear()
        for attribute in (rule, flag):
            value = attribute.text or ""
            _expect(
                len(attribute) == 0 and len(attribute.attrib) == 1 and not set("{}") & set(value), "an id is computed"
            )
            finding.set(attribute.get("name") or "", value)
            finding.remove(attribute)


def with_scans_by_name(root: Element) -> None:
    """Let each pattern look at the elements that its rules name, instead of at every element and attribute in turn.

    Rules are tried on the same elements in the same order (that of the document; a rule reports before it goes on), so
    the findings keep their order. A pattern is left as it is where a rule may match something other than elements with
    known names, or asks for its position among what is looked at.
    """
    starts = list(_output(root).iterchildren(APPLY))
    by_mode = _templates_by_pattern(root)
    _expect(sorted(start.get("mode") or "" for start in starts) == sorted(by_mode), "patterns and their starts differ")
    expected = len(starts)
    for start in starts:
        mode = start.get("mode") or ""
        _expect(dict(start.items()) == {"mode": mode, "select": "/"} and not len(start), f"{mode} starts elsewhere")
        expected += len(by_mode[mode]) - 1  # all but the fallback for text go on
    applied = [apply.get("mode") or "#default" for apply in root.iter(APPLY)]
    _expect(sum(mode in by_mode for mode in applied) == expected, "patterns are applied elsewhere")
    _expect(not any(mode.startswith("#") for mode in applied), "templates are applied in an unknown mode")
    for start in starts:
        mode = start.get("mode") or ""
        rules, onwards = _rules_and_ways_onwards(mode, by_mode[mode])
        if (names := _names(rules, root)) is not None:
            start.set("select", "//*" if "*" in names else f"//({'|'.join(sorted(names))})")
            for way in onwards:
                _remove(way)


def with_positions_by_number(root: Element) -> None:
    """Let `xsl:number` tell an element's place among those of its name: the same text, and it remembers the last one.

    Counting the preceding siblings anew for each finding takes quadratic time where many lines fail.
    """
    paths = [
        template
        for template in root.iterchildren(TEMPLATE)
        if (template.get("mode"), template.get("match")) == ("schematron-get-full-path", "*")
    ]
    _expect(len(paths) == 1, "the location is written otherwise")
    variables = paths[0].findall(f"{_XSL}variable")
    values = [value for value in paths[0].findall(f"{_XSL}value-of") if "$preceding" in (value.get("select") or "")]
    counted = [" ".join((variable.get("select") or "").split()) for variable in variables]
    _expect(counted == [_PRECEDING], "the position is counted otherwise")
    _expect([value.get("select") for value in values] == ["1+ $preceding"], "the position is written otherwise")
    paths[0].remove(variables[0])
    number = etree.Element(f"{_XSL}number")
    number.tail = values[0].tail
    paths[0].replace(values[0], number)


TRANSFORMATIONS: tuple[Callable[[Element], None], ...] = (
    without_progress_reports,
    with_short_findings,
    with_scans_by_name,
    with_positions_by_number,
)


def _reader() -> etree.XMLParser:
    """Leave out what the compiler leaves out, too: comments, and white space between instructions."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True, remove_blank_text=True
    )


def _check_that_it_stands_alone(root: Element) -> None:
    for declaration in root.iterchildren(etree.Element):
        _expect(declaration.tag in _DECLARATIONS or not declaration.tag.startswith(_XSL), f"it has {declaration.tag}")
    for element in root.iter(etree.Element):
        _expect(not any(_ELSEWHERE.search(value) for _, value in _pairs(element)), "it reads other files")


def _output(root: Element) -> Element:
    """Return the element that holds the report."""
    found = [
        template
        for template in root.iterchildren(TEMPLATE)
        if template.get("match") == "/" and not template.get("mode")
    ]
    outputs = [child for template in found for child in template.iterchildren(etree.Element)]
    _expect([output.tag for output in outputs] == [f"{_SVRL}schematron-output"], "the report is written otherwise")
    known = {APPLY, f"{_SVRL}active-pattern", f"{_SVRL}ns-prefix-in-attribute-values", f"{_XSL}comment"}
    _expect(all(child.tag in known for child in outputs[0].iterchildren(etree.Element)), "the report holds more")
    return outputs[0]


def _templates_by_pattern(root: Element) -> dict[str, list[Element]]:
    by_mode: dict[str, list[Element]] = {}
    for template in root.iterchildren(TEMPLATE):
        mode = template.get("mode") or ""
        _expect(re.fullmatch(r"[\w-]*", mode) is not None, f"a template has the modes {mode}")
        if _PATTERN_MODE.fullmatch(mode):
            by_mode.setdefault(mode, []).append(template)
    return by_mode


def _rules_and_ways_onwards(mode: str, templates: list[Element]) -> tuple[list[Element], list[Element]]:
    """Tell a pattern's rules from its two fallbacks, and give the instructions that go on to the children."""
    by_priority = {template.get("priority") or "": template for template in templates}
    _expect(len(by_priority) == len(templates) and {"-1", "-2"} <= set(by_priority), f"{mode} has other priorities")
    text, other = by_priority.pop("-1"), by_priority.pop("-2")
    _expect(text.get("match") == "text()" and not len(text), f"{mode} does something with text")
    _expect(other.get("match") == "@*|node()" and len(other) == 1, f"{mode} reports what no rule matches")
    onwards = []
    for template in (other, *by_priority.values()):
        _expect(set(template.keys()) == {"match", "mode", "priority"}, f"{mode} has another kind of template")
        _expect(next(template.iter(*_OTHER_WAYS), None) is None, f"{mode} goes other ways")
        last = next(template.iterchildren(etree.Element, reversed=True), None)
        _expect(
            last is not None and dict(last.items()) == {"mode": mode, "select": _ONWARDS}, f"{mode} goes on otherwise"
        )
        assert last is not None
        onwards.append(last)
    return list(by_priority.values()), onwards


def _names(rules: list[Element], root: Element) -> set[str] | None:
    """Return what the rules can match at most, as the root's prefixes name it; None where that cannot be told."""
    names: set[str] = set()
    try:
        for rule in rules:
            own = element_names(rule.get("match") or "")
            if _asks_for_position(rule) or not all(_means_the_same(name, rule, root) for name in own):
                return None
            names |= own
    except UnclearPatternError:
        return None
    return names or None


def _means_the_same(name: str, rule: Element, root: Element) -> bool:
    prefix = name.partition(":")[0]
    return rule.nsmap.get(prefix) == root.nsmap.get(prefix)


def _asks_for_position(rule: Element) -> bool:
    for element in rule.iter(f"{_XSL}*"):
        for name, value in _pairs(element):
            # Looked for twice, because telling what lies outside the predicates of two thousand tests takes long.
            if name in {"test", "select"} and _POSITION.search(value) and _POSITION.search(outside_predicates(value)):
                return True
    return False


def _pairs(element: Element) -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", element.items())


def _is_bare(element: Element) -> bool:
    return element.tag == APPLY and not element.attrib and not len(element)


def _computes(element: Element) -> bool:
    return any(_COMPUTED.search(value) for _, value in _pairs(element))


def _remove(element: Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _expect(fits: bool, otherwise: str) -> None:
    if not fits:
        raise UnexpectedShapeError(otherwise)
