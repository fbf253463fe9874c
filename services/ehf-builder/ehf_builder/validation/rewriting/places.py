"""Where a finding is, told by the element's number in the document instead of by a path that is put together anew."""

from lxml import etree

from ehf_builder.validation.rewriting.patterns import UnclearPatternError, matched_names
from ehf_builder.validation.rewriting.shape import APPLY, SVRL, TEMPLATE, XSL, expect, templates_by_pattern
from hub.ubl import Element

ELEMENT = "element"  # the finding's attribute with the number of its element, counted from 1 in document order
_NUMBER = "sentral-number"
_FULL_PATH, _SELECT = "schematron-get-full-path", "schematron-select-full-path"
_SAME_NAME = "local-name()=local-name(current()) and namespace-uri() = namespace-uri(current())"
# How the generator writes an element's path, instruction by instruction; svrl.py writes the same.
_KNOWN = [
    ("apply-templates", "parent::*", ""),
    ("text", "", "/"),
    ("choose", "", ""),
    ("when", "namespace-uri()=''", ""),
    ("value-of", "name()", ""),
    ("otherwise", "", ""),
    ("text", "", "*:"),
    ("value-of", "local-name()", ""),
    ("text", "", "[namespace-uri()='"),
    ("value-of", "namespace-uri()", ""),
    ("text", "", "']"),
    ("variable", f"count(preceding-sibling::*[{_SAME_NAME}])", ""),
    ("text", "", "["),
    ("value-of", "1+ $preceding", ""),
    ("text", "", "]"),
]


def with_elements_numbered(root: Element) -> None:
    """Let findings about elements say which one it is by number; whoever reads the report knows its path.

    A path takes an element's place among its siblings at each level: quadratic time where many lines fail. Numbers are
    given in one walk (an accumulator), made when the first finding asks for one.
    """
    _check_that_paths_are_known(root)
    changed = False
    for templates in templates_by_pattern(root).values():
        for rule in templates:
            if _matches_elements_only(rule):
                for finding in rule.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
                    _by_number(finding)
                    changed = True
    if changed:
        every = etree.SubElement(root, f"{XSL}accumulator", {"name": _NUMBER, "initial-value": "0"})
        etree.SubElement(every, f"{XSL}accumulator-rule", {"match": "*", "select": "$value + 1"})
        etree.SubElement(root, f"{XSL}mode", {"use-accumulators": "#all"})


def _check_that_paths_are_known(root: Element) -> None:
    modes: dict[tuple[str, str], list[Element]] = {}
    for template in root.iterchildren(TEMPLATE):
        modes.setdefault((template.get("mode") or "", template.get("match") or ""), []).append(template)
    paths, starts = modes.get((_FULL_PATH, "*"), []), modes.get((_SELECT, "*"), [])
    expect(len(paths) == len(starts) == 1, "the location is written otherwise")
    start = [dict(child.items()) for child in starts[0]]
    expect(start == [{"mode": _FULL_PATH, "select": "."}], "the location is begun otherwise")
    expect(
        [_told(child) for child in paths[0].iterdescendants(f"{XSL}*")] == _KNOWN, "the location is written otherwise"
    )


def _told(instruction: Element) -> tuple[str, str, str]:
    expression = instruction.get("select") or instruction.get("test") or ""
    return etree.QName(instruction).localname, " ".join(expression.split()), instruction.text or ""


def _matches_elements_only(rule: Element) -> bool:
    try:
        return bool(matched_names(rule.get("match") or ""))
    except UnclearPatternError:
        return False


def _by_number(finding: Element) -> None:
    location = next(child for child in finding if child.get("name") == "location")
    content = [(child.tag, dict(child.items())) for child in location]
    expect(content == [(APPLY, {"mode": _SELECT, "select": "."})], "a finding is placed otherwise")
    finding.remove(location)
    finding.set(ELEMENT, f"{{accumulator-before('{_NUMBER}')}}")
