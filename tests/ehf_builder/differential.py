"""Runs stylesheets as they are and rewritten over the same documents, in a process of its own.

`python -m tests.ehf_builder.differential` reads a pickle of what `compare` takes and writes one of what it returns.
"""

import pickle
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor

from ehf_builder.validation.rewriting import rewritten

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
CRASH = [("crash", "", "", "")]
Found = tuple[str | None, str | None, str | None, str]


@dataclass
class Comparison:
    """How often what was found, and where the two differ."""

    documents: int = 0
    crashes: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: "Comparison") -> None:
        self.documents += other.documents
        self.crashes += other.crashes
        self.findings += other.findings
        self.differences += other.differences


def compare(documents: Sequence[tuple[str, bytes]], stylesheets: Sequence[Path]) -> Comparison:
    """Compare the whole lists of (id, flag, location, text), in order; a crash is like another crash only."""
    saxon = PySaxonProcessor(license=False)
    compiler = saxon.new_xslt30_processor()
    pairs = [
        (
            path,
            compiler.compile_stylesheet(stylesheet_file=str(path)),
            compiler.compile_stylesheet(stylesheet_text=rewritten(path.read_bytes())),
        )
        for path in stylesheets
    ]
    result = Comparison()
    for name, document in documents:
        text = etree.tostring(etree.fromstring(document), encoding="unicode")
        node = saxon.parse_xml(xml_text=text)
        result.documents += 1
        for path, official, faster in pairs:
            expected, found = _found(official, node), _found(faster, node)
            result.crashes += expected == CRASH
            result.findings.update(str(rule) for rule, *_ in expected)
            if expected != found:
                result.differences.append(f"{path.name} on {name}: {_first_difference(expected, found)}")
    return result


def _found(executable: Any, node: Any) -> list[Found]:
    executable.set_property("!indent", "no")
    try:
        report = etree.fromstring(executable.transform_to_string(xdm_node=node).encode())
    except PySaxonApiError:
        return list(CRASH)
    return [
        (element.get("id"), element.get("flag"), element.get("location"), element.findtext(f"{SVRL}text") or "")
        for element in report.iterchildren(f"{SVRL}failed-assert", f"{SVRL}successful-report")
    ]


def _first_difference(expected: list[Found], found: list[Found]) -> str:
    for place, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            return f"finding {place} is {other} instead of {one}"
    return f"{len(found)} findings instead of {len(expected)}"


if __name__ == "__main__":
    from tests.ehf_builder import differential  # so that the pickled class has the name that the reader knows it by

    sys.stdout.buffer.write(pickle.dumps(differential.compare(*pickle.load(sys.stdin.buffer))))
