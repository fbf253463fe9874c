"""EHF Reminder 3.0 out of JSON, judged by its own rules."""

import json
from pathlib import Path
from typing import Any

import pytest

from ehf_builder.domain.build import Built, build
from ehf_builder.validation.rules import Rules
from ehf_builder.validation.schematron import Schematron
from hub.invoice.findings import Finding
from hub.parties import RegisterEntry
from hub.ubl import REMINDER
from hub.xml import parse
from tests.ehf_builder.invoices import OUTSIDE_VAT_REGISTER, SELLER, invoice, line
from tests.ehf_builder.test_every_field import EVERY_FIELD

FOLDER = Path("external/schematron/2023-02/xslt/reminder-3.0")
STYLESHEETS = [
    FOLDER / f"{name}.xslt"
    for name in ("REMINDER-CEN-EN16931-UBL", "REMINDER-PEPPOL-EN16931-UBL", "EHF-P06-3.0-REMINDER")
]
REMINDED = {"number": "10023", "issue_date": "2026-10-01"}


def reminder(**given: Any) -> dict[str, Any]:
    return invoice(type="reminder", **{"reminds": REMINDED, **given})


@pytest.fixture(scope="module")
def schematron(rules: Rules) -> Schematron:
    return Schematron(rules.folder)


def judged(
    schematron: Schematron, given: dict[str, Any], seller: RegisterEntry = SELLER
) -> tuple[Built, list[Finding]]:
    built = build(json.dumps(given).encode(), seller, None)
    assert built.document is not None
    return built, [finding for finding in schematron.findings(parse(built.document), STYLESHEETS) if finding.fatal]


@pytest.mark.parametrize("seller", [SELLER, OUTSIDE_VAT_REGISTER])
def test_a_reminder_with_a_fee_follows_its_rules(schematron: Schematron, seller: RegisterEntry) -> None:
    lines = [line(amount="1000.00")] if seller.vat_registered else [{"text": "Plass", "amount": "1000.00"}]
    built, fatal = judged(schematron, reminder(reminder_fee="38.00", lines=lines), seller)
    assert (fatal, built.findings) == ([], ())
    root = parse(built.document or b"")
    assert root.findtext("{*}CustomizationID") == REMINDER
    assert root.findtext("{*}BillingReference/{*}InvoiceDocumentReference/{*}ID") == "10023"
    assert root.findtext("{*}AllowanceCharge/{*}AllowanceChargeReasonCode") == "REM"
    payable = "1288.00" if seller.vat_registered else "1038.00"
    assert root.findtext("{*}LegalMonetaryTotal/{*}PayableAmount") == payable


def test_what_a_reminder_has_no_place_for_is_left_out_and_told(schematron: Schematron) -> None:
    given = {
        **EVERY_FIELD,
        "type": "reminder",
        "reminds": REMINDED,
        "reminder_fee": "38.00",
        "totals": {},
        "credits": [],
    }
    given["vat_in_nok"] = None
    built, fatal = judged(schematron, given)
    assert fatal == []
    assert {finding.rule for finding in built.findings} == {"HUB-REMINDER"}
    assert not any(finding.fatal for finding in built.findings)
    fields = {finding.field for finding in built.findings}
    assert {"order_reference", "attachments", "delivery", "lines[0].description", "payment.mandate"} <= fields


def test_a_direct_debit_is_reminded_of_with_an_account_to_pay_to(schematron: Schematron) -> None:
    built, fatal = judged(schematron, reminder(payment={"means": "49", "mandate": "A"}))
    assert fatal == []
    assert parse(built.document or b"").findtext("{*}PaymentMeans/{*}PaymentMeansCode") == "30"


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
