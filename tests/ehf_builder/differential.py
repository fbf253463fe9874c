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
from ehf_builder.validation.svrl import Failed, failed
from hub.ubl import Element

CRASH = [Failed("crash", "", "", "")]


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
        root = etree.fromstring(document)
        node = saxon.parse_xml(xml_text=etree.tostring(root, encoding="unicode"))
        result.documents += 1
        for path, official, faster in pairs:
            expected, found = _found(official, node, root), _found(faster, node, root)
            result.crashes += expected == CRASH
            result.findings.update(each.rule for each in expected)
            if expected != found:
                result.differences.append(f"{path.name} on {name}: {_first_difference(expected, found)}")
    return result


def _found(executable: Any, node: Any, root: Element) -> list[Failed]:
    executable.set_property("!indent", "no")
    try:
        return failed(executable.transform_to_string(xdm_node=node), root)
    except PySaxonApiError:
        return list(CRASH)


def _first_difference(expected: list[Failed], found: list[Failed]) -> str:
    for place, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            return f"finding {place} is {other} instead of {one}"
    return f"{len(found)} findings instead of {len(expected)}"


if __name__ == "__main__":
    from tests.ehf_builder import differential  # so that the pickled class has the name that the reader knows it by

    sys.stdout.buffer.write(pickle.dumps(differential.compare(*pickle.load(sys.stdin.buffer))))
