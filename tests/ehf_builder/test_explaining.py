"""What does not follow the schema is told in words: which element, in which line, and what was expected there."""

import re

import pytest

from ehf_builder.validation.rules import Rules
from ehf_builder.validation.schema import MOST_FINDINGS, Schema
from hub.invoice.findings import Finding
from hub.xml import parse
from tests.ehf_builder.invoices import EXAMPLES

INBOUND = (EXAMPLES / "08-inbound.xml").read_text()
LINE = INBOUND[INBOUND.index("<cac:InvoiceLine>") : INBOUND.index("</Invoice>")]
AMOUNT = '<cbc:TaxInclusiveAmount currencyID="NOK">23125.00'


@pytest.fixture(scope="module")
def schema(rules: Rules) -> Schema:
    return Schema(rules.folder)


def told(schema: Schema, old: str, new: str) -> Finding:
    """What is said of the example with one change."""
    changed = INBOUND.replace(old, new, 1)
    assert changed != INBOUND
    (finding,) = schema.findings(parse(changed.encode()))
    assert finding.rule == "XSD"
    assert f"linje {finding.line}: " in finding.nb
    assert f"line {finding.line}: " in finding.en
    return finding


@pytest.mark.parametrize(
    ("old", "new", "location", "nb", "en"),
    [
        pytest.param(
            "<cbc:DueDate>",
            "<cbc:BuyerReference>x</cbc:BuyerReference><cbc:DueDate>",
            "/Invoice/cbc:DueDate",
            "cbc:DueDate står på feil plass: elementet hører hjemme foran cbc:BuyerReference.",
            "cbc:DueDate stands in the wrong place: it belongs before cbc:BuyerReference.",
            id="order",
        ),
        pytest.param(
            "<cbc:DueDate>",
            "<cbc:DueDate>2026-12-03</cbc:DueDate><cbc:DueDate>",
            "/Invoice/cbc:DueDate[2]",
            "cbc:DueDate kan stå bare én gang i Invoice.",
            "cbc:DueDate may stand only once in Invoice.",
            id="twice",
        ),
        pytest.param(
            "<cbc:IssueDate>2026-11-19</cbc:IssueDate>",
            "",
            "/Invoice/cbc:DueDate",
            "cbc:IssueDate mangler i Invoice, foran cbc:DueDate.",
            "cbc:IssueDate is missing in Invoice, before cbc:DueDate.",
            id="missing",
        ),
        pytest.param(
            LINE,
            "",
            "/Invoice",
            "cac:InvoiceLine mangler i Invoice.",
            "cac:InvoiceLine is missing in Invoice.",
            id="missing at the end",
        ),
        pytest.param(
            "<cbc:IssueDate>2026-11-19</cbc:IssueDate>",
            "<cbc:IssueDates>2026-11-19</cbc:IssueDates>",
            "/Invoice/cbc:IssueDates",
            "cbc:IssueDates finnes ikke i Invoice. Menes cbc:IssueDate?",
            "cbc:IssueDates does not exist in Invoice. Is cbc:IssueDate meant?",
            id="misspelt",
        ),
        pytest.param(
            "<cbc:IssueDate>2026-11-19</cbc:IssueDate>",
            "<IssueDate>2026-11-19</IssueDate>",
            "/Invoice/IssueDate",
            "IssueDate finnes ikke i Invoice med dette navnerommet. Menes cbc:IssueDate (navnerommet "
            "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2)?",
            "IssueDate does not exist in Invoice with this namespace. Is cbc:IssueDate meant (the namespace "
            "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2)?",
            id="prefix forgotten",
        ),
        pytest.param(
            "<cac:InvoiceLine>",
            '<kunde xmlns="urn:ours">7</kunde><cac:InvoiceLine>',
            "/Invoice/kunde",
            "kunde finnes ikke i Invoice. Fjern elementet.",
            "kunde does not exist in Invoice. Remove the element.",
            id="foreign",
        ),
        pytest.param(
            "<cbc:IssueDate>2026-11-19<",
            "<cbc:IssueDate>19.11.2026<",
            "/Invoice/cbc:IssueDate",
            "cbc:IssueDate er «19.11.2026». Det skal være en dato på formen ÅÅÅÅ-MM-DD, for eksempel 2026-11-24.",
            "cbc:IssueDate is '19.11.2026'. It must be a date in the form YYYY-MM-DD, for instance 2026-11-24.",
            id="Norwegian date",
        ),
        pytest.param(
            AMOUNT,
            AMOUNT.replace("23125.00", "23 125,00"),
            "/Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount",
            "cbc:TaxInclusiveAmount er «23 125,00». Det skal være et tall med punktum foran desimalene og uten "
            "mellomrom, for eksempel 1234.50.",
            "cbc:TaxInclusiveAmount is '23 125,00'. It must be a number with a point before its decimals and no "
            "blanks, for instance 1234.50.",
            id="Norwegian number",
        ),
        pytest.param(
            AMOUNT,
            AMOUNT.replace("23125.00", ""),
            "/Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount",
            "cbc:TaxInclusiveAmount er tomt. Det skal være et tall med punktum foran desimalene og uten mellomrom, "
            "for eksempel 1234.50.",
            "cbc:TaxInclusiveAmount is empty. It must be a number with a point before its decimals and no blanks, "
            "for instance 1234.50.",
            id="empty",
        ),
        pytest.param(
            AMOUNT,
            AMOUNT.replace(' currencyID="NOK"', ""),
            "/Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount",
            "cbc:TaxInclusiveAmount mangler attributtet currencyID.",
            "cbc:TaxInclusiveAmount lacks the attribute currencyID.",
            id="attribute missing",
        ),
        pytest.param(
            "<cbc:DueDate>",
            '<cbc:DueDate format="iso">',
            "/Invoice/cbc:DueDate",
            "cbc:DueDate kan ikke ha attributtet format. Fjern det.",
            "cbc:DueDate cannot have the attribute format. Remove it.",
            id="attribute too many",
        ),
        pytest.param(
            "<cac:InvoiceLine>",
            "hei<cac:InvoiceLine>",
            "/Invoice",
            "Det står tekst mellom elementene i Invoice. Fjern den, eller sett den i et element.",
            "There is text between the elements of Invoice. Remove it, or put it in an element.",
            id="text between",
        ),
    ],
)
def test_what_the_schema_expects_is_told(schema: Schema, old: str, new: str, location: str, nb: str, en: str) -> None:
    finding = told(schema, old, new)
    assert finding.location == location
    assert finding.nb.endswith(f": {nb}")
    assert finding.en.endswith(f": {en}")


def test_every_wrong_element_is_told_with_its_own_line(schema: Schema) -> None:
    lines = LINE.replace("<cbc:LineExtensionAmount currencyID", "<cbc:LineExtensionAmount currency") * 50
    found = schema.findings(parse(INBOUND.replace(LINE, lines).encode()))
    assert len(found) == MOST_FINDINGS // 2  # two objections to each: an attribute lacks, another is foreign
    assert len({finding.line for finding in found}) == len(found)
    assert found[0].en.endswith(
        "lacks the attribute currencyID. cbc:LineExtensionAmount cannot have the attribute currency. Remove it."
    )
    assert {re.sub(r"\[\d+\]", "", finding.location or "") for finding in found} == {
        "/Invoice/cac:InvoiceLine/cbc:LineExtensionAmount"
    }


def test_a_flood_of_unknown_elements_is_told_once(schema: Schema) -> None:
    flood = INBOUND.replace("</Invoice>", "<x/>" * 50_000 + "</Invoice>")
    (finding,) = schema.findings(parse(flood.encode()))
    assert finding.en.endswith("x does not exist in Invoice. Remove the element.")


def test_a_document_that_follows_the_schema_needs_no_explanation(schema: Schema) -> None:
    assert schema.findings(parse(INBOUND.encode())) == ()
