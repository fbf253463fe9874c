"""Every official test document gets the verdict that its suite states: examples are valid, unit tests fire their rules.

Unit tests are fragments that no schema accepts, so the rules run on them alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.rules import Rules, load
from hub.stack.artefacts import cache_folder
from tests.ehf_builder.invoices import SUITES, TODAY, suite

_VEFA = "{http://difi.no/xsd/vefa/validator/1.0}"
EXAMPLES = [
    *suite("peppol-bis-3/examples/*.xml"),
    *suite("peppol-bis-3/national-NO/*.xml"),
    *suite("ehf/*/example/*.xml"),
]
KINDS = {"Invoice": "invoice", "CreditNote": "creditnote"}


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(cache_folder(os.environ))


@pytest.fixture(scope="module")
def engine(rules: Rules) -> Engine:
    return Engine(rules)


def unit_tests() -> Iterator[Any]:
    """Give each test of each set: the document, the rules it states to fire and those it states not to."""
    for path in sorted(SUITES.glob("peppol-bis-3/unit-*/*.xm*")):
        for place, test in enumerate(etree.parse(path).getroot().iterfind(f"{_VEFA}test"), 1):
            documents = [child for child in test.iterchildren(etree.Element) if child.tag != f"{_VEFA}assert"]
            stated = test.find(f"{_VEFA}assert")
            assert len(documents) == 1
            assert stated is not None
            fires = {kind: _rules(stated, kind) for kind in ("error", "warning", "success")}
            yield pytest.param(etree.tostring(documents[0], with_tail=False), fires, id=f"{path.stem}-{place}")


def _rules(stated: Any, kind: str) -> set[str]:
    return {(each.text or "").strip() for each in stated.iterfind(f"{_VEFA}{kind}")} - {""}


def unit_tests_or_a_skipped_one() -> list[Any]:
    skip = pytest.mark.skip(reason=f"the official test documents are not in {SUITES}")
    return list(unit_tests()) or [pytest.param(b"", {}, marks=skip)]


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_official_example_is_valid(engine: Engine, path: Path) -> None:
    verdict = engine.validate(path.read_bytes(), TODAY)
    assert (verdict.error, verdict.fatal) == (None, ())


@pytest.mark.parametrize(("document", "stated"), unit_tests_or_a_skipped_one())
def test_every_unit_test_fires_the_rules_that_it_states(
    engine: Engine, rules: Rules, document: bytes, stated: dict[str, set[str]]
) -> None:
    root = etree.fromstring(document)
    kind = KINDS[etree.QName(root).localname]
    findings = engine._schematron.findings(root, rules.in_force(TODAY, kind).stylesheets[kind])
    assert stated["error"] <= {finding.rule for finding in findings if finding.fatal}
    assert stated["warning"] <= {finding.rule for finding in findings if not finding.fatal}
    assert not stated["success"] & {finding.rule for finding in findings}
