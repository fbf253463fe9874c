"""The XSD stage: one lxml schema for all documents of a version of UBL."""

import copy
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree

from ehf_builder.validation import paths
from ehf_builder.validation.explaining import Explainer
from hub.invoice.findings import Finding, Severity
from hub.ubl import Element

RULE = "XSD"
MOST_FINDINGS = 20
_XSD = "http://www.w3.org/2001/XMLSchema"
# The published UBL schemas lack their schemaLocations, so a driver imports what they need before them.
_IMPORTS = (
    "schemas/CCTS_CCT_SchemaModule.xsd",
    "schemas/xmldsig-core-schema.xsd",
    "schemas/XAdES01903v132-201601.xsd",
    "schemas/XAdES01903v141-201601.xsd",
    "schemas/xml.xsd",
)
_DOCUMENTS = ("Invoice", "CreditNote", "ApplicationResponse")
_DATE_OR_TIME = re.compile(r"\}(?:\w*Date|\w*Time)$")
_NAMESPACE = re.compile(r"\{[^}]*\}")


class Schema:
    """The compiled schema; it belongs to one process and thread."""

    def __init__(self, folder: Path, ubl: str = "2.1") -> None:
        below = f"external/schemas/ubl{ubl.replace('.', '')}/maindoc"
        documents = [f"{below}/UBL-{name}-{ubl}.xsd" for name in _DOCUMENTS]
        driver = etree.Element(f"{{{_XSD}}}schema", nsmap={"xs": _XSD})
        for path in (*_IMPORTS, *documents):
            location = folder / path
            namespace = etree.parse(location).getroot().get("targetNamespace", "")
            attributes = {"namespace": namespace, "schemaLocation": location.as_uri()}
            etree.SubElement(driver, f"{{{_XSD}}}import", attributes)
        self._schema = etree.XMLSchema(driver)
        self._explainer = Explainer(etree.tostring(driver, encoding="unicode"))

    def findings(self, root: Element) -> tuple[Finding, ...]:
        """List what the schema objects to, at most MOST_FINDINGS; none if the document is valid."""
        if self._schema.validate(root):
            return ()
        log: Any = self._schema.error_log  # the stubs do not know that it iterates
        objections = [(_element(root, entry), entry) for entry in islice(log, MOST_FINDINGS)]
        # libxml2 does not collapse white space in dates and times, as XML Schema demands: once more without it.
        if self._schema.validate(_with_bare_dates(root)):
            return ()
        return self._explained(root, objections)

    def _explained(self, root: Element, objections: Sequence[tuple[Element | None, Any]]) -> tuple[Finding, ...]:
        """Say in words what is wrong; where no explanation is found, libxml2's own wording has to do."""
        texts = {
            element: _NAMESPACE.sub("", entry.message or "") for element, entry in objections if element is not None
        }
        findings: list[Finding] = []
        known: set[Element | None] = set()
        for each in islice(self._explainer.explain(root, texts), MOST_FINDINGS):
            text = texts.get(each.element, each.text)
            findings.append(_finding(each.element, paths.line_of(each.element), each.nb, each.en, text))
            known |= {each.element, each.element.getparent()}
        for element, entry in objections:
            if element is None or not known & {element, element.getparent()}:
                text = _NAMESPACE.sub("", entry.message or "")
                findings.append(_finding(element, entry.line, text, text, text))
        return tuple(findings[:MOST_FINDINGS])


def _with_bare_dates(root: Element) -> Element:
    stripped = copy.deepcopy(root)
    for element in stripped.iter(etree.Element):
        if element.text and len(element) == 0 and _DATE_OR_TIME.search(element.tag):
            element.text = element.text.strip()
    return stripped


def _finding(element: Element | None, line: int | None, nb: str, en: str, text: str) -> Finding:
    return Finding(
        rule=RULE,
        severity=Severity.FATAL,
        text=text,
        nb=f"Dokumentet følger ikke UBL-skjemaet i linje {line}: {nb}",
        en=f"The document does not follow the UBL schema in line {line}: {en}",
        location=paths.of_element(element) if element is not None else None,
        line=line,
    )


def _element(root: Element, entry: etree._LogEntry) -> Element | None:
    path = getattr(entry, "path", None)
    namespaces = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(path, namespaces=namespaces) if path else None
    except etree.XPathError:  # a prefix that is declared further down
        return None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], Element) else None
