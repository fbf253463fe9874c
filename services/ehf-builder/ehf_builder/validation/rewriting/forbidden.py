"""Hundreds of tests that something is not there, answered by one look at what is there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from ehf_builder.validation.rewriting.shape import APPLY, CHOOSE, IF, TEMPLATE, VARIABLE, WHEN, XSL
from ehf_builder.validation.rewriting.xpath import UnclearExpressionError, normal
from hub.ubl import Element

ENOUGH = 8  # fewer are as quick one by one
_NAME = r"c[ab]c:\w+"
_STEP = rf"(?:{_NAME}|\( {_NAME}(?: \| {_NAME})* \))"
_FORBIDDEN = re.compile(rf"not \( (?P<path>{_STEP}(?: / {_STEP})*(?: / @ \w+)?|// @ \w+) \)")

Path = list[list[str]]  # a path's steps, each with its alternatives


def with_forbidden_paths_looked_up(root: Element) -> None:
    """Let templates that follow the paths of `not(path)` tests say which of them are there, each element one look-up.

    EN 16931 forbids some seven hundred paths of UBL (UBL-CR-…), of which a document has none or few; their tests look
    through the same children again and again. Here the paths of one rule's tests are put together to a tree: one mode
    for each of its nodes, one template for each name below it, which gives the numbers of the tests whose path ends
    there. A test then asks whether its number is among those found; a run of tests is skipped when there is none.
    """
    for template in list(root.iterchildren(TEMPLATE)):
        tests = [(choose, path) for choose in template.iterchildren(CHOOSE) if (path := _forbidden(choose))]
        if len(tests) >= ENOUGH and template.nsmap == root.nsmap:
            _look_up(root, template, tests)


@dataclass
class _Node:
    """What lies below a path: its ends are the numbers of the tests that forbid it."""

    ends: list[int] = field(default_factory=list)
    below: dict[str, "_Node"] = field(default_factory=dict)

    def add(self, path: Sequence[Sequence[str]], number: int) -> None:
        if not path:
            self.ends.append(number)
            return
        for name in path[0]:
            self.below.setdefault(name, _Node()).add(path[1:], number)

    @property
    def select(self) -> str:
        kinds = {"//@*" if name.startswith("//") else "@*" if name.startswith("@") else "*" for name in self.below}
        return "|".join(sorted(kinds))


def _forbidden(choose: Element) -> Path | None:
    when = choose.find(WHEN)
    if when is None or len(choose) != 2 or len(when):
        return None
    try:
        match = _FORBIDDEN.fullmatch(normal(when.get("test") or ""))
    except UnclearExpressionError:
        return None
    if match is None:
        return None
    steps = [match["path"]] if match["path"].startswith("//") else match["path"].split(" / ")
    return [[step.replace(" ", "")] if "@" in step else re.findall(_NAME, step) for step in steps]


def _look_up(root: Element, template: Element, tests: Sequence[tuple[Element, Path]]) -> None:
    tree = _Node()
    for number, (_, path) in enumerate(tests):
        tree.add(path, number)
    name = f"sentral-forbidden-{len(root)}"
    found = etree.Element(VARIABLE, {"name": name, "as": "item()*"})
    etree.SubElement(found, APPLY, {"mode": name, "select": tree.select})
    _add_templates(root, name, tree)
    for number, (choose, _) in enumerate(tests):
        choose[0].set("test", f"not(${name} = {number})")
    for run in list(_runs([choose for choose, _ in tests])):
        gate = etree.Element(IF, {"test": f"exists(${name})"})
        run[0].addprevious(gate)
        gate.extend(run)
    template.insert(0, found)


def _runs(tests: Sequence[Element]) -> Iterator[list[Element]]:
    """Give the tests that stand beside each other together."""
    run: list[Element] = []
    for test in tests:
        if run and run[-1].getnext() is not test:
            yield run
            run = []
        run.append(test)
    yield run


def _add_templates(root: Element, mode: str, node: _Node) -> None:
    """Add the mode of a node: what the names below it tell, nothing for all others."""
    etree.SubElement(root, f"{XSL}mode", {"name": mode, "on-no-match": "deep-skip"})
    for place, (name, below) in enumerate(node.below.items()):
        template = etree.SubElement(root, TEMPLATE, {"match": name.removeprefix("//"), "mode": mode})
        if below.ends:
            etree.SubElement(template, f"{XSL}sequence", {"select": f"({','.join(map(str, below.ends))})"})
        if below.below:
            etree.SubElement(template, APPLY, {"mode": f"{mode}-{place}", "select": below.select})
            _add_templates(root, f"{mode}-{place}", below)
