"""Rewritten stylesheets find in every document exactly what the official ones find, in the same order."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.rules import Rules
from tests.ehf_builder.differential import Comparison
from tests.ehf_builder.invoices import EXAMPLES, ROOT, SELLER, SUITES, TODAY
from tests.ehf_builder.mutations import mutated

MUTATED = int(os.environ.get("SENTRAL_MUTATED_DOCUMENTS", "3000"))
WORKERS = min(2, os.cpu_count() or 1)


def official_documents(engine: Engine) -> list[tuple[str, bytes]]:
    """Every file of the suites, every invoice inside their unit tests, and the examples."""
    found = [(path.name, path.read_bytes()) for path in sorted(SUITES.rglob("*.xm*"))]
    for name, document in list(found):
        root = etree.fromstring(document)
        if root.tag.endswith("testSet"):
            inner = [child for child in root.iterfind("{*}test/*") if child.tag.endswith(("Invoice", "CreditNote"))]
            found += [(f"{name}[{place}]", etree.tostring(child, with_tail=False)) for place, child in enumerate(inner)]
    return found + examples(engine)


def examples(engine: Engine) -> list[tuple[str, bytes]]:
    found = [(path.name, path.read_bytes()) for path in sorted(EXAMPLES.glob("*.xml"))]
    for path in sorted(EXAMPLES.glob("0*.json")):
        document = engine.build(path.read_bytes(), SELLER, None, TODAY).document
        found += [(path.name, document)] if document else []
    return found


def compared(documents: list[tuple[str, bytes]], stylesheets: list[Path]) -> Comparison:
    """Compare in processes of their own, because SaxonC must not be loaded twice in one."""

    def part(number: int) -> Comparison:
        job = pickle.dumps((documents[number::WORKERS], stylesheets))
        command = [sys.executable, "-m", "tests.ehf_builder.differential"]
        ended = subprocess.run(command, input=job, capture_output=True, cwd=ROOT, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        result = pickle.loads(ended.stdout)
        assert isinstance(result, Comparison)
        return result

    whole = Comparison()
    with ThreadPoolExecutor(WORKERS) as threads:
        for result in threads.map(part, range(WORKERS)):
            whole.add(result)
    return whole


def test_rewritten_stylesheets_find_the_same_in_official_and_in_mutated_documents(engine: Engine, rules: Rules) -> None:
    if not SUITES.is_dir():
        pytest.skip(f"the official test documents are not in {SUITES}")
    official = official_documents(engine)
    whole = [(name, document) for name, document in official if "[" not in name and b"testSet" not in document]
    seeds = [(seed, *whole[seed % len(whole)]) for seed in range(MUTATED)]
    mutants = [(f"{name} mutated by seed {seed}", mutated(document, seed)) for seed, name, document in seeds]
    invoices = [rule_set for rule_set in rules.sets if "invoice" in rule_set.stylesheets]
    sets = invoices if MUTATED > 3000 else [rules.in_force(TODAY)]
    stylesheets = [rules.folder / path for rule_set in sets for path in rule_set.stylesheets["invoice"]]
    result = compared([*official, *mutants], stylesheets)
    assert result.differences == []
    assert result.documents == len(official) + MUTATED
    assert result.findings.total() > 5 * result.documents  # else little has been compared
    assert len(result.findings) > 200
    assert result.crashes > 0


def test_rewritten_stylesheets_of_other_document_types_find_the_same(rules: Rules) -> None:
    """EHF's suites and mutations of their files, by EHF's own stylesheets; before a release by all for them."""
    if not SUITES.is_dir():
        pytest.skip(f"the official test documents are not in {SUITES}")
    official = [(path.name, path.read_bytes()) for path in sorted((SUITES / "ehf").rglob("*.xml"))]
    whole = [(name, document) for name, document in official if b"testSet" not in document]
    seeds = [(seed, *whole[seed % len(whole)]) for seed in range(MUTATED // 100)]
    mutants = [(f"{name} mutated by seed {seed}", mutated(document, seed)) for seed, name, document in seeds]
    paths = {
        path
        for rule_set in rules.sets
        for kind in ("reminder", "payment_request", "forward_billing")
        for path in rule_set.stylesheets.get(kind, ())
        if MUTATED > 3000 or path.name.startswith("EHF-")
    }
    result = compared([*official, *mutants], [rules.folder / path for path in sorted(paths)])
    assert result.differences == []
    assert len(result.findings) > 50
