"""One walk through the document for all patterns, instead of one for each."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ehf_builder.validation.rewriting.codes import Codes
from ehf_builder.validation.rewriting.patterns import (
    AnyName,
    UnclearPatternError,
    matched_names,
    outside_predicates,
)
from ehf_builder.validation.rewriting.shape import (
    APPLY,
    SVRL,
    TEMPLATE,
    XSL,
    expect,
    expressions,
    output,
    remove,
    rules_and_ways_onwards,
    templates_by_pattern,
)
from hub.ubl import Element

PLACE = "pattern"  # the finding's attribute that says which pattern it is of, counted from 0
_MODE = "sentral-every"
_POSITION = re.compile(r"\b(position|last)\s*\(")
_NAME = re.compile(r"(?<![\w.$@:-])[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*(?![\w.:-]|\s*\()")


def with_one_traversal(root: Element) -> None:
    """Look at each element once, and only with the patterns that have rules for its name.

    Each pattern would walk through the document by itself, trying its rules on every element and attribute. The
    findings come in another order by that, so each says its pattern: sorted by it (a stable sort) they stand as before,
    because within a pattern the elements are looked at in the same order (that of the document; a rule reports before
    it goes on). Patterns start in their own order where a rule may match something other than elements with known
    names, or asks for its position among what is looked at: such a pattern keeps its own walk.
    """
    starts = list(output(root).iterchildren(APPLY))
    by_mode = templates_by_pattern(root)
    expect(sorted(start.get("mode") or "" for start in starts) == sorted(by_mode), "patterns and their starts differ")
    _check_ways(root, starts, by_mode)
    joined: dict[str, _Pattern] = {}
    for place, start in enumerate(starts):
        mode = start.get("mode") or ""
        rules, onwards = rules_and_ways_onwards(mode, by_mode[mode])
        for rule in rules:
            _number(rule, place)
        if (names := _names(rules, root)) is not None:
            joined[mode] = _Pattern(names, rules)
            remove(start)
            for way in onwards:
                remove(way)
            for rule in rules:
                rule.set("match", without_roots(rule.get("match") or ""))
    if joined:
        etree.SubElement(output(root), APPLY, {"mode": _MODE, "select": "//*"})
        _dispatch(root, joined)


def without_roots(pattern: str) -> str:
    """Remove the `//` at the beginning of each branch: all nodes lie below a document, which need not be looked up."""
    return re.sub(r"(^|\|)(\s*)//", r"\1\2", pattern) if _branches_are_plain(pattern) else pattern


def _branches_are_plain(pattern: str) -> bool:
    """Whether every `|` of the pattern stands outside predicates, strings and parentheses."""
    try:
        bare = outside_predicates(pattern)
    except UnclearPatternError:
        return False
    return bare.count("|") == pattern.count("|") and "(" not in bare


def _check_ways(root: Element, starts: Sequence[Element], by_mode: Mapping[str, list[Element]]) -> None:
    expected = len(starts)
    for start in starts:
        mode = start.get("mode") or ""
        expect(dict(start.items()) == {"mode": mode, "select": "/"} and not len(start), f"{mode} starts elsewhere")
        expected += len(by_mode[mode]) - 1  # all but the fallback for text go on
    applied = [apply.get("mode") or "#default" for apply in root.iter(APPLY)]
    expect(sum(mode in by_mode for mode in applied) == expected, "patterns are applied elsewhere")
    expect(not any(mode.startswith("#") for mode in applied), "templates are applied in an unknown mode")


def _number(rule: Element, place: int) -> None:
    for finding in rule.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
        finding.set(PLACE, str(place))


@dataclass(frozen=True)
class _Pattern:
    """The rules of a pattern, and the names of the elements that they can match at most."""

    names: set[str | AnyName]
    rules: list[Element]


def _dispatch(root: Element, joined: Mapping[str, _Pattern]) -> None:
    """Add the templates that send each element to its patterns: by name, one look-up, or else to all that may match.

    Every name that the stylesheet mentions gets a template, so that few elements need the latter.
    """
    named = {name for pattern in joined.values() for name in pattern.names if isinstance(name, str)}
    for name in sorted(named | set(_mentioned(root))):
        local = name.partition(":")[2]
        template = etree.SubElement(root, TEMPLATE, {"match": name, "mode": _MODE})
        for mode, pattern in joined.items():
            if name in pattern.names or _may_be(local, pattern.names):
                codes = Codes.asked_for(pattern.rules, name)
                if codes:
                    codes.apply(root, mode, template)
                else:
                    etree.SubElement(template, APPLY, {"mode": mode, "select": "."})
    template = etree.SubElement(root, TEMPLATE, {"match": "*", "mode": _MODE})
    for mode, pattern in joined.items():
        if _may_be(None, pattern.names):
            etree.SubElement(template, APPLY, {"mode": mode, "select": "."})


def _may_be(local: str | None, names: Iterable[str | AnyName]) -> bool:
    return any(isinstance(name, AnyName) and (local is None or local.endswith(name.ending)) for name in names)


def _mentioned(root: Element) -> Iterable[str]:
    for element in root.iter(f"{XSL}*"):
        for value in (value for _, value in expressions(element)):
            for name in _NAME.findall(value):
                if name.partition(":")[0] in root.nsmap:
                    yield _canonical(name, root)


def _names(rules: list[Element], root: Element) -> set[str | AnyName] | None:
    """Return what the rules can match at most, as the root's prefixes name it; None where that cannot be told."""
    names: set[str | AnyName] = set()
    try:
        for rule in rules:
            own = matched_names(rule.get("match") or "")
            if _asks_for_position(rule) or rule.nsmap != root.nsmap:
                return None
            names |= {name if isinstance(name, AnyName) else _canonical(name, root) for name in own}
    except UnclearPatternError:
        return None
    return names or None


def _canonical(name: str, root: Element) -> str:
    """Write a name with the first of the prefixes that mean the same."""
    prefix, _, local = name.partition(":")
    uri = root.nsmap.get(prefix)
    if uri is None:
        raise UnclearPatternError(name)
    return f"{min(other for other, meant in root.nsmap.items() if other and meant == uri)}:{local}"


def _asks_for_position(rule: Element) -> bool:
    for element in rule.iter(f"{XSL}*"):
        for _, value in expressions(element):
            # Looked for twice, because telling what lies outside the predicates of two thousand tests takes long.
            if _POSITION.search(value) and _POSITION.search(outside_predicates(value)):
                return True
    return False
