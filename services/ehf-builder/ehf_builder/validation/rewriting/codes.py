"""Rules that only differ in a code tried by that code, instead of one after the other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ehf_builder.validation.rewriting.shape import APPLY, CHOOSE, VARIABLE, WHEN, XSL
from ehf_builder.validation.rewriting.xpath import UnclearExpressionError, branches, closing
from hub.ubl import Element

ENOUGH = 4  # rules; fewer are as quick one by one
# What the first predicate compares with a code, and when that is an error (with which a rule does not match).
_ASKED = {"normalize-space ( cbc:ID )": "count(cbc:ID) > 1", "@ schemeID": "false()"}
_PREDICATE = re.compile(rf"({'|'.join(map(re.escape, _ASKED))}) = '([^']*)'")
_ANY = ""


@dataclass(frozen=True)
class Codes:
    """What a pattern's rules for elements of one name ask for, and for each rule the codes with which it may match."""

    name: str
    asked: str
    by_rule: Mapping[Element, set[str]]

    @classmethod
    def asked_for(cls, rules: Sequence[Element], name: str) -> "Codes | None":
        """Find what most rules ask for; None if few do."""
        ends = _ends(rules, name)
        by_asked = {asked: {rule: _codes(asked, found) for rule, found in ends.items()} for asked in _ASKED}
        numbers = {asked: sum(_ANY not in codes for codes in found.values()) for asked, found in by_asked.items()}
        most = max(_ASKED, key=lambda asked: numbers[asked])
        return cls(name, most, by_asked[most]) if numbers[most] >= ENOUGH else None

    def apply(self, root: Element, pattern: str, dispatch: Element) -> None:
        """Let `dispatch` apply a pattern's rules by code instead of one after the other.

        Each code gets a mode of its own, in which stand the rules that ask for that code and those that ask for none,
        with the priorities that they have. Where asking is an error, the rules are tried in the pattern's own mode.
        """
        choose = etree.SubElement(dispatch, CHOOSE)
        unsafe = etree.SubElement(choose, WHEN, {"test": _ASKED[self.asked]})
        etree.SubElement(unsafe, APPLY, {"mode": pattern, "select": "."})
        safe = etree.SubElement(choose, f"{XSL}otherwise")
        etree.SubElement(safe, VARIABLE, {"name": "sentral-code", "select": f"string({self.asked})"})
        by_code = etree.SubElement(safe, CHOOSE)
        codes = sorted({code for each in self.by_rule.values() for code in each} - {_ANY})
        for place, code in enumerate(codes):
            chosen = etree.SubElement(by_code, WHEN, {"test": f"$sentral-code = '{code}'"})
            etree.SubElement(chosen, APPLY, {"mode": self._mode(root, pattern, place, code), "select": "."})
        other = etree.SubElement(by_code, f"{XSL}otherwise")
        etree.SubElement(other, APPLY, {"mode": self._mode(root, pattern, len(codes), _ANY), "select": "."})

    def _mode(self, root: Element, pattern: str, place: int, code: str) -> str:
        mode = f"{pattern}-{self.name.replace(':', '-')}-{place}"
        etree.SubElement(root, f"{XSL}mode", {"name": mode, "on-no-match": "deep-skip"})
        for rule, codes in self.by_rule.items():
            if {_ANY, code} & codes:
                rule.set("mode", f"{rule.get('mode')} {mode}")
        return mode


def _ends(rules: Sequence[Element], name: str) -> dict[Element, list[str]]:
    """Return for each rule that may match the name the first predicate of each of its paths that ends with it."""
    ends: dict[Element, list[str]] = {}
    for rule in rules:
        try:
            for branch in branches(rule.get("match") or ""):
                last, predicate = _last_step(branch)
                if last in (name, "*"):
                    ends.setdefault(rule, []).append(predicate)
        except UnclearExpressionError:
            return {}
    return ends


def _codes(asked: str, predicates: Sequence[str]) -> set[str]:
    """Return the codes that one of these predicates may hold for; any, where one asks for something else."""
    matches = [_PREDICATE.fullmatch(predicate) for predicate in predicates]
    return {match.group(2) if match and match.group(1) == asked else _ANY for match in matches}


def _last_step(branch: Sequence[str]) -> tuple[str, str]:
    """Return the name of a path's last step and its first predicate (empty without one)."""
    place, start = 0, 0
    while place < len(branch):
        if branch[place] in ("/", "//"):
            start = place + 1
        if branch[place] == "[":
            place = closing(branch, place)
        place += 1
    step = list(branch[start:])
    if len(step) < 2 or step[1] != "[":
        return step[0], ""
    return step[0], " ".join(step[2 : closing(step, 1)])
