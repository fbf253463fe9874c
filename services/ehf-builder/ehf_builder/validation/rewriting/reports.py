"""What the stylesheets report, cut down to what is read: id, flag, location and text of each finding."""

import re

from lxml import etree

from ehf_builder.validation.rewriting.shape import APPLY, SVRL, TEMPLATE, XSL, expect, output, pairs, remove
from hub.ubl import Element

_COMPUTED = re.compile(r"\{(?!\{)(?![\d, ]+\})")  # regular expressions' {2,5} yield themselves, all else may fail


def without_progress_reports(root: Element) -> None:
    """Remove what tells of the run instead of the document: fired rules, active patterns, prefixes, the comment.

    The largest gain: each active-pattern holds a bare apply-templates, a walk through the whole document that can find
    nothing, since the unnamed mode has no templates but `/` and an empty one for text.
    """
    unnamed = [template for template in root.iterchildren(TEMPLATE) if template.get("mode") is None]
    expect({template.get("match") for template in unnamed} == {"/", "text()"}, "the unnamed mode has rules")
    expect(all(template.get("match") == "/" or not len(template) for template in unnamed), "text is reported")
    report = output(root)
    for element in list(report.iterchildren(f"{SVRL}active-pattern")):
        inner = list(element.iterchildren(etree.Element))
        expect(all(child.tag == f"{XSL}attribute" or _is_bare(child) for child in inner), "an active-pattern does more")
        report.remove(element)
    for element in list(report.iterchildren(f"{SVRL}ns-prefix-in-attribute-values", f"{XSL}comment")):
        report.remove(element)
    for element in list(root.iter(f"{SVRL}fired-rule")):
        expect(not len(element) and not _computes(element), "a fired-rule does more than report")
        remove(element)


def with_short_findings(root: Element) -> None:
    """Leave the rule's own test out of each finding, and write id and flag as plain attributes.

    Id, flag, location and text are all that is read, and a test may hold a code list of ten kilobytes. A plain
    attribute takes less time to compile than an instruction that makes one.
    """
    parts = [f"{XSL}attribute"] * 3 + [f"{SVRL}text"]
    for finding in root.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
        expect([child.tag for child in finding] == parts, "a finding has other parts")
        expect(set(finding.keys()) <= {"test"} and not _computes(finding), "a finding's test is computed")
        said = [child.get("name") for child in list(finding)[:3]]
        expect(said == ["id", "flag", "location"], "a finding says other things")
        rule, flag = finding[0], finding[1]
        finding.attrib.clear()
        for attribute in (rule, flag):
            value = attribute.text or ""
            plain = len(attribute) == 0 and len(attribute.attrib) == 1 and not set("{}") & set(value)
            expect(plain, "an id is computed")
            finding.set(attribute.get("name") or "", value)
            finding.remove(attribute)


def _is_bare(element: Element) -> bool:
    return element.tag == APPLY and not element.attrib and not len(element)


def _computes(element: Element) -> bool:
    return any(_COMPUTED.search(value) for _, value in pairs(element))
