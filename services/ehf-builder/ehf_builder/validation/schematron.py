"""The official rules: their stylesheets, compiled once per process and run by SaxonC.

SaxonC holds the interpreter lock and several of its processors in one process crash, so each process makes one, and
uses it from one thread.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor

from ehf_builder.domain.sentences import sentences
from ehf_builder.validation import paths
from ehf_builder.validation.rewriting import UnexpectedShapeError, rewritten
from ehf_builder.validation.svrl import Failed, failed
from hub.invoice.findings import Finding, Severity
from hub.ubl import CBC, Element

log = structlog.get_logger(__name__)

CRASHED = "HUB-RULES-CRASHED"
_TERM = re.compile(r"\b(B[TG]-\d+)\b")
_LEADING_ID = re.compile(r"^\[[^\]]*\]\s*-?\s*")
_EMBEDDED = f"{{{CBC}}}EmbeddedDocumentBinaryObject"


class Schematron:
    """Compiled stylesheets, found by their paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saxon = PySaxonProcessor(license=False)
        self._compiler = self._saxon.new_xslt30_processor()
        self._compiled: dict[Path, Any] = {}

    def warm(self, stylesheets: Sequence[Path]) -> None:
        """Compile (0.3 s each) what is not compiled yet."""
        for path in stylesheets:
            self._executable(path)

    def findings(self, root: Element, stylesheets: Sequence[Path]) -> tuple[Finding, ...]:
        """Run the stylesheets over one shared tree. `root` loses the content of its attachments, which no rule reads.

        A stylesheet that crashes on the document has no outcome, so the document cannot be called valid: a fatal
        finding says which one it was.
        """
        for embedded in root.iter(_EMBEDDED):
            if embedded.text and len(embedded.text) > 8:
                embedded.text = "AAAA"
        try:
            node = self._saxon.parse_xml(xml_text=etree.tostring(root, encoding="unicode"))
        except PySaxonApiError as error:  # its parser is another than ours
            return (_crashed("SaxonC", error),)
        found: list[Finding] = []
        for path in stylesheets:
            executable = self._executable(path)
            try:
                report = executable.transform_to_string(xdm_node=node)
            except PySaxonApiError as error:
                found.append(_crashed(path.stem, error))
            else:
                found += map(_finding, failed(report, root))
        return tuple(found)

    def _executable(self, path: Path) -> Any:
        if path not in self._compiled:
            executable = self._compile(self._folder / path)
            executable.set_property("!indent", "no")  # nobody reads the report: 5 % of the time
            self._compiled[path] = executable
        return self._compiled[path]

    def _compile(self, file: Path) -> Any:
        """Compile the faster form, or the stylesheet as it is where a new release is built otherwise."""
        try:
            return self._compiler.compile_stylesheet(stylesheet_text=rewritten(file.read_bytes()))
        except (UnexpectedShapeError, PySaxonApiError) as reason:
            log.warning("stylesheet_not_rewritten", stylesheet=str(file), reason=str(reason))
            return self._compiler.compile_stylesheet(stylesheet_file=str(file))


def _finding(found: Failed) -> Finding:
    text = " ".join(found.text.split())
    term = _TERM.search(text)
    nb, en = sentences(found.rule, _LEADING_ID.sub("", text))
    return Finding(
        rule=found.rule or "?",
        # What is not said to be a warning stops the document: better strict than sorry.
        severity=Severity.WARNING if found.flag == "warning" else Severity.FATAL,
        text=text,
        nb=nb,
        en=en,
        location=paths.readable(found.location),
        term=term.group(1) if term else None,
        line=found.line,
    )


def _crashed(name: str, error: Exception) -> Finding:
    reason = " ".join(str(error).split())
    return Finding(
        rule=CRASHED,
        severity=Severity.FATAL,
        text=f"{name}: {reason}",
        nb=f"Reglene i {name} kunne ikke kjøres på dokumentet; det har en uventet oppbygning ({reason}).",
        en=f"The rules of {name} could not be run on the document; it is built in an unexpected way ({reason}).",
    )
