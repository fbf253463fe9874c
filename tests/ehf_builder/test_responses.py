"""Invoice Response written and read, MLS read; each judged by its official rules."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ehf_builder.preview import as_html, page_of
from ehf_builder.validation.engine import Engine
from hub.responses import Status, answered, read_answer, read_invoice_response, read_mls, write
from hub.xml import parse
from tests.ehf_builder.invoices import EXAMPLES, TODAY, suite

INVOICE = parse((EXAMPLES / "03-with-pdf.xml").read_bytes())
ISSUED = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
MLS = """<ApplicationResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <cbc:CustomizationID>urn:peppol:edec:mls:1.0</cbc:CustomizationID><cbc:ProfileID>urn:peppol:edec:mls</cbc:ProfileID>
 <cbc:ID>m-1</cbc:ID><cbc:IssueDate>2026-11-23</cbc:IssueDate><cbc:IssueTime>12:30:00Z</cbc:IssueTime>
 <cac:SenderParty><cbc:EndpointID schemeID="0242">000001</cbc:EndpointID></cac:SenderParty>
 <cac:ReceiverParty><cbc:EndpointID schemeID="0242">000002</cbc:EndpointID></cac:ReceiverParty>
 <cac:DocumentResponse>
  <cac:Response><cbc:ResponseCode>{code}</cbc:ResponseCode><cbc:Description>Avvist</cbc:Description></cac:Response>
  <cac:DocumentReference><cbc:ID>instance-1</cbc:ID></cac:DocumentReference>{lines}
 </cac:DocumentResponse></ApplicationResponse>"""
FAILED = """<cac:LineResponse><cac:LineReference><cbc:LineID>/Invoice</cbc:LineID></cac:LineReference><cac:Response>
 <cbc:Description>BR-01</cbc:Description><cac:Status><cbc:StatusReasonCode>BV</cbc:StatusReasonCode></cac:Status>
 </cac:Response></cac:LineResponse>"""
TEXT = st.sampled_from(["Prisen er feil", "<x>", "æøå"])
ANSWERS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(
            ["received", "in_process", "query", "conditionally_accepted", "rejected", "accepted", "paid"]
        )
    },
    optional={
        "reasons": st.lists(
            st.fixed_dictionaries(
                {"code": st.sampled_from(["NON", "PRI", "PPD", "OTH", "UNR", "FIN"])},
                optional={
                    "text": TEXT,
                    "conditions": st.just([{"term": "BT-48", "value": "NO310002003MVA"}, {"term": "BT-1"}]),
                },
            ),
            max_size=3,
        ),
        "actions": st.lists(
            st.fixed_dictionaries({"code": st.sampled_from(["NOA", "CNF", "OTH"])}, optional={"text": TEXT}), max_size=2
        ),
        "note": TEXT,
        "effective_date": st.just("2026-11-22"),
    },
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(ANSWERS)
def test_an_answer_is_refused_in_its_own_fields_or_follows_the_rules_and_reads_the_same(
    engine: Engine, asked: dict[str, Any]
) -> None:
    answer, findings = read_answer(json.dumps(asked).encode())
    if answer is None:
        assert findings
        assert all(finding.field for finding in findings)
        return
    written = write(answer, answered(INVOICE), "svar-1", ISSUED)
    verdict = engine.validate(written, TODAY)
    assert (verdict.error, verdict.findings) == (None, ())
    assert verdict.document_type is not None
    assert verdict.document_type.kind == "invoice_response"
    received = read_invoice_response(parse(written))
    assert received.status is answer.code
    assert received.reasons == tuple((reason.code, reason.text or "") for reason in answer.reasons)
    assert received.actions == tuple((action.code, action.text or "") for action in answer.actions)


def test_the_answer_goes_back_to_who_sent_the_invoice() -> None:
    answer, _ = read_answer(b'{"status": "accepted"}')
    assert answer is not None
    about = answered(INVOICE)
    received = read_invoice_response(parse(write(answer, about, "svar-1", ISSUED)))
    assert received.status is Status.ACCEPTED
    assert (received.sender, received.receiver) == (about.buyer_endpoint, about.seller_endpoint)
    assert received.number == about.number


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"status": "rejected"}, "reasons"),
        ({"status": "query", "reasons": [{"code": "OTH"}]}, "reasons[0].text"),
        ({"status": "rejected", "reasons": [{"code": "PPD", "text": "x"}]}, "reasons[0].code"),
        ({"status": "maybe"}, "status"),
        ({"status": "query", "actions": [{"code": "PRI"}]}, "actions[0].code"),
    ],
)
def test_what_an_answer_lacks_is_told_in_its_field(asked: dict[str, Any], field: str) -> None:
    answer, findings = read_answer(json.dumps(asked).encode())
    assert answer is None
    assert [finding.field for finding in findings] == [field]
    assert all(finding.nb and finding.en for finding in findings)


def test_an_invoice_without_electronic_addresses_cannot_be_answered() -> None:
    bare = parse(b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>')
    with pytest.raises(ValueError, match="no electronic address"):
        answered(bare)


def test_a_rejecting_mls_says_where_and_why(engine: Engine) -> None:
    document = MLS.format(code="RE", lines=FAILED).encode()
    assert engine.validate(document, TODAY).document_type is not None
    status = read_mls(parse(document))
    assert status.rejected
    assert (status.instance_id, status.description) == ("instance-1", "Avvist")
    assert [(issue.location, issue.description, issue.code, issue.failure) for issue in status.issues] == [
        ("/Invoice", "BR-01", "BV", True)
    ]
    assert b"BR-01" in as_html(page_of(parse(document), "nb"))


def test_a_delivering_mls_rejects_nothing() -> None:
    assert not read_mls(parse(MLS.format(code="AB", lines="").encode())).rejected


@pytest.mark.parametrize(
    "document", [MLS.format(code="XX", lines=""), MLS.replace("mls:1.0", "x").format(code="AB", lines="")]
)
def test_what_is_no_mls_is_not_read_as_one(document: str) -> None:
    with pytest.raises(ValueError, match=r"MLS|this is no"):
        read_mls(parse(document.encode()))


@pytest.mark.parametrize("path", suite("**/*mls*/**/*.xml"))
def test_every_official_mls_is_read(path: Path) -> None:
    assert read_mls(parse(path.read_bytes())).instance_id


@pytest.mark.parametrize("path", suite("**/*[Ii]nvoice*[Rr]esponse*/**/*.xml"))
def test_every_official_invoice_response_is_read(path: Path) -> None:
    assert read_invoice_response(parse(path.read_bytes())).number
