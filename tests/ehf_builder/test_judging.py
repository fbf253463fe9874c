"""Documents are judged as the official rules say, and what cannot be judged is refused in words."""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.rules import Rules
from hub.invoice.findings import Severity, fit_for, own
from hub.pipeline import Purpose
from tests.ehf_builder.hostile import HOSTILE
from tests.ehf_builder.invoices import EXAMPLES, TODAY, suite

INBOUND = (EXAMPLES / "08-inbound.xml").read_text()
BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
BII = "urn:www.cenbii.eu:transaction:biitrns"
DIFI = "urn:www.difi.no:ehf:faktura"
OFFICIAL = [*suite("peppol-bis-3/examples/*.xml"), *suite("peppol-bis-3/national-NO/*.xml")]


def reason(engine: Engine, document: bytes | str) -> str:
    verdict = engine.validate(document if isinstance(document, bytes) else document.encode(), TODAY)
    assert verdict.error is not None
    assert not verdict.valid
    assert verdict.purposes == frozenset()
    assert verdict.error.nb
    return verdict.error.en


@pytest.mark.parametrize("path", OFFICIAL)
def test_every_official_example_is_valid(engine: Engine, path: Path) -> None:
    verdict = engine.validate(path.read_bytes(), TODAY)
    assert (verdict.error, verdict.fatal) == (None, ())
    assert verdict.purposes == frozenset(Purpose)


ANOTHER_TYPE = f"{BILLING}#conformant#urn:fdc:anskaffelser.no:2019:ehf:reminder:3.0"


def test_a_reminder_is_judged_by_the_rules_of_reminders(engine: Engine) -> None:
    verdict = engine.validate(INBOUND.replace(BILLING, ANOTHER_TYPE).encode(), TODAY)
    assert verdict.document_type is not None
    assert verdict.document_type.kind == "reminder"
    assert verdict.document_type.document_type_id.endswith(f"::Invoice##{ANOTHER_TYPE}::2.2")
    assert verdict.document_type.process_id == "urn:fdc:anskaffelser.no:2019:ehf:postaward:g3:06:1.0"
    assert verdict.rule_set == "ehf-2023-02"
    assert verdict.fatal  # an invoice that only calls itself a reminder


def test_another_version_of_a_known_type_is_refused_by_name(engine: Engine) -> None:
    told = reason(
        engine, INBOUND.replace(BILLING, ANOTHER_TYPE.replace(":3.0", ":2.0").replace("billing:2.0", "billing:3.0"))
    )
    assert told.startswith("EHF Reminder in another version than 3.0 is not supported")


RESPONSE = """<ApplicationResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2">
  <cbc:CustomizationID>{}</cbc:CustomizationID><cbc:ProfileID>x</cbc:ProfileID><cbc:ID>1</cbc:ID>
  <cbc:IssueDate>2026-11-23</cbc:IssueDate><cac:SenderParty/><cac:ReceiverParty/></ApplicationResponse>"""


@pytest.mark.parametrize(
    ("customization", "kind", "rule_set"),
    [
        ("urn:fdc:peppol.eu:poacc:trns:invoice_response:3", "invoice_response", "peppol-2026.5"),
        ("urn:peppol:edec:mls:1.0", "mls", "peppol-mls-1.0.0"),
    ],
)
def test_responses_are_judged_by_their_own_rules(engine: Engine, customization: str, kind: str, rule_set: str) -> None:
    verdict = engine.validate(RESPONSE.format(customization).encode(), TODAY)
    assert verdict.document_type is not None
    assert (verdict.document_type.kind, verdict.rule_set) == (kind, rule_set)
    assert verdict.fatal
    assert "XSD" not in {finding.rule for finding in verdict.fatal}


def test_failed_rules_are_told_with_severity_place_and_term(engine: Engine) -> None:
    broken = INBOUND.replace("<cbc:BuyerReference>Verkstedet</cbc:BuyerReference>", "").replace(
        '<cbc:TaxInclusiveAmount currencyID="NOK">23125.00', '<cbc:TaxInclusiveAmount currencyID="NOK">23125.01'
    )
    broken = re.sub(
        r"<cac:PartyTaxScheme>\s*<cbc:CompanyID>Foretaks.*?</cac:PartyTaxScheme>", "", broken, flags=re.DOTALL
    )
    verdict = engine.validate(broken.encode(), TODAY)
    found = {finding.rule: finding for finding in verdict.findings}
    assert set(found) == {"BR-CO-15", "BR-CO-16", "PEPPOL-EN16931-R003", "NO-R-002"}
    assert found["NO-R-002"].severity is Severity.WARNING
    assert found["BR-CO-15"].term == "BT-112"
    lines = broken.splitlines()
    assert found["BR-CO-15"].line == found["PEPPOL-EN16931-R003"].line == 2
    assert "<cac:Party>" in lines[(found["NO-R-002"].line or 0) - 1]
    assert found["NO-R-002"].location == "/Invoice/cac:AccountingSupplierParty/cac:Party"
    assert [finding.rule for finding in verdict.warnings] == ["NO-R-002"]
    assert found["PEPPOL-EN16931-R003"].nb == "Oppgi kjøperens referanse eller et bestillingsnummer."
    assert verdict.rule_set == "peppol-2026.5"


def test_schema_errors_come_alone_with_their_place(engine: Engine) -> None:
    verdict = engine.validate(INBOUND.replace("cbc:IssueDate>", "cbc:IssuedOn>").encode(), TODAY)
    assert [finding.rule for finding in verdict.fatal] == ["XSD"]
    assert (verdict.fatal[0].location, verdict.fatal[0].line) == ("/Invoice/cbc:IssuedOn", 6)
    assert verdict.fatal[0].text.startswith("Element 'IssuedOn': This element is not expected.")
    assert verdict.fatal[0].en == (
        "The document does not follow the UBL schema in line 6: cbc:IssuedOn does not exist in Invoice. "
        "Here cbc:IssueDate is expected."
    )


def test_white_space_around_a_date_is_no_schema_error(engine: Engine) -> None:
    spaced = INBOUND.replace("<cbc:IssueDate>2026-11-19<", "<cbc:IssueDate>\n 2026-11-19 <")
    assert not [finding for finding in engine.validate(spaced.encode(), TODAY).findings if finding.rule == "XSD"]


def test_a_document_that_a_stylesheet_crashes_on_is_invalid(engine: Engine) -> None:
    entity = re.search(r"<cac:PartyLegalEntity>.*?</cac:PartyLegalEntity>", INBOUND, re.DOTALL)
    assert entity is not None
    verdict = engine.validate(INBOUND.replace(entity.group(), entity.group() * 2, 1).encode(), TODAY)
    assert "HUB-RULES-CRASHED" in {finding.rule for finding in verdict.fatal}
    assert engine.validate(INBOUND.encode(), TODAY).valid


def test_a_large_attachment_does_not_change_the_verdict(engine: Engine) -> None:
    document = (EXAMPLES / "03-with-pdf.xml").read_text()
    large = re.sub(r"(mimeCode=[^>]*>)[^<]*", lambda match: match.group(1) + "QUJD" * 2_000_000, document)
    assert engine.validate(large.encode(), TODAY).valid


@pytest.mark.parametrize(
    ("customization", "named"),
    [
        (
            f"{BII}010:ver2.0:extended:urn:www.peppol.eu:bis:peppol4a:ver2.0:extended:{DIFI}:ver2.0",
            "EHF 2.0, which has",
        ),
        (f"{BII}010:ver1.0:#urn:www.cenbii.eu:profile:biixx:ver1.0#{DIFI}:ver1", "EHF 1.0, which has been withdrawn"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_2.0", "XRechnung"),
        ("urn:example:unknown", "'urn:example:unknown'"),
    ],
)
def test_other_customizations_are_refused_by_name_with_the_remedy(
    engine: Engine, customization: str, named: str
) -> None:
    told = reason(engine, INBOUND.replace(BILLING, customization))
    assert named in told
    assert "EHF Billing 3.0" in told


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ('<Interchange xmlns="http://www.e2b.no/XMLSchema"><Invoice/></Interchange>', "e2b"),
        ('<x:CrossIndustryInvoice xmlns:x="urn:un"/>', "Cross Industry Invoice"),
        ("<StandardBusinessDocument/>", "envelope"),
        ("<faktura/>", "'faktura'"),
        ('{"type": "invoice"}', "JSON"),
        ("%PDF-1.7", "PDF"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ("", "empty"),
        ("hei", "not well-formed"),
        (INBOUND[:-20], "not well-formed"),
        (INBOUND + "<a/>", "not well-formed"),
    ],
)
def test_what_is_no_supported_document_is_refused_by_name(engine: Engine, document: str, named: str) -> None:
    assert named in reason(engine, document)


def test_without_a_customization_the_rules_say_what_is_missing(engine: Engine) -> None:
    bare = re.sub(r"<cbc:CustomizationID>.*?</cbc:CustomizationID>", "", INBOUND)
    assert {"BR-01", "PEPPOL-EN16931-R004"} & {finding.rule for finding in engine.validate(bare.encode(), TODAY).fatal}


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "utf-8"),
        ("iso-8859-1", "ISO-8859-1"),
        ("windows-1252", "Windows-1252"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16LE"),
    ],
)
def test_a_document_may_be_written_in_the_encoding_that_it_declares(
    engine: Engine, encoding: str, declared: str
) -> None:
    text = INBOUND.replace('encoding="UTF-8"', f'encoding="{declared}"')
    assert engine.validate(text.encode(encoding), TODAY).valid


@pytest.mark.parametrize(
    ("encoding", "declared", "told"),
    [
        ("iso-8859-1", "UTF-8", r"not valid UTF-8 \(byte 0xF8 in line \d+\)"),
        ("utf-8", "UTF-16", "says that its encoding is utf-16, but it is written in utf-8"),
        ("utf-16", "UTF-8", "says that its encoding is utf-8, but it is written in utf-16"),
        ("utf-8-sig", "ISO-8859-1", "says that its encoding is iso-8859-1"),
        ("utf-8", "EBCDIC-CP-US", "ebcdic-cp-us is not supported"),
        ("utf-8", "ascii", "not valid ASCII"),
    ],
)
def test_a_document_in_another_encoding_is_refused_in_clear_words(
    engine: Engine, encoding: str, declared: str, told: str
) -> None:
    text = INBOUND.replace('encoding="UTF-8"', f'encoding="{declared}"')
    assert re.search(told, reason(engine, text.encode(encoding)))


@pytest.mark.parametrize("document", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_hostile_input_is_refused(engine: Engine, document: str) -> None:
    assert reason(engine, document)


REFUSES = """
import json, resource, sys
from ehf_builder.validation.document_type import recognise
from hub.xml import UnreadableError, parse
documents = [text.encode() for text in json.load(sys.stdin)]
used = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmSize"))
resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, used + 200_000_000))
for document in documents:
    try:
        recognise(parse(document))
    except UnreadableError:
        print("refused")
"""


def test_hostile_input_is_refused_within_200_mb() -> None:
    command = [sys.executable, "-c", REFUSES]
    done = subprocess.run(command, input=json.dumps([*HOSTILE.values()]), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["refused"] * len(HOSTILE), done.stderr


def test_too_large_is_refused_unread(engine: Engine) -> None:
    assert "too large" in reason(engine, b"<a>" + b" " * 100_000_001)


def test_a_purpose_is_lost_to_fatal_findings_only() -> None:
    def finding(rule: str, *, fatal: bool = True) -> frozenset[Purpose]:
        return fit_for([own(rule, "", "", "", fatal=fatal)])

    assert finding("NO-R-002", fatal=False) == frozenset(Purpose)
    assert finding("PEPPOL-EN16931-R010") == {Purpose.DOCUMENT}
    assert finding("BR-CO-15") == frozenset()


def test_the_rule_set_is_chosen_by_the_day_and_the_document_type(rules: Rules) -> None:
    kinds = {kind for rule_set in rules.sets for kind in rule_set.stylesheets}
    for kind in kinds:
        sets = [rule_set for rule_set in rules.sets if kind in rule_set.stylesheets]
        for rule_set in sets:
            assert rules.in_force(rule_set.valid_from, kind) == rule_set
        assert rules.in_force(date(2000, 1, 1), kind) == sets[0]
        assert rules.in_force(date(2090, 1, 1), kind) == sets[-1]
