"""Rewritten stylesheets find exactly what the official ones find; what cannot be rewritten runs as it is."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree
from structlog.testing import capture_logs

from ehf_builder.validation import rewriting
from ehf_builder.validation.engine import Engine
from ehf_builder.validation.patterns import UnclearPatternError, element_names
from ehf_builder.validation.rewriting import UnexpectedShapeError, rewritten
from ehf_builder.validation.rules import Rules
from hub.invoice.findings import Severity
from hub.ubl import Element
from tests.ehf_builder.differential import Comparison
from tests.ehf_builder.invoices import EXAMPLES, ROOT, SELLER, SUITES, TODAY
from tests.ehf_builder.mutations import mutated

MUTATED = int(os.environ.get("SENTRAL_MUTATED_DOCUMENTS", "300"))
WORKERS = min(2, os.cpu_count() or 1)
XSL = "{http://www.w3.org/1999/XSL/Transform}"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
LOCATION = (Path(__file__).parent / "schematron.xslt").read_text()


def shaped(old: str = "", new: str = "") -> Element:
    """A small stylesheet as the generator writes them, with something replaced."""
    assert old in LOCATION
    return etree.fromstring(LOCATION.replace(old, new).encode())


def starts(root: Element) -> list[str | None]:
    return [start.get("select") for start in root.iterfind(f".//{SVRL}schematron-output/{XSL}apply-templates")]


def test_progress_is_no_longer_reported() -> None:
    root = shaped()
    rewriting.without_progress_reports(root)
    assert [child.tag for child in next(root.iter(f"{SVRL}schematron-output"))] == [f"{XSL}apply-templates"]
    assert next(root.iter(f"{SVRL}fired-rule"), None) is None
    assert len(list(root.iter(f"{SVRL}failed-assert"))) == 2


def test_findings_keep_id_flag_location_and_text_only() -> None:
    root = shaped()
    rewriting.with_short_findings(root)
    for finding in root.iter(f"{SVRL}failed-assert"):
        assert finding.keys() == ["id", "flag"]
        assert [child.get("name") for child in finding] == ["location", None]
        assert "[" in (finding.findtext(f"{SVRL}text") or "")


def test_a_pattern_scans_the_elements_that_its_rules_name() -> None:
    root = shaped()
    rewriting.without_progress_reports(root)
    rewriting.with_scans_by_name(root)
    assert starts(root) == ["//(b:Amount|b:ID|b:Party)"]
    assert [apply.get("mode") for apply in root.iter(f"{XSL}apply-templates") if apply.get("select") == "@*|*"] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('match="b:Amount | /b:Party/b:ID[@b]"', 'match="b:Amount | @b:ID"'),
        ('match="b:Amount | /b:Party/b:ID[@b]"', 'match="b:Amount | node()"'),
        ('match="b:Amount | /b:Party/b:ID[@b]"', 'match="Amount"'),
        ('match="b:Amount | /b:Party/b:ID[@b]"', 'match="b:Amount" xmlns:b="urn:other"'),
        ('when test="@c', 'when test="position() = 1 and @c'),
    ],
)
def test_a_pattern_whose_names_cannot_be_told_stays_as_it_is(old: str, new: str) -> None:
    root = shaped(old, new)
    rewriting.without_progress_reports(root)
    before = etree.tostring(root)
    rewriting.with_scans_by_name(root)
    assert etree.tostring(root) == before


def test_a_position_is_told_by_number() -> None:
    root = shaped()
    rewriting.with_positions_by_number(root)
    text = etree.tostring(root, encoding="unicode")
    assert "preceding-sibling" not in text
    number = next(root.iter(f"{XSL}number"))
    before, after = number.getprevious(), number.getnext()
    assert before is not None
    assert after is not None
    assert (before.text, after.text) == ("[", "]")


BAD_SHAPES = {
    "no XML": ("<xsl:stylesheet", "<xsl:stylesheet <"),
    "an import": ("<xsl:output", '<xsl:import href="other.xslt"/><xsl:output'),
    "another file is read": ("@c = 'x'", "@c = doc('codes.xml')"),
    "rules without a mode": ('mode="M1" priority="1001"', 'priority="1001"'),
    "a template of several modes": ('mode="M1" priority="1001"', 'mode="M1 M2" priority="1001"'),
    "an active-pattern that reports": ("<xsl:apply-templates/>", '<xsl:apply-templates mode="M1"/>'),
    "a test that is computed": ('failed-assert test="@c', 'failed-assert test="{1 div 0}'),
    "a finding without a flag": ('<xsl:attribute name="flag">fatal</xsl:attribute>', ""),
    "a finding whose id is computed": ('"id">FIRST', '"id">{$FIRST}'),
    "a finding whose flag is computed": (">warning<", "><xsl:value-of select='b:Flag'/><"),
    "a finding with a diagnosis": ("</svrl:text>", "</svrl:text><svrl:diagnostic-reference/>"),
    "a pattern that starts elsewhere": ('mode="M1" select="/"', 'mode="M1" select="/*"'),
    "a pattern that is not started": ('<xsl:apply-templates mode="M1" select="/"/>', ""),
    "a rule that goes on earlier": ("<!--first-->", '<xsl:apply-templates mode="M1" select="*"/>'),
    "a rule that goes on in the mode that it is in": ("<!--first-->", '<xsl:apply-templates mode="#current"/>'),
    "a rule that goes on to the next match": ("<!--first-->", "<xsl:next-match/>"),
    "two rules of one priority": ('priority="1000"', 'priority="1001"'),
    "a fallback that reports": ('match="@*|node()" mode="M1" priority="-2">', 'match="*" mode="M1" priority="-2">'),
    "another count": ("and namespace-uri() = namespace-uri(current())", ""),
}


@pytest.mark.parametrize(("old", "new"), [pytest.param(*change, id=name) for name, change in BAD_SHAPES.items()])
def test_a_stylesheet_of_another_shape_is_not_rewritten(old: str, new: str) -> None:
    assert rewritten(LOCATION.encode())
    assert old in LOCATION
    with pytest.raises(UnexpectedShapeError):
        rewritten(LOCATION.replace(old, new).encode())


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("cac:Party", {"cac:Party"}),
        ("/a:Invoice | /b:Note/cbc:ID", {"a:Invoice", "cbc:ID"}),
        ("//*[ends-with(name(), 'Amount') and not(@x | y)]", {"*"}),
        ("(/a:Invoice/a:B[c:D = ('|', ']')] | /b:Note)[$german]", {"a:B", "b:Note"}),
        ("cac:Scheme [cbc:ID = 'VAT']\n /cbc:CompanyID [. = '[']", {"cbc:CompanyID"}),
    ],
)
def test_a_pattern_tells_its_names(pattern: str, names: set[str]) -> None:
    assert element_names(pattern) == names


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "",
            "@*",
            "a:b/@c",
            "a:b/node()",
            "text()",
            "Invoice",
            "a:*",
            "*:b",
            "a:b/(c:d|e:f)",
            "(a:b|c:d)/e:f | g:h/@i",
        ),
        *("key('a', 'b')", "a:b[1", "a:b]", "a:b['", ".[self::a:b]", "element(a:b)", "child::a:b", "a:b except a:c"),
    ],
)
def test_what_a_pattern_may_match_besides_is_unclear(pattern: str) -> None:
    with pytest.raises(UnclearPatternError):
        element_names(pattern)


def test_white_space_that_is_meant_stays_and_other_goes() -> None:
    text = rewritten(LOCATION.replace("<xsl:text>/</xsl:text>", "<xsl:text> </xsl:text>").encode())
    assert "<xsl:text> </xsl:text>" in text
    assert "[FIRST] <xsl:value-of" in text
    assert "\n" not in text
    assert "<!--" not in text


def test_the_text_is_the_same_in_every_encoding() -> None:
    assert rewritten(LOCATION.replace("is wrong", "er galt – «ø»").encode()).isascii()


def test_every_official_stylesheet_of_invoices_is_rewritten(rules: Rules) -> None:
    for rule_set in rules.sets:
        for path in rule_set.stylesheets["invoice"]:
            text = rewritten((rules.folder / path).read_bytes())
            assert "fired-rule" not in text
            assert 'select="@*|*"' not in text


@pytest.mark.parametrize("change", [("", ""), ("<!--first-->", "<xsl:variable name='unused'/><xsl:next-match/>")])
def test_a_release_of_another_shape_runs_as_it_is_and_is_told(
    engine: Engine, tmp_path: Path, change: tuple[str, str]
) -> None:
    path = tmp_path / "RELEASE.xslt"
    path.write_text(LOCATION.replace(*change) if change[0] else LOCATION)
    document = etree.fromstring("<Party xmlns='urn:b'><Amount>12</Amount><Amount c='x'/><ID/><Amount/></Party>")
    with capture_logs() as logs:
        findings = engine._schematron.findings(document, [path])
    assert [(finding.rule, finding.severity, finding.location, finding.text) for finding in findings] == [
        ("SECOND", Severity.WARNING, "/Party", "[SECOND] is wrong"),
        ("FIRST", Severity.FATAL, "/Party/Amount", "[FIRST] 12 is wrong"),
        ("FIRST", Severity.FATAL, "/Party/Amount[3]", "[FIRST] is wrong"),
    ]
    assert [(entry["event"], entry["reason"]) for entry in logs] == (
        [("stylesheet_not_rewritten", "M1 goes other ways")] if change[0] else []
    )


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
    sets = rules.sets if MUTATED > 1000 else [rules.in_force(TODAY)]
    stylesheets = [rules.folder / path for rule_set in sets for path in rule_set.stylesheets["invoice"]]
    result = compared([*official, *mutants], stylesheets)
    assert result.differences == []
    assert result.documents == len(official) + MUTATED
    assert result.findings.total() > 10 * result.documents  # else little has been compared
    assert len(result.findings) > 200
    assert result.crashes > 0
