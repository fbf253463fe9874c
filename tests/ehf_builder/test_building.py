"""What a JSON invoice becomes in UBL, judged by the official rules; and what our own checks find."""

import json
from typing import Any

import pytest

from ehf_builder.domain.build import build
from ehf_builder.validation.engine import Engine
from hub.parties import Address, CustomerEntry, RegisterEntry
from hub.pipeline import Purpose
from tests.ehf_builder.invoices import EXAMPLES, OUTSIDE_VAT_REGISTER, SELLER, TODAY, invoice, line
from tests.ehf_builder.judging import Judged, judge

SENDERS = {"01": 0, "02": 2, "04": 0, "05": 0, "06": 3, "07": 3, "09": 0, "10": 0, "11": 0, "12": 3}
REFUSED = {
    "06": {("HUB-KID", "payment.kid"), ("HUB-VAT", "lines[1].vat.rate")},
    "12": {("PEPPOL-EN16931-R010", "buyer.endpoint")},
}


def test_the_smallest_invoice_is_valid_and_has_the_norwegian_defaults(engine: Engine) -> None:
    judged = judge(engine, invoice())
    assert judged.findings == set()
    assert judged.built.verdict.purposes == frozenset(Purpose)
    seller = "//cac:AccountingSupplierParty/cac:Party"
    assert judged.texts(f"{seller}/cac:PartyTaxScheme/cbc:CompanyID") == ["NO310000019MVA", "Foretaksregisteret"]
    assert judged.texts(f"{seller}/cbc:EndpointID[@schemeID='0192']") == ["310000019"]
    assert judged.texts("//cac:PaymentMeans/cbc:PaymentMeansCode") == ["30"]
    assert judged.texts("//cac:PaymentMeans/cbc:PaymentID") == ["123456782"]
    assert judged.texts("//cbc:PayableAmount") == ["3000.00"]


def test_text_lines_attach_to_the_line_above_or_the_invoice(engine: Engine) -> None:
    lines = [{"text": "Først"}, line(amount="500.00"), {"text": "Under"}, {"text": "Mer"}, line(amount="1.00")]
    judged = judge(engine, invoice(lines=lines, note="Hei"))
    assert judged.valid
    assert judged.texts("/i:Invoice/cbc:Note") == ["Hei\nFørst"]
    assert judged.texts("//cac:InvoiceLine/cbc:Note") == ["Under\nMer"]
    assert judged.texts("//cac:InvoiceLine/cbc:ID") == ["1", "2"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"amount": "500.00"}, ("1", "500.00", None, "500.00")),
        ({"amount": "-500.00"}, ("-1", "500.00", None, "-500.00")),
        ({"amount": "100.00", "quantity": "3"}, ("3", "100.00", "3", "100.00")),
        ({"unit_price": "-10", "quantity": "2"}, ("-2", "10", None, "-20.00")),
        ({"unit_price": "10", "quantity": "250", "base_quantity": "100"}, ("250", "10", "100", "25.00")),
        ({"unit_price": "0.333", "quantity": "3"}, ("3", "0.333", None, "1.00")),
        ({"amount": "90.00", "allowances": [{"amount": "10.00"}]}, ("1", "100.00", None, "90.00")),
    ],
)
def test_a_line_is_priced_as_the_rules_want(
    engine: Engine, given: dict[str, Any], written: tuple[str, str, str | None, str]
) -> None:
    judged = judge(engine, invoice(lines=[line(**given), line(amount="1000.00")]))
    assert judged.findings == set()
    first = "//cac:InvoiceLine[1]"
    quantity, price, base, net = written
    assert judged.texts(f"{first}/cbc:InvoicedQuantity") == [quantity]
    assert judged.texts(f"{first}/cac:Price/cbc:PriceAmount") == [price]
    assert judged.texts(f"{first}/cac:Price/cbc:BaseQuantity") == ([base] if base else [])
    assert judged.texts(f"{first}/cbc:LineExtensionAmount") == [net]


def test_a_credit_note_refers_to_what_it_credits(engine: Engine) -> None:
    credited = {"number": "10022", "issue_date": "2026-10-01"}
    judged = judge(engine, invoice(type="credit_note", due_date=None, credits=credited))
    assert judged.findings == set()
    assert judged.texts("/c:CreditNote/cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["10022"]
    assert judged.built.verdict.document_type is not None
    assert judged.built.verdict.document_type.kind == "creditnote"


def test_vat_in_nok_comes_from_the_caller_or_the_rate(engine: Engine) -> None:
    assert judge(engine, invoice(currency="EUR")).findings == {("HUB-VAT-IN-NOK", "vat_in_nok")}
    amount = "/i:Invoice/cac:TaxTotal/cbc:TaxAmount[@currencyID='NOK']"
    assert judge(engine, invoice(currency="EUR", exchange_rate="11.7425")).texts(amount) == ["7045.50"]
    stated = judge(engine, invoice(currency="EUR", vat_in_nok="7000.00"))
    assert stated.valid
    assert stated.texts(amount) == ["7000.00"]


def test_saf_t_codes_are_vat_categories(engine: Engine) -> None:
    lines = [{"text": code, "amount": "10.00", "vat": code} for code in ("3", "31", "32", "33", "5", "6")]
    judged = judge(engine, invoice(lines=lines))
    assert judged.findings == set()
    tax = "//cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory"
    assert judged.texts(f"{tax}/cbc:ID") == ["S", "S", "S", "S", "Z", "E"]
    assert judged.texts(f"{tax}/cbc:Percent") == ["25", "15", "11.11", "12", "0", "0"]


def test_a_seller_outside_the_vat_register_writes_no_vat(engine: Engine) -> None:
    judged = judge(engine, invoice(lines=[{"text": "Barnehageplass", "amount": "2000.00"}]), OUTSIDE_VAT_REGISTER)
    assert judged.valid
    assert judged.findings == {("NO-R-002", "register.business_register")}
    assert judged.texts("//cac:TaxSubtotal/cac:TaxCategory/cbc:ID") == ["O"]
    assert judge(engine, invoice(), OUTSIDE_VAT_REGISTER).findings >= {("HUB-VAT", "lines[0].vat.category")}


def test_a_private_buyer_gets_a_sales_document_but_no_peppol(engine: Engine) -> None:
    person = {"name": "Kari Prøve", "address": {"street": "Veien 1", "postal_code": "0150", "country": "NO"}}
    judged = judge(engine, invoice(buyer=person, buyer_reference=None))
    assert not judged.valid
    assert judged.built.verdict.purposes == {Purpose.DOCUMENT}
    assert judged.findings == {
        ("PEPPOL-EN16931-R010", "buyer.endpoint"),
        ("PEPPOL-EN16931-R003", "buyer_reference"),
    }


def test_the_customer_register_fills_in_name_address_and_reference(engine: Engine) -> None:
    customer = CustomerEntry(
        customer_number="4711", endpoint="0192:310002003", name="Grønnlia Eiendom AS", address=Address(city="Stavanger")
    )
    given = invoice(buyer={"organisation_number": "310002003"}, buyer_reference=None)
    judged = judge(engine, given, customer=customer)
    assert judged.findings == set()
    assert judged.texts("//cbc:BuyerReference") == ["4711"]
    assert judge(engine, invoice(buyer={"organisation_number": "310002003"})).findings == {("HUB-BUYER", "buyer.name")}


def test_a_foreign_buyer_has_any_scheme_and_pays_to_an_iban(engine: Engine) -> None:
    buyer = {"endpoint": "0007:4444444444", "name": "Exempelbolaget AB", "address": {"country": "SE"}}
    judged = judge(engine, invoice(buyer=buyer, currency="SEK", vat_in_nok="600.00", payment=None))
    assert judged.findings == set()
    assert judged.texts("//cac:PayeeFinancialAccount/cbc:ID") == ["NO8315069900019"]
    nowhere = {"endpoint": "0007:4444444444", "name": "Exempelbolaget AB"}
    assert judge(engine, invoice(buyer=nowhere)).findings == {("HUB-BUYER", "buyer.address")}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"payment": {"account": "12345678901"}}, ("HUB-ACCOUNT", "payment.account")),
        ({"payment": {"iban": "NO0012345678903"}}, ("HUB-ACCOUNT", "payment.iban")),
        ({"payment": {"kid": "123456783"}}, ("HUB-KID", "payment.kid")),
        ({"payment": {"kid": "123456782", "reference": "x"}}, ("HUB-KID", "payment.reference")),
        (
            {"buyer": {"organisation_number": "310002004", "name": "A"}},
            ("HUB-ORGANISATION-NUMBER", "buyer.organisation_number"),
        ),
        (
            {"buyer": {"endpoint": "0192:000000000", "name": "A", "address": {"country": "NO"}}},
            ("HUB-ORGANISATION-NUMBER", "buyer.endpoint"),
        ),
        ({"due_date": None}, ("HUB-DUE-DATE", "due_date")),
        ({"totals": {"vat": "600.01"}}, ("HUB-TOTAL", "totals.vat")),
        ({"lines": [line(unit_price="2", quantity="2", amount="5.00")]}, ("HUB-TOTAL", "lines[0].amount")),
        ({"lines": [line(quantity="2")]}, ("HUB-LINE", "lines[0].unit_price")),
        ({"lines": [{"text": "Bare tekst"}]}, ("HUB-LINE", "lines")),
        ({"lines": [{"text": "a", "amount": "1.00"}]}, ("HUB-VAT", "lines[0].vat")),
        (
            {"lines": [{"text": "a"}, line(amount="1.00", vat={"category": "S", "rate": "24"})]},
            ("HUB-VAT", "lines[1].vat.rate"),
        ),
        ({"lines": [line(amount="1.00", vat={"category": "S"})]}, ("HUB-VAT", "lines[0].vat.rate")),
        ({"lines": [line(amount="1.00", vat={"category": "Z", "rate": "25"})]}, ("HUB-VAT", "lines[0].vat.rate")),
        ({"lines": [line(amount="1.00", vat={"category": "K"})]}, ("HUB-VAT", "lines[0].vat.category")),
        ({"lines": [line(amount="1.00", vat={"category": "O"})]}, ("HUB-VAT", "lines[0].vat.category")),
        ({"lines": [line(amount="1.00", vat={"category": "AE"})]}, ("HUB-VAT", "buyer.vat_number")),
        (
            {"lines": [line(amount="9.00"), line(amount="1.00", vat="31")], "charges": [{"amount": "1.00"}]},
            ("HUB-VAT", "charges[0].vat"),
        ),
        ({"attachments": [{"filename": "a.pdf"}]}, ("HUB-ATTACHMENT", "attachments[0].content")),
        (
            {"attachments": [{"filename": "a.exe", "mime_type": "application/x-msdownload", "content": "AAAA"}]},
            ("HUB-ATTACHMENT", "attachments[0].mime_type"),
        ),
        ({"currency": "XXQ", "exchange_rate": "1"}, ("BR-CL-04", "currency")),
        ({"lines": [line(amount="1.00", unit="QQQ")]}, ("BR-CL-23", "lines[0].unit")),
        (
            {"lines": [{"text": "a"}, line(amount="1.00", period={"start": "2026-02-02", "end": "2026-01-01"})]},
            ("HUB-PERIOD", "lines[1].period.end"),
        ),
    ],
)
def test_what_is_wrong_is_told_in_the_callers_field(
    engine: Engine, given: dict[str, Any], found: tuple[str, str]
) -> None:
    judged = judge(engine, invoice(**given))
    assert found in judged.findings
    assert not judged.valid
    assert all(finding.nb and finding.en for finding in judged.built.verdict.findings)


def test_all_findings_come_at_once(engine: Engine) -> None:
    given = invoice(buyer_reference=None, due_date=None, payment={"kid": "1"}, lines=[line(amount="1.00", unit="QQQ")])
    assert {field for _, field in judge(engine, given).findings} == {
        "buyer_reference",
        "due_date",
        "payment.kid",
        "lines[0].unit",
    }


def test_a_difference_is_told_with_both_figures(engine: Engine) -> None:
    judged = judge(engine, invoice(totals={"payable": "2999.99"}))
    assert judged.built.verdict.findings[0].nb == "Oppgitt 2999.99, men beregnet 3000.00."


def test_embedded_and_referenced_attachments_are_written(engine: Engine) -> None:
    files = [
        {"filename": "a.pdf", "mime_type": "application/pdf", "content": "JVBERi0xLjQK", "description": "Timeliste"},
        {"id": "kontrakt", "url": "https://eksempel.example/kontrakt.pdf"},
    ]
    judged = judge(engine, invoice(attachments=files))
    assert judged.findings == set()
    assert judged.texts("//cbc:EmbeddedDocumentBinaryObject[@filename='a.pdf']") == ["JVBERi0xLjQK"]


def test_a_finding_about_the_register_says_so(engine: Engine) -> None:
    seller = SELLER.model_copy(update={"vat_number": "NO310000019"})
    assert judge(engine, invoice(), seller).findings == {("NO-R-001", "register.vat_number")}


@pytest.mark.parametrize("number", sorted(SENDERS))
def test_the_examples_are_what_their_table_says(engine: Engine, number: str) -> None:
    companies = json.loads((EXAMPLES / "parties.json").read_text())["companies"]
    seller = RegisterEntry.model_validate(companies[SENDERS[number]])
    [file] = EXAMPLES.glob(f"{number}-*.json")
    judged = Judged(engine.build(file.read_bytes(), seller, None, TODAY))
    assert judged.findings == REFUSED.get(number, set())
    assert (Purpose.DOCUMENT in judged.built.verdict.purposes) is (number != "06")


def test_the_example_of_a_seller_outside_the_vat_register_is_what_its_table_says(engine: Engine) -> None:
    [file] = EXAMPLES.glob("13-*.json")
    judged = Judged(engine.build(file.read_bytes(), OUTSIDE_VAT_REGISTER, None, TODAY))
    assert judged.findings == {("NO-R-002", "register.business_register")}  # an association need not be in it
    assert judged.built.verdict.purposes == frozenset(Purpose)


@pytest.mark.parametrize("name", ["03-with-pdf.xml", "08-inbound.xml"])
def test_the_ubl_examples_are_valid(engine: Engine, name: str) -> None:
    assert engine.validate((EXAMPLES / name).read_bytes(), TODAY).findings == ()


def test_building_needs_no_rules() -> None:
    built = build(json.dumps(invoice()).encode(), SELLER, None)
    assert built.document is not None
    assert built.sources.lines == (0,)


def test_a_price_is_what_is_left_of_the_gross_price_after_its_discount(engine: Engine) -> None:
    judged = judge(engine, invoice(lines=[line(quantity="3", gross_price="100.00", price_discount="20.50")]))
    assert judged.findings == set()
    assert judged.texts("//cac:Price//cbc:*") == ["79.50", "false", "20.50", "100.00"]
    assert judged.texts("//cac:InvoiceLine/cbc:LineExtensionAmount") == ["238.50"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"gross_price": "100", "price_discount": "20", "unit_price": "90"}, "lines[0].unit_price"),
        ({"gross_price": "100", "price_discount": "100.01"}, "lines[0].price_discount"),
        ({"price_discount": "1", "unit_price": "90"}, "lines[0].gross_price"),
    ],
)
def test_prices_that_contradict_each_other_are_refused_once(engine: Engine, given: dict[str, str], field: str) -> None:
    assert judge(engine, invoice(lines=[line(quantity="1", **given)])).findings == {("HUB-LINE", field)}


CREDIT = {"type": "credit_note", "credits": {"number": "1"}}


@pytest.mark.parametrize(
    ("given", "path", "text"),
    [
        ({"tax_point_date": "2026-11-20"}, "/i:Invoice/cbc:TaxPointDate", "2026-11-20"),
        ({"tax_point_date": "2026-11-20", **CREDIT}, "/c:CreditNote/cbc:TaxPointDate", "2026-11-20"),
        ({"tax_point_code": "35"}, "//cac:InvoicePeriod/cbc:DescriptionCode", "35"),
    ],
)
def test_the_tax_point_is_a_day_or_a_code(engine: Engine, given: dict[str, Any], path: str, text: str) -> None:
    judged = judge(engine, invoice(**given))
    assert judged.findings == set()
    assert judged.texts(path) == [text]


def test_the_tax_point_is_not_said_twice(engine: Engine) -> None:
    judged = judge(engine, invoice(tax_point_date="2026-11-20", tax_point_code="35"))
    assert judged.findings == {("HUB-PERIOD", "tax_point_code")}


def test_the_seller_can_be_called(engine: Engine) -> None:
    judged = judge(engine, invoice(), seller=SELLER.model_copy(update={"phone": "+47 22 00 00 00"}))
    assert judged.texts("//cac:AccountingSupplierParty//cbc:Telephone") == ["+47 22 00 00 00"]
