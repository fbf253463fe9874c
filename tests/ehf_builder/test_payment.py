"""How an invoice says that it is to be paid: accounts, KID, means, payee, factoring."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ehf_builder.validation.engine import Engine
from hub import norway
from hub.parties import KidAgreement, RegisterEntry
from tests.ehf_builder.invoices import SELLER, invoice
from tests.ehf_builder.judging import judge

MEANS = "//cac:PaymentMeans"
AGREED = SELLER.model_copy(
    update={"kid_agreements": (KidAgreement(length=8), KidAgreement(length=12, modulus=11), KidAgreement(length=20))}
)
WITHOUT_ACCOUNT = SELLER.model_copy(update={"account": None})


@given(st.from_regex(r"[0-9]{1,24}", fullmatch=True), st.integers(4, 25), st.sampled_from([10, 11]))
def test_a_kid_that_is_made_has_its_check_digit(number: str, length: int, modulus: int) -> None:
    made = norway.kid_of(number, length, modulus)
    if made is None:
        assert len(number) >= length
        return
    assert len(made) == length
    assert made[:-1].endswith(number)
    assert norway.is_kid(made)
    assert norway.fits(made, [(length, modulus)])
    assert not norway.fits(made, [(length + 1, modulus)])


@given(st.from_regex(r"[0-9]{3,24}", fullmatch=True), st.integers(1, 9), st.data())
def test_a_mistyped_digit_of_a_kid_is_noticed(number: str, error: int, data: st.DataObject) -> None:
    kid = norway.kid_of(number, len(number) + 1, 10)
    assert kid is not None
    place = data.draw(st.integers(0, len(kid) - 1))
    mistyped = f"{kid[:place]}{(int(kid[place]) + error) % 10}{kid[place + 1 :]}"
    assert not norway.has_check_digit(mistyped, 10)


def test_a_kid_is_made_by_the_first_agreement_that_has_room(engine: Engine) -> None:
    short = judge(engine, invoice(payment={"kid_from": "10023"}), AGREED)
    assert short.findings == set()
    assert short.texts(f"{MEANS}/cbc:PaymentID") == ["00100230"]
    longer = judge(engine, invoice(payment={"kid_from": "12345678"}), AGREED)
    [kid] = longer.texts(f"{MEANS}/cbc:PaymentID")
    assert kid == norway.kid_of("12345678", 12, 11)


@pytest.mark.parametrize(
    ("seller", "digits"), [(SELLER, "10023"), (AGREED, "1" * 20), (AGREED, "10-023"), (AGREED, "١٢٣")]
)
def test_a_kid_that_cannot_be_made_is_refused(engine: Engine, seller: RegisterEntry, digits: str) -> None:
    assert ("HUB-KID", "payment.kid_from") in judge(engine, invoice(payment={"kid_from": digits}), seller).findings


def test_a_kid_outside_the_agreement_is_refused_with_the_agreed_lengths(engine: Engine) -> None:
    judged = judge(engine, invoice(payment={"kid": "123456782"}), AGREED)
    assert judged.findings == {("HUB-KID", "payment.kid")}
    assert "8 (MOD10), 12 (MOD11), 20 (MOD10)" in judged.built.verdict.findings[0].nb


def test_the_agreement_says_nothing_of_another_account(engine: Engine) -> None:
    assert judge(engine, invoice(payment={"account": "12345678903", "kid": "123456782"}), AGREED).findings == set()


def test_a_reference_that_is_no_kid_is_written_as_it_is(engine: Engine) -> None:
    judged = judge(engine, invoice(payment={"reference": "Faktura 10023"}), AGREED)
    assert judged.findings == set()
    assert judged.texts(f"{MEANS}/cbc:PaymentID") == ["Faktura 10023"]


@pytest.mark.parametrize(
    ("changes", "means", "account"),
    [
        ({}, "30", "15069900019"),
        ({"payment": {"account": "1234 56 78903"}}, "30", "12345678903"),
        ({"payment": {"iban": "NO83 1506 9900 019"}}, "30", "NO8315069900019"),
        ({"payment": {"iban": "NO8315069900019"}, "currency": "EUR", "exchange_rate": "11"}, "58", "NO8315069900019"),
        ({"payment": {"account": "12345678903", "means": "58"}}, "58", "12345678903"),
    ],
)
def test_the_means_code_follows_the_account(engine: Engine, changes: dict[str, Any], means: str, account: str) -> None:
    judged = judge(engine, invoice(**{"payment": None, **changes}))
    assert judged.findings == set()
    assert judged.texts(f"{MEANS}/cbc:PaymentMeansCode") == [means]
    assert judged.texts(f"{MEANS}/cac:PayeeFinancialAccount/cbc:ID") == [account]


def test_a_direct_debit_needs_its_mandate(engine: Engine) -> None:
    assert judge(engine, invoice(payment={"means": "49"})).findings == {("HUB-MANDATE", "payment.mandate")}
    judged = judge(engine, invoice(payment={"means": "49", "mandate": "A-7"}))
    assert judged.findings == set()
    assert judged.texts(f"{MEANS}/cac:PaymentMandate/cbc:ID") == ["A-7"]


@pytest.mark.parametrize(
    ("payment", "fatal"),
    [({}, False), ({"means": "30"}, True), ({"kid": "123456782"}, True), ({"reference": "10023"}, True)],
)
def test_without_any_account_the_invoice_is_warned_of_or_refused(
    engine: Engine, payment: dict[str, Any], fatal: bool
) -> None:
    judged = judge(engine, invoice(payment=payment), WITHOUT_ACCOUNT)
    assert judged.findings == {("HUB-ACCOUNT", "payment.account")}
    assert judged.valid is not fatal


def test_cash_and_cards_need_no_account(engine: Engine) -> None:
    assert judge(engine, invoice(payment={"means": "10"}), WITHOUT_ACCOUNT).findings == set()


def test_two_accounts_that_differ_are_refused(engine: Engine) -> None:
    given = {"account": "12345678903", "iban": "NO8315069900019"}
    assert judge(engine, invoice(payment=given)).findings == {("HUB-ACCOUNT", "payment.iban")}


def test_a_factoring_company_is_paid_and_the_notice_stands_first(engine: Engine) -> None:
    payee = {"name": "Fjellfaktor Finans AS", "organisation_number": "310002046"}
    judged = judge(
        engine,
        invoice(
            payee=payee,
            payment={"account": "12345678903", "factoring_note": "Fakturaen er overdratt."},
            note="Takk for handelen",
        ),
    )
    assert judged.findings == set()
    assert judged.texts("/i:Invoice/cbc:Note") == ["Fakturaen er overdratt.\nTakk for handelen"]
    assert judged.texts("//cac:PayeeParty/cac:PartyName/cbc:Name") == ["Fjellfaktor Finans AS"]
    assert judged.texts("//cac:PayeeParty/cac:PartyLegalEntity/cbc:CompanyID[@schemeID='0192']") == ["310002046"]


@pytest.mark.parametrize("payee", [{"name": SELLER.name}, {"name": "X", "organisation_number": "310000019"}])
def test_the_seller_is_no_payee(engine: Engine, payee: dict[str, str]) -> None:
    assert judge(engine, invoice(payee=payee)).findings == {("HUB-PAYEE", "payee")}


def test_what_is_prepaid_and_rounded_changes_only_what_is_due(engine: Engine) -> None:
    judged = judge(engine, invoice(prepaid="1000.25", rounding="0.25"))
    assert judged.findings == set()
    assert judged.texts("//cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount") == ["3000.00"]
    assert judged.texts("//cac:LegalMonetaryTotal/cbc:PayableAmount") == ["2000.00"]
