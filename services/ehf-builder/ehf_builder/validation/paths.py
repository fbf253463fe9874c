"""Locations as people read them: `/Invoice/cac:InvoiceLine[2]/cbc:ID`."""

import re
from typing import Any

from lxml import etree

from hub.ubl import PREFIXES, Element

_NAMESPACE_TEST = re.compile(r"\*:([\w.-]+)\[namespace-uri\(\)='([^']*)'\]\[(\d+)\]")
_NAMED_STEP = re.compile(r"(?<=/)([\w.-]+:)?([\w.-]+)\[1\]")


def readable(location: str) -> str:
    """Shorten a Schematron location, which spells out every namespace and the position of every single element."""
    short = _NAMESPACE_TEST.sub(
        lambda match: _step(f"{{{match.group(2)}}}{match.group(1)}", int(match.group(3))), location
    )
    return _NAMED_STEP.sub(lambda match: f"{match.group(1) or ''}{match.group(2)}", short)


def of_element(element: Element) -> str:
    """Write the same form for an element of a tree; positions count among siblings of the same name."""
    steps: list[str] = []
    current: Element | None = element
    while current is not None:
        position = 1 + sum(1 for _ in current.itersiblings(current.tag, preceding=True))
        steps.append(_step(current.tag, position))
        current = current.getparent()
    return "/" + "/".join(reversed(steps))


def line_of(element: Element) -> int | None:
    """Return the line (from 1) in which the start tag of a parsed element ends."""
    line: Any = element.sourceline  # whose type the stubs do not know
    return line if isinstance(line, int) else None


def name(tag: str) -> str:
    """Write a name in lxml's form (`{namespace}local`) with the usual prefix."""
    qualified = etree.QName(tag)
    prefix = PREFIXES.get(qualified.namespace or "")
    return f"{prefix}:{qualified.localname}" if prefix else qualified.localname


def _step(tag: str, position: int) -> str:
    step = name(tag)
    return step if position == 1 else f"{step}[{position}]"
