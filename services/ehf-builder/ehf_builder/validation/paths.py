"""Locations as people read them: `/Invoice/cac:InvoiceLine[2]/cbc:ID`."""

import re

from lxml import etree

from hub.ubl import PREFIXES, Element

_NAMESPACE_TEST = re.compile(r"\*:([\w.-]+)\[namespace-uri\(\)='([^']*)'\]\[(\d+)\]")
_NAMED_STEP = re.compile(r"(?<=/)([\w.-]+:)?([\w.-]+)\[1\]")


def readable(location: str) -> str:
    """Shorten a Schematron location, which spells out every namespace and the position of every single element."""
    short = _NAMESPACE_TEST.sub(lambda match: _step(match.group(2), match.group(1), int(match.group(3))), location)
    return _NAMED_STEP.sub(lambda match: f"{match.group(1) or ''}{match.group(2)}", short)


def of_element(element: Element) -> str:
    """Write the same form for an element of a tree; positions count among siblings of the same name."""
    steps: list[str] = []
    current: Element | None = element
    while current is not None:
        name = etree.QName(current)
        position = 1 + sum(1 for _ in current.itersiblings(current.tag, preceding=True))
        steps.append(_step(name.namespace or "", name.localname, position))
        current = current.getparent()
    return "/" + "/".join(reversed(steps))


def _step(namespace: str, name: str, position: int) -> str:
    prefix = PREFIXES.get(namespace)
    step = f"{prefix}:{name}" if prefix else name
    return step if position == 1 else f"{step}[{position}]"
