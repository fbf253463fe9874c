"""UBL that follows the rules and not the practice is sent with a warning, never refused and never rewritten."""

from pathlib import Path

import pytest

from ehf_builder.validation.engine import Engine
from hub.parties import KidAgreement
from tests.ehf_builder.invoices import EXAMPLES, SELLER, TODAY, suite
from tests.ehf_builder.test_identity import NUMBER

INBOUND = (EXAMPLES / "08-inbound.xml").read_text()
ACCOUNT = "/Invoice/cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"


def warned(engine: Engine, document: str) -> list[tuple[str, str | None]]:
    verdict = engine.validate(document.encode(), TODAY)
    assert verdict.valid
    return [(finding.rule, finding.location) for finding in verdict.warnings]


def replaced(old: str, new: str) -> str:
    assert old in INBOUND
    return INBOUND.replace(old, new)


@pytest.mark.parametrize("account", ["15069900001", "123", "NO0015069900019"])
def test_an_account_without_its_check_digits_is_warned_of(engine: Engine, account: str) -> None:
    [known] = [line for line in INBOUND.splitlines() if "<cbc:ID>1506" in line]
    assert warned(engine, replaced(known, f"<cbc:ID>{account}</cbc:ID>")) == [("HUB-ACCOUNT", ACCOUNT)]


def test_a_rate_that_is_none_on_that_day_is_warned_of(engine: Engine) -> None:
    document = replaced("<cbc:Percent>25</cbc:Percent>", "<cbc:Percent>24</cbc:Percent>").replace("25.00", "25.00")
    rules = {finding.rule for finding in engine.validate(document.encode(), TODAY).warnings}
    assert "HUB-VAT" in rules


def test_a_national_identity_number_of_the_buyer_is_warned_of(engine: Engine) -> None:
    document = replaced("<cbc:BuyerReference>Verkstedet<", f"<cbc:BuyerReference>{NUMBER}<")
    assert warned(engine, document) == [("HUB-NATIONAL-ID", "/Invoice/cbc:BuyerReference")]


def test_a_kid_outside_the_sellers_agreement_is_warned_of(engine: Engine) -> None:
    document = (EXAMPLES / "03-with-pdf.xml").read_bytes()
    account = "15069900035"
    agreed = SELLER.model_copy(update={"account": account, "kid_agreements": (KidAgreement(length=25),)})
    assert [finding.rule for finding in engine.validate(document, TODAY, agreed).findings] == ["HUB-KID"]
    other = agreed.model_copy(update={"account": "15069900019"})
    assert engine.validate(document, TODAY, other).findings == ()


def test_vat_in_another_currency_alone_is_warned_of(engine: Engine) -> None:
    assert warned(engine, INBOUND.replace("NOK", "EUR")) == [("HUB-VAT-IN-NOK", "/Invoice/cbc:DocumentCurrencyCode")]


@pytest.mark.parametrize("path", suite("peppol-bis-3/examples/*.xml"))
def test_sellers_abroad_have_practices_of_their_own(engine: Engine, path: Path) -> None:
    findings = engine.validate(path.read_bytes(), TODAY).findings
    assert not [finding for finding in findings if finding.rule.startswith("HUB-")]
