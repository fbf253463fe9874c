"""Peppol's identifiers (facts: Peppol and EHF identifiers)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_point import peppol
from access_point.peppol import DocumentKind, InvalidIdentifierError
from hub.ids import uuid7

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
EHF = "urn:fdc:anskaffelser.no:2019:ehf"
DOCUMENT_TYPES = [
    (f"{UBL}Invoice-2::Invoice##{BILLING}::2.1", "Invoice", DocumentKind.INVOICE),
    (f"{UBL}CreditNote-2::CreditNote##{BILLING}::2.1", "CreditNote", DocumentKind.CREDIT_NOTE),
    (f"{UBL}Invoice-2::Invoice##{BILLING}#conformant#{EHF}:reminder:3.0::2.2", "Invoice", DocumentKind.INVOICE),
    (f"{UBL}Invoice-2::Invoice##{EHF}:spec:payment-request:3.0::2.2", "Invoice", DocumentKind.INVOICE),
    (
        f"{UBL}ApplicationResponse-2::ApplicationResponse##urn:fdc:peppol.eu:poacc:trns:invoice_response:3::2.1",
        "ApplicationResponse",
        DocumentKind.INVOICE_RESPONSE,
    ),
    (
        f"{UBL}ApplicationResponse-2::ApplicationResponse##urn:peppol:edec:mls:1.0::2.1",
        "ApplicationResponse",
        DocumentKind.MLS,
    ),
    (f"{UBL}Order-2::Order##urn:fdc:peppol.eu:poacc:trns:order:3::2.1", "Order", DocumentKind.OTHER),
]


@pytest.mark.parametrize(("identifier", "root", "kind"), DOCUMENT_TYPES)
def test_each_document_type_is_known_by_its_identifier(identifier: str, root: str, kind: DocumentKind) -> None:
    assert peppol.document_type(identifier) == f"busdox-docid-qns::{identifier}"
    assert peppol.document_type(f"busdox-docid-qns::{identifier}") == f"busdox-docid-qns::{identifier}"
    assert peppol.kind_of(identifier, root) is kind


def test_the_customization_is_what_stands_between_the_hashes_and_the_version() -> None:
    assert peppol.customization(f"{UBL}Invoice-2::Invoice##{BILLING}::2.1") == BILLING


def test_a_participant_gets_the_meta_scheme_once() -> None:
    assert peppol.participant("0192:991825827") == "iso6523-actorid-upis::0192:991825827"
    assert peppol.participant("iso6523-actorid-upis::0192:991825827") == "iso6523-actorid-upis::0192:991825827"
    assert peppol.participant("0007:5567212047") == "iso6523-actorid-upis::0007:5567212047"


@pytest.mark.parametrize(
    "address", ["", "991825827", "0192:", "0192:99 18", "0192:a/../b", "192:991825827", "0192:1\n"]
)
def test_what_is_no_electronic_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        peppol.participant(address)


@pytest.mark.parametrize("identifier", ["", "garbage", "urn:a::Invoice", f"{UBL}Invoice-2::Invoice##a b::2.1"])
def test_what_is_no_document_type_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        peppol.document_type(identifier)


def test_what_is_no_process_or_country_is_refused() -> None:
    assert peppol.process("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0").startswith("cenbii-procid-ubl::urn:")
    assert peppol.country("NO") == "NO"
    for wrong in ("garbage", "urn: x"):
        with pytest.raises(InvalidIdentifierError):
            peppol.process(wrong)
    for wrong in ("no", "XX9", "", "NO\n"):
        with pytest.raises(InvalidIdentifierError):
            peppol.country(wrong)


def test_only_a_norwegian_address_has_an_organisation_number() -> None:
    assert peppol.organisation_number("0192:991825827") == "991825827"
    assert peppol.organisation_number("0007:5567212047") is None
    assert peppol.organisation_number("0192:12345") is None


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_leg_has_one_instance_identifier_and_shares_it_with_no_other(first: int, second: int) -> None:
    transaction = uuid7(datetime(2026, 11, 22, tzinfo=UTC))
    same = peppol.instance_identifier(transaction, first) == peppol.instance_identifier(transaction, second)
    assert same == (first == second)
