"""References, identifiers, periods and places: where they are written, in invoices and credit notes."""

from typing import Any

import pytest

from ehf_builder.validation.engine import Engine
from hub.parties import Address, CustomerEntry
from hub.schemes import is_identifier
from tests.ehf_builder.invoices import invoice, line
from tests.ehf_builder.judging import judge

REFERENCES = {
    "order_reference": "B-1",
    "sales_order": "S-1",
    "contract_reference": "K-1",
    "project_reference": "P-1",
    "receiving_advice": "M-1",
    "despatch_advice": "PS-1",
    "tender_reference": "A-1",
    "object_id": "707057500012345678",
    "attachments": [{"url": "https://eksempel.example/a.pdf", "id": "V-1"}],
}
PLACES = {
    "OrderReference/cbc:ID": "B-1",
    "OrderReference/cbc:SalesOrderID": "S-1",
    "ContractDocumentReference/cbc:ID": "K-1",
    "ReceiptDocumentReference/cbc:ID": "M-1",
    "DespatchDocumentReference/cbc:ID": "PS-1",
    "OriginatorDocumentReference/cbc:ID": "A-1",
    "AdditionalDocumentReference[1]/cbc:ID": "V-1",
    "AdditionalDocumentReference[cbc:DocumentTypeCode=130]/cbc:ID": "707057500012345678",
}


@pytest.mark.parametrize(
    ("kind", "project"),
    [
        ("invoice", "ProjectReference/cbc:ID"),
        ("credit_note", "AdditionalDocumentReference[cbc:DocumentTypeCode=50]/cbc:ID"),
    ],
)
def test_every_reference_has_its_place(engine: Engine, kind: str, project: str) -> None:
    credited = {"number": "10022", "issue_date": "2026-11-01"}
    judged = judge(engine, invoice(type=kind, due_date=None, payment_terms="30 dager", credits=credited, **REFERENCES))
    assert judged.findings == set()
    for place, written in {**PLACES, project: "P-1"}.items():
        assert judged.texts(f"/*/cac:{place}") == [written], place


def test_a_negative_invoice_corrects_another(engine: Engine) -> None:
    lines = [line(quantity="-2", unit_price="1200.00")]
    judged = judge(engine, invoice(due_date=None, lines=lines, credits=[{"number": "10022"}, {"number": "10021"}]))
    assert judged.findings == set()
    assert judged.texts("/i:Invoice/cbc:InvoiceTypeCode") == ["380"]
    assert judged.texts("/i:Invoice/cac:BillingReference//cbc:ID") == ["10022", "10021"]
    assert judged.texts("//cbc:PayableAmount") == ["-3000.00"]


def test_a_credit_note_that_names_nothing_is_warned_of(engine: Engine) -> None:
    judged = judge(engine, invoice(type="credit_note", due_date=None))
    assert judged.valid
    assert judged.findings == {("HUB-CREDITS", "credits")}


def test_an_item_is_identified_and_classified(engine: Engine) -> None:
    item = line(
        unit_price="10.00",
        seller_item_id="S",
        buyer_item_id="B",
        standard_item_id="0160:7012345000004",
        classifications=[{"code": "43211503", "scheme": "TST", "version": "19.05"}],
        origin="NO",
        properties=[{"name": "Farge", "value": "Grønn"}],
        object_id="707057500012345678",
        order_line="3",
        accounting_cost="6300",
    )
    judged = judge(engine, invoice(lines=[item]))
    assert judged.findings == set()
    written = "//cac:InvoiceLine"
    assert judged.texts(f"{written}/cac:Item/cac:SellersItemIdentification/cbc:ID") == ["S"]
    assert judged.texts(f"{written}/cac:Item//cbc:ItemClassificationCode[@listID='TST'][@listVersionID]") == [
        "43211503"
    ]
    assert judged.texts(f"{written}/cac:Item/cac:AdditionalItemProperty/cbc:Value") == ["Grønn"]
    assert judged.texts(f"{written}/cac:DocumentReference/cbc:ID") == ["707057500012345678"]
    assert judged.texts(f"{written}/cac:OrderLineReference/cbc:LineID") == ["3"]


def test_delivery_says_when_and_where(engine: Engine) -> None:
    delivery = {
        "date": "2026-11-20",
        "name": "Lager 2",
        "location": "0088:7080000000005",
        "address": {"street": "Kaia 5", "city": "Bergen"},
    }
    judged = judge(engine, invoice(delivery=delivery))
    assert judged.findings == set()
    assert judged.texts("//cac:DeliveryLocation/cbc:ID[@schemeID='0088']") == ["7080000000005"]
    assert judged.texts("//cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode") == ["NO"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"period": {"start": "2026-11-30", "end": "2026-11-01"}}, "period.end"),
        ({"lines": [line(amount="1.00", period={"start": "2026-10-31"})]}, "lines[0].period.start"),
        ({"lines": [line(amount="1.00", period={"end": "2026-12-01"})]}, "lines[0].period.end"),
    ],
)
def test_a_period_out_of_order_is_refused_in_its_field(engine: Engine, changes: dict[str, Any], found: str) -> None:
    given = {"period": {"start": "2026-11-01", "end": "2026-11-30"}, **changes}
    assert judge(engine, invoice(**given)).findings == {("HUB-PERIOD", found)}


@pytest.mark.parametrize(
    ("identifier", "valid"),
    [
        ("0192:310002003", True),
        ("0192:310002004", False),
        ("0088:7080000000005", True),
        ("0088:7080000000006", False),
        ("0007:4444444444", True),
        ("0007:4444444445", False),
        ("0184:DK12345674", True),
        ("0184:1234567", False),
        ("0208:0403170701", True),
        ("0208:0403170702", False),
        ("0151:51824753556", True),
        ("0151:51824753557", False),
        ("0096:1234567890", True),
        ("0198:12345678", False),
        ("9930:DE123456789", True),
    ],
)
def test_an_identifier_has_the_form_of_its_scheme(engine: Engine, identifier: str, valid: bool) -> None:
    buyer = {"endpoint": identifier, "name": "Kjøper", "address": {"country": "NO"}}
    judged = judge(engine, invoice(buyer=buyer))
    assert is_identifier(identifier) is valid
    assert judged.valid is valid
    assert {field for _, field in judged.findings} == (set() if valid else {"buyer.endpoint"})


@pytest.mark.parametrize(
    ("vat_number", "rule"),
    [("SE556000475501", None), ("NO310002004MVA", "HUB-ORGANISATION-NUMBER"), ("310002003", "HUB-IDENTIFIER")],
)
def test_a_buyers_vat_number_has_its_country(engine: Engine, vat_number: str, rule: str | None) -> None:
    buyer = {"organisation_number": "310002003", "name": "Kjøper", "vat_number": vat_number}
    found = judge(engine, invoice(buyer=buyer)).findings
    assert found == ({(rule, "buyer.vat_number")} if rule else set())


def test_a_value_in_no_official_list_is_told_once_in_its_field(engine: Engine) -> None:
    allowance = {"amount": "1.00", "reason_code": "QQQ"}
    lines = [
        {"text": "Først"},
        line(
            unit_price="9.00",
            unit="QQQ",
            origin="ZZ",
            allowances=[{"amount": "1.00"}, allowance],
            charges=[allowance],
            classifications=[{"code": "1", "scheme": "TST"}, {"code": "1", "scheme": "ZZZZ"}],
            standard_item_id="9999:1",
        ),
        line(amount="1.00", vat={"category": "E", "reason_code": "QQQ"}),
    ]
    judged = judge(
        engine,
        invoice(
            currency="XQQ",
            exchange_rate="1",
            lines=lines,
            charges=[{**allowance, "vat": "3"}],
            payment={"means": "999"},
        ),
    )
    fields = [finding.field for finding in judged.built.verdict.findings]
    assert sorted(field or "" for field in fields) == [
        "charges[0].reason_code",
        "currency",
        "lines[1].allowances[1].reason_code",
        "lines[1].charges[0].reason_code",
        "lines[1].classifications[1].scheme",
        "lines[1].origin",
        "lines[1].standard_item_id",
        "lines[1].unit",
        "lines[2].vat",
        "payment.means",
    ]


def test_the_customer_register_makes_a_foreign_buyer_whole(engine: Engine) -> None:
    customer = CustomerEntry(
        customer_number="9", endpoint="0007:4444444444", name="Exempelbolaget AB", address=Address(country="SE")
    )
    judged = judge(engine, invoice(buyer={"customer_number": "9"}, payment=None), customer=customer)
    assert judged.findings == set()
    assert judged.texts("//cac:AccountingCustomerParty//cbc:EndpointID[@schemeID='0007']") == ["4444444444"]
    assert judged.texts("//cac:PayeeFinancialAccount/cbc:ID") == ["NO8315069900019"]
