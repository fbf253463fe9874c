"""EHF Reminder 3.0 out of JSON, judged by its own rules."""

import json
from typing import Any

import pytest

from ehf_builder.domain.build import build
from ehf_builder.validation.engine import Engine
from hub.parties import RegisterEntry
from hub.pipeline import Purpose
from tests.ehf_builder.invoices import OUTSIDE_VAT_REGISTER, SELLER, invoice, line
from tests.ehf_builder.judging import judge
from tests.ehf_builder.test_every_field import EVERY_FIELD

REMINDED = {"number": "10023", "issue_date": "2026-10-01"}


def reminder(**given: Any) -> dict[str, Any]:
    return invoice(type="reminder", **{"reminds": REMINDED, **given})


@pytest.mark.parametrize("seller", [SELLER, OUTSIDE_VAT_REGISTER])
def test_a_reminder_with_a_fee_follows_its_rules(engine: Engine, seller: RegisterEntry) -> None:
    lines = [line(amount="1000.00")] if seller.vat_registered else [{"text": "Plass", "amount": "1000.00"}]
    judged = judge(engine, reminder(reminder_fee="38.00", lines=lines), seller)
    assert judged.built.verdict.fatal == ()
    assert judged.built.verdict.document_type is not None
    assert judged.built.verdict.document_type.kind == "reminder"
    assert judged.texts("/i:Invoice/cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["10023"]
    assert judged.texts("/i:Invoice/cac:AllowanceCharge/cbc:AllowanceChargeReasonCode") == ["REM"]
    assert judged.texts("//cbc:PayableAmount") == ["1288.00" if seller.vat_registered else "1038.00"]


def test_what_a_reminder_has_no_place_for_is_left_out_and_told(engine: Engine) -> None:
    asked = {"type": "reminder", "reminds": REMINDED, "reminder_fee": "38.00"}
    judged = judge(engine, {**EVERY_FIELD, **asked, "totals": {}, "credits": [], "vat_in_nok": None})
    assert judged.valid
    assert {rule for rule, _ in judged.findings} == {"HUB-REMINDER"}
    fields = {field for _, field in judged.findings}
    assert {"order_reference", "attachments", "delivery", "lines[0].description", "payment.mandate"} <= fields


def test_a_person_is_reminded_by_mail(engine: Engine) -> None:
    person = {"name": "Kari Prøve", "address": {"street": "Veien 1", "city": "Oslo", "country": "NO"}}
    judged = judge(engine, reminder(buyer=person, reminder_fee="38.00"))
    assert judged.built.verdict.purposes == {Purpose.DOCUMENT}


def test_a_direct_debit_is_reminded_of_with_an_account_to_pay_to(engine: Engine) -> None:
    judged = judge(engine, reminder(payment={"means": "49", "mandate": "A"}))
    assert judged.valid
    assert judged.texts("//cac:PaymentMeans/cbc:PaymentMeansCode") == ["30"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (reminder(reminds=None), "reminds"),
        (reminder(credits=REMINDED), "credits"),
        (invoice(reminds=REMINDED), "reminds"),
        (invoice(reminder_fee="38.00"), "reminder_fee"),
    ],
)
def test_references_and_fee_go_with_the_kind_of_document(given: dict[str, Any], field: str) -> None:
    built = build(json.dumps(given).encode(), SELLER, None)
    assert [(finding.rule, finding.field) for finding in built.findings if finding.fatal] == [("HUB-REMINDER", field)]
