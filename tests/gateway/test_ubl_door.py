"""UBL at the door: what it reads, and whom it lets through."""

from datetime import date

import pytest

from gateway.door import read_ubl
from hub.errors import Refused
from hub.parties import RegisterEntry
from tests.gateway.ubl import endpoint, legal, ubl
from tests.gateway.world import ALFA, BETA, DELTA, GAMMA, World, headers

ALFA_AS = RegisterEntry(organisation_number=ALFA, name="Alfa AS")
XML = {"Content-Type": "application/xml"}


def test_an_invoice_shows_its_kind_number_day_and_recipient() -> None:
    letter = read_ubl(ubl(), ALFA_AS)
    assert (letter.document_type, letter.number, letter.issue_date) == ("invoice", "1001", date(2026, 11, 22))
    assert letter.recipient == f"0192:{DELTA}"
    assert read_ubl(ubl(root="CreditNote"), ALFA_AS).document_type == "credit_note"


def test_a_day_may_carry_a_zone() -> None:
    assert read_ubl(ubl(issue_date="2026-11-22+01:00"), ALFA_AS).issue_date == date(2026, 11, 22)


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16", "windows-1252"])
def test_any_declared_encoding_is_read(encoding: str) -> None:
    assert read_ubl(ubl(encoding=encoding), ALFA_AS).number == "1001"


@pytest.mark.parametrize(
    ("buyer", "recipient", "customer_number"),
    [
        (endpoint("5567321707", "0007"), "0007:5567321707", None),
        (legal(f"NO {BETA} MVA"), f"0192:{BETA}", None),
        ("<cac:PartyIdentification><cbc:ID>42</cbc:ID></cac:PartyIdentification>", None, "42"),
        ('<cac:PartyIdentification><cbc:ID schemeID="0088">42</cbc:ID></cac:PartyIdentification>', None, None),
    ],
)
def test_the_recipient_is_the_endpoint_else_the_legal_entity(
    buyer: str, recipient: str | None, customer_number: str | None
) -> None:
    letter = read_ubl(ubl(buyer=buyer), ALFA_AS)
    assert (letter.recipient, letter.customer_number) == (recipient, customer_number)


@pytest.mark.parametrize(
    "seller", [endpoint(ALFA), legal(ALFA), endpoint(GAMMA) + legal(ALFA), legal(f"NO{ALFA}MVA"), legal(BETA)]
)
def test_the_seller_is_the_client_by_legal_entity_or_endpoint(seller: str) -> None:
    entry = ALFA_AS.model_copy(update={"legal_entity": BETA})
    assert read_ubl(ubl(seller), entry).number == "1001"


@pytest.mark.parametrize("seller", [endpoint(BETA), legal(BETA), endpoint(ALFA) + legal(BETA), ""])
def test_another_seller_is_refused_in_words(seller: str) -> None:
    with pytest.raises(Refused) as refused:
        read_ubl(ubl(seller), ALFA_AS)
    assert refused.value.problems[0].code == "seller-not-client"
    assert "Alfa AS" in refused.value.problems[0].nb


HOSTILE = {
    "not XML": b"hello",
    "nothing": b"",
    "not well-formed": ubl()[:-5],
    "a DTD": ubl().replace(b"<Invoice", b'<!DOCTYPE a [<!ENTITY x "y">]><Invoice', 1),
    "an outside entity": ubl(note="&x;").replace(
        b"<Invoice", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Invoice', 1
    ),
    "many entities": b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><a>&b;</a>',
    "a wrong encoding": ubl(encoding="ISO-8859-1").replace(b'"ISO-8859-1"', b'"UTF-8"', 1),
    "an unknown encoding": ubl().replace(b"UTF-8", b"EBCDIC", 1),
    "something else": b"<Order/>",
    "no number": ubl(number=" "),
    "no day": ubl(issue_date="yesterday"),
    "too deep": b"<a>" * 300 + b"</a>" * 300,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_cannot_be_a_document_leaves_no_trace(world: World, name: str) -> None:
    async with world.client("office") as http:
        answer = await http.post("/v1/transactions", content=HOSTILE[name], headers=headers(ALFA) | XML)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail_nb"]
    assert await world.sql("SELECT id FROM transaction UNION SELECT transaction_id FROM idempotency") == []


async def test_ubl_is_accepted_and_kept_byte_for_byte(world: World) -> None:
    body = ubl(encoding="ISO-8859-1")
    async with world.client("office") as http:
        accepted = await http.post("/v1/transactions", content=body, headers=headers(ALFA) | XML)
        foreign = await http.post("/v1/transactions", content=body, headers=headers(BETA) | XML)
        document = await http.get(accepted.json()["links"]["document"])
    assert accepted.status_code == 202
    assert foreign.status_code == 422
    assert document.content == body
    assert document.headers["content-type"].startswith("application/xml")
