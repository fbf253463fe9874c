"""Rewritten stylesheets find exactly what the official ones find; what cannot be rewritten runs as it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from saxonche import PySaxonApiError
from structlog.testing import capture_logs

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.rewriting import UnexpectedShapeError, rewritten
from ehf_builder.validation.rewriting.patterns import AnyName, UnclearPatternError, matched_names
from ehf_builder.validation.rewriting.reports import with_short_findings, without_progress_reports
from ehf_builder.validation.rewriting.traversal import with_one_traversal, without_roots
from ehf_builder.validation.rules import Rules
from ehf_builder.validation.svrl import failed
from hub.invoice.findings import Severity
from hub.ubl import Element
from tests.ehf_builder.stylesheets import SMALL, Rule, document, stylesheet

XSL = "{http://www.w3.org/1999/XSL/Transform}"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
Same = Callable[..., list[str]]


@pytest.fixture
def same(engine: Engine) -> Same:
    """Run a stylesheet as it is and rewritten; give what both find, as `id at place`, or `crash`."""

    def run(sheet: str, content: str) -> list[str]:
        root = etree.fromstring(document(content))
        node = engine._schematron._saxon.parse_xml(xml_text=etree.tostring(root, encoding="unicode"))

        def found(text: str) -> list[Any]:
            executable = engine._schematron._compiler.compile_stylesheet(stylesheet_text=text)
            try:
                return [
                    (each.rule, each.location, each.text)
                    for each in failed(executable.transform_to_string(xdm_node=node), root)
                ]
            except PySaxonApiError:
                return [("crash", "", "")]

        official = found(sheet)
        assert found(rewritten(sheet.encode())) == official
        return [f"{rule} at {location}".replace("[namespace-uri()='urn:b']", "") for rule, location, _ in official]

    return run


def rewritten_tree(*patterns: list[Rule], declared: str = "") -> Element:
    return etree.fromstring(rewritten(stylesheet(*patterns, declared=declared).encode()))


def asked(root: Element) -> str:
    return "\n".join(when.get("test") or "" for when in root.iter(f"{XSL}when"))


def shaped(old: str = "", new: str = "") -> Element:
    """A small stylesheet as the generator writes them, with something replaced."""
    assert old in SMALL
    return etree.fromstring(SMALL.replace(old, new).encode())


def starts(root: Element) -> list[str | None]:
    return [start.get("select") for start in root.iterfind(f".//{SVRL}schematron-output/{XSL}apply-templates")]


def test_progress_is_no_longer_reported() -> None:
    root = shaped()
    without_progress_reports(root)
    assert [child.tag for child in next(root.iter(f"{SVRL}schematron-output"))] == [f"{XSL}apply-templates"]
    assert next(root.iter(f"{SVRL}fired-rule"), None) is None
    assert len(list(root.iter(f"{SVRL}failed-assert"))) == 2


def test_findings_keep_id_flag_location_and_text_only() -> None:
    root = shaped()
    with_short_findings(root)
    for finding in root.iter(f"{SVRL}failed-assert"):
        assert finding.keys() == ["id", "flag"]
        assert [child.get("name") for child in finding] == ["location", None]
        assert "[" in (finding.findtext(f"{SVRL}text") or "")


def test_patterns_share_one_walk_and_their_findings_keep_their_order(same: Same) -> None:
    patterns: list[list[Rule]] = [
        [("b:A/b:B", ["false()"]), ("//b:A", ["b:B", "true()"])],
        [("*[ends-with(name(), 'nd') and not(b:B)]", ["false()"])],
        [("b:B", ["false()"]), ("b:Ant | b:End", ["false()"])],
    ]
    assert starts(rewritten_tree(*patterns)) == ["//*"]
    assert same(stylesheet(*patterns), "<A/><A><B/></A><End/><Land/><x:Bend xmlns:x='urn:x'/><B/>") == [
        "1.2.1 at /*:Root[1]/*:A[1]",
        "1.1.1 at /*:Root[1]/*:A[2]/*:B[1]",
        "2.1.1 at /*:Root[1]/*:End[1]",
        "2.1.1 at /*:Root[1]/*:Land[1]",
        "2.1.1 at /*:Root[1]/*:Bend[namespace-uri()='urn:x'][1]",
        "3.1.1 at /*:Root[1]/*:A[2]/*:B[1]",
        "3.2.1 at /*:Root[1]/*:End[1]",
        "3.1.1 at /*:Root[1]/*:B[1]",
    ]


def test_a_pattern_that_must_walk_by_itself_keeps_its_place_among_the_others(same: Same) -> None:
    patterns: list[list[Rule]] = [[("b:A", ["false()"])], [("@c | b:A", ["false()"])], [("b:B", ["false()"])]]
    assert starts(rewritten_tree(*patterns)) == ["/", "//*"]
    found = same(stylesheet(*patterns), "<A c='1'/><B/><A/>")
    assert [each.partition(" ")[0] for each in found] == ["1.1.1", "1.1.1", "2.1.1", "2.1.1", "2.1.1", "3.1.1"]


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
def test_a_pattern_whose_names_cannot_be_told_walks_by_itself(old: str, new: str) -> None:
    root = shaped(old, new)
    without_progress_reports(root)
    with_one_traversal(root)
    assert starts(root) == ["/"]
    assert [apply.get("select") for apply in root.iter(f"{XSL}apply-templates")].count("@*|*") == 3


@pytest.mark.parametrize(
    ("pattern", "without"),
    [
        ("//a:b", "a:b"),
        ("//a:b[//c:d] | //e:f/g:h", "a:b[//c:d] | e:f/g:h"),
        ("/a:b | //*", "/a:b | *"),
        ("(//a:b | c:d)[e]", "(//a:b | c:d)[e]"),
        ("//a:b[c = '|//d']", "//a:b[c = '|//d']"),
    ],
)
def test_the_way_from_the_root_is_left_out_of_a_pattern(pattern: str, without: str) -> None:
    assert without_roots(pattern) == without


def test_rules_for_one_code_are_tried_by_that_code(same: Same) -> None:
    coded: list[Rule] = [
        (f"b:Tax[normalize-space(cbc:ID) = '{code}'][b:More] | b:P[@schemeID = '{code}']", ["false()"])
        for code in "ABCDE"
    ]
    patterns = [[*coded[:3], ("b:Tax[b:Any]", ["false()"]), *coded[3:], ("b:P", ["false()"])]]
    modes = {mode.get("name") for mode in rewritten_tree(*patterns).iter(f"{XSL}mode")}
    assert {"M1-b-Tax-0", "M1-b-Tax-5", "M1-b-P-0", "M1-b-P-5"} <= modes
    taxes = [
        *(
            "<cbc:ID>A</cbc:ID><More/>",
            "<cbc:ID> B </cbc:ID>",
            "<cbc:ID>E</cbc:ID><Any/><More/>",
            "<cbc:ID>X</cbc:ID><Any/>",
        ),
        *("<cbc:ID>A</cbc:ID><cbc:ID>A</cbc:ID><More/><Any/>", "<Any/><More/>", "<More/>"),
    ]
    parties = "<P schemeID='A'/><P schemeID='X'/><P schemeID=''/><P/><P schemeID='E'/>"
    found = same(stylesheet(*patterns), "".join(f"<Tax>{tax}</Tax>" for tax in taxes) + parties)
    assert found == [
        *("1.1.1 at /*:Root[1]/*:Tax[1]", "1.4.1 at /*:Root[1]/*:Tax[3]", "1.4.1 at /*:Root[1]/*:Tax[4]"),
        *("1.4.1 at /*:Root[1]/*:Tax[5]", "1.4.1 at /*:Root[1]/*:Tax[6]", "1.1.1 at /*:Root[1]/*:P[1]"),
        *("1.7.1 at /*:Root[1]/*:P[2]", "1.7.1 at /*:Root[1]/*:P[3]", "1.7.1 at /*:Root[1]/*:P[4]"),
        "1.6.1 at /*:Root[1]/*:P[5]",
    ]


def test_what_must_not_be_there_is_looked_up_once(same: Same) -> None:
    paths = [
        *("cbc:A", "cac:P/cbc:A", "cac:P/cbc:B", "cac:P/cac:Q/cbc:A", "(cac:L|cac:M)/cbc:A", "cac:P", "cac:P/@x"),
        *("cac:P/cac:Q/cbc:A/@x", "//@y"),
    ]
    tests = [f"not({path})" for path in paths]
    patterns: list[list[Rule]] = [[("b:Root", [*tests[:4], "b:Other", *tests[4:]])]]
    assert asked(rewritten_tree(*patterns)).count("not($sentral-forbidden") == len(paths)
    sheet = stylesheet(*patterns)
    assert same(sheet, "<Other/>") == []
    assert same(sheet, "<Other><cbc:A/></Other><cac:Q><cbc:A x=''/></cac:Q><cac:M/>") == []
    found = same(sheet, "<cac:P x=''><cbc:B/><cbc:B/><cac:Q><cbc:A y=''/></cac:Q></cac:P><cac:M><cbc:A/></cac:M>")
    assert [each.split()[0] for each in found] == ["1.1.3", "1.1.4", "1.1.5", "1.1.6", "1.1.7", "1.1.8", "1.1.10"]


def test_codes_are_looked_up_in_a_map(same: Same) -> None:
    listed = "not(contains(normalize-space(.), ' ')) and contains(' AB CD ', concat(' ', normalize-space(.), ' '))"
    tests = [
        f"(({listed}))",
        "some $code in $LIST satisfies @c = $code",
        "some $code in $LIST satisfies normalize-space(text()) = $code",
        r"not(@d) or (some $code in tokenize('AB CD', '\s') satisfies normalize-space(.) = $code)",
        "not(@d) or (some $code in $LIST satisfies $code = @d)",
    ]
    declared = r"""<xsl:variable name="LIST" select="tokenize('AB CD', '\s')"/>"""
    patterns: list[list[Rule]] = [[("b:Code", tests)]]
    assert asked(rewritten_tree(*patterns, declared=declared)).count("map}contains") == len(tests)
    sheet = stylesheet(*patterns, declared=declared)
    values = ["AB", " CD ", "AB CD", "", "B", "ab", "A\u00a0B"]
    codes = "".join(f"<Code c='{value}' d='{value}'>{value}</Code><Code>{value}</Code>" for value in values)
    assert len(same(sheet, codes)) > 20
    assert same(sheet, "<Code>AB<Other/>CD</Code>") == ["crash at "]


@pytest.mark.parametrize(
    "test",
    [
        "contains(' AB CD ', concat(' ', normalize-space(.), ' '))",
        "not(contains(normalize-space(@c), ' ')) and contains(' AB ', concat(' ', normalize-space(.), ' '))",
        "not(contains(normalize-space(.), ' ')) and contains(' AB  CD ', concat(' ', normalize-space(.), ' '))",
        r"some $code in tokenize('AB  CD', '\s') satisfies @c = $code",
        "some $code in $OTHER satisfies @c = $code",
    ],
)
def test_other_searches_for_codes_stay_as_they_are(test: str) -> None:
    declared = """<xsl:variable name="OTHER" select="('AB', 'CD')"/>"""
    assert test in asked(rewritten_tree([("b:Code", [test])], declared=declared))


def test_questions_about_the_whole_document_are_answered_once(same: Same) -> None:
    tests = [
        "exists(//b:A[normalize-space(b:C) = 'x']) or not(//b:A[normalize-space(b:C) = 'x'])",
        "count(//b:A) = 2",
        "b:C//b:A or //b:A/b:C = 'x'",
        "not(//b:A[. = current()/@x])",
        "count(//b:B[1]) = 2 or count(//b:B) = 0",
    ]
    patterns: list[list[Rule]] = [[("b:Root", tests)]]
    root = rewritten_tree(*patterns)
    assert "sentral-exists-0" in asked(root)
    assert asked(root).count("sentral-all-0") == 3
    assert "not ( ( $sentral-all-0 ) [ . = current" in asked(root)  # not kept: another rule would ask it of another
    assert "// b:B [ 1 ]" in asked(root)  # each parent's first one, not the first of all
    sheet = stylesheet(*patterns)
    assert [each.split()[0] for each in same(sheet, "<A><C>x</C></A><B/>")] == ["1.1.2", "1.1.5"]
    # The first one is found before the second one's two codes could be an error.
    assert [each.split()[0] for each in same(sheet, "<A><C>x</C></A><A><C/><C/></A><B/><A><B/></A>")] == ["1.1.2"]
    assert same(sheet, "<A><C/></A><A><C/><C/></A>") == ["crash at "]


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
    assert rewritten(SMALL.encode())
    assert old in SMALL
    with pytest.raises(UnexpectedShapeError):
        rewritten(SMALL.replace(old, new).encode())


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("cac:Party", {"cac:Party"}),
        ("/a:Invoice | /b:Note/cbc:ID", {"a:Invoice", "cbc:ID"}),
        ("//*[ends-with(name(), 'Amount') and not(@x | y)]", {AnyName("Amount")}),
        ("//*[ends-with(name(), 'Amount') or @x]", {AnyName()}),
        ("//*[not(*)]", {AnyName()}),
        ("*[ends-with(name(), 'Amount')]/cbc:ID", {"cbc:ID"}),
        ("(/a:Invoice/a:B[c:D = ('|', ']')] | /b:Note)[$german]", {"a:B", "b:Note"}),
        ("cac:Scheme [cbc:ID = 'VAT']\n /cbc:CompanyID [. = '[']", {"cbc:CompanyID"}),
    ],
)
def test_a_pattern_tells_its_names(pattern: str, names: set[str | AnyName]) -> None:
    assert matched_names(pattern) == names


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
        matched_names(pattern)


def test_white_space_that_is_meant_stays_and_other_goes() -> None:
    text = rewritten(SMALL.replace("<svrl:text>[FIRST] ", "<svrl:text><xsl:text> </xsl:text>[FIRST] ").encode())
    assert "<xsl:text> </xsl:text>" in text
    assert "[FIRST] <xsl:value-of" in text
    assert "\n" not in text
    assert "<!--" not in text


def test_the_text_is_the_same_in_every_encoding() -> None:
    assert rewritten(SMALL.replace("is wrong", "er galt – «ø»").encode()).isascii()


def test_every_official_stylesheet_of_invoices_is_rewritten(rules: Rules) -> None:
    for rule_set in rules.sets:
        for path in rule_set.stylesheets.get("invoice", ()):
            text = rewritten((rules.folder / path).read_bytes())
            assert "fired-rule" not in text
            assert 'select="@*|*"' not in text


@pytest.mark.parametrize("change", [("", ""), ("<!--first-->", "<xsl:variable name='unused'/><xsl:next-match/>")])
def test_a_release_of_another_shape_runs_as_it_is_and_is_told(
    engine: Engine, tmp_path: Path, change: tuple[str, str]
) -> None:
    path = tmp_path / "RELEASE.xslt"
    path.write_text(SMALL.replace(*change) if change[0] else SMALL)
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
