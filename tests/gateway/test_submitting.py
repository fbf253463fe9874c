"""Sending an invoice through the door."""

import asyncio
import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from gateway.store.rows import parties_of
from hub.errors import Problem
from hub.pipeline import InvoiceRefused
from tests.gateway.world import ALFA, BETA, DELTA, GAMMA, OFFICE, STRANGER, World, headers, invoice, random_bytes

PATH = "/v1/transactions"


async def test_an_invoice_is_accepted_with_its_id_and_where_to_follow_it(world: World) -> None:
    async with world.client("office") as http:
        answer = await http.post(PATH, json=invoice(), headers=headers(ALFA))
        assert answer.status_code == 202, answer.text
        body = answer.json()
        assert body["status"] == "accepted"
        shown = (await http.get(body["links"]["self"])).json()
    assert shown["status"] == "accepted"
    assert shown["client"] == ALFA
    assert shown["initiator"] == OFFICE
    assert shown["recipient"] == f"0192:{DELTA}"
    assert [entry["status"] for entry in shown["timeline"]] == ["accepted"]


async def test_what_a_submission_reads_is_what_its_description_says(world: World) -> None:
    async with world.client("office") as http:
        described = (await http.get("/v1/openapi.json")).json()["paths"][PATH]["post"]
        wanted = {"Idempotency-Key": "described", "Authorization": f"bearer {world.keys['office']}"}
        in_the_header = await http.post(PATH, json=invoice(), headers={**wanted, "Hub-Client": ALFA})
        in_the_query = await http.post(f"{PATH}?client={ALFA}", json=invoice(), headers=wanted)
        unnamed = await http.post(PATH, json=invoice(), headers=wanted)
        another_scheme = await http.post(
            PATH, json=invoice(), headers={**wanted, "Authorization": f"Basic {world.keys['office']}"}
        )
    assert {parameter["name"].lower() for parameter in described["parameters"]} == {
        *("idempotency-key", "hub-client", "send_not_before")
    }
    assert described["security"] == [{"HTTPBearer": []}]
    assert described["responses"]["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/Accepted")
    assert (in_the_header.status_code, in_the_header.content) == (202, in_the_query.content)
    assert unnamed.json()["type"].endswith(":client-missing")
    assert another_scheme.status_code == 401


async def test_a_repeated_submission_gets_the_first_answer(world: World) -> None:
    same = headers(ALFA, key="again")
    async with world.client("office") as http:
        first = await http.post(PATH, json=invoice(), headers=same)
        second = await http.post(PATH, json=invoice(), headers=same)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(await world.sql("SELECT id FROM transaction")) == 1


async def test_fifty_simultaneous_copies_make_one_transaction_and_fifty_equal_answers(world: World) -> None:
    same = headers(ALFA, key="fifty")
    async with world.client("office") as http:
        answers = await asyncio.gather(*(http.post(PATH, json=invoice(), headers=same) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len(await world.sql("SELECT id FROM transaction")) == 1
    assert len(await world.sql("SELECT event_id FROM timeline")) == 1


async def test_fifty_simultaneous_copies_under_different_keys_make_one_transaction(world: World) -> None:
    async with world.client("office") as http:
        answers = await asyncio.gather(*(http.post(PATH, json=invoice(), headers=headers(ALFA)) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 49
    assert len(await world.sql("SELECT id FROM transaction")) == 1
    assert len(await world.sql("SELECT key FROM idempotency")) == 1


async def test_the_same_key_with_another_body_or_client_is_refused(world: World) -> None:
    async with world.client("office") as http:
        await http.post(PATH, json=invoice("1"), headers=headers(ALFA, key="k"))
        other_body = await http.post(PATH, json=invoice("2"), headers=headers(ALFA, key="k"))
        other_client = await http.post(PATH, json=invoice("1"), headers=headers(BETA, key="k"))
    for answer in (other_body, other_client):
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:sentral:problem:idempotency-key-reused"


async def test_a_number_in_use_is_refused_and_names_the_transaction(world: World) -> None:
    async with world.client("office") as http:
        first = (await http.post(PATH, json=invoice(), headers=headers(ALFA))).json()
        again = await http.post(PATH, json=invoice(), headers=headers(ALFA))
        credit_note = await http.post(PATH, json=invoice(type="credit_note"), headers=headers(ALFA))
        next_year = await http.post(PATH, json=invoice(issue_date="2027-01-02"), headers=headers(ALFA))
        other_seller = await http.post(PATH, json=invoice(), headers=headers(BETA))
    assert again.status_code == 409
    assert first["transaction_id"] in again.json()["detail"]
    assert first["transaction_id"] == again.json()["transaction_id"]
    assert {credit_note.status_code, next_year.status_code, other_seller.status_code} == {202}


async def test_a_number_in_use_is_not_named_to_an_install_that_may_not_read_it(world: World) -> None:
    async with world.client("office") as http:
        first = (await http.post(PATH, json=invoice(), headers=headers(ALFA))).json()
    # The engagement is over for what was sent until today, but begins anew: the office did not see this time.
    await world.add_install("second", owner_office=OFFICE, companies=[ALFA])
    await world.sql("UPDATE transaction SET accepted_at = '2019-01-01', install = :other", other=uuid4())
    async with world.client("second") as http:
        again = await http.post(PATH, json=invoice(), headers=headers(ALFA))
    assert again.status_code == 409
    assert first["transaction_id"] not in again.text


async def test_a_refused_invoices_number_can_be_used_again(world: World) -> None:
    async with world.client("office") as http:
        first = (await http.post(PATH, json=invoice(), headers=headers(ALFA))).json()
        [row] = await world.sql("SELECT * FROM transaction")
        wrong = Problem(code="rule", nb="Feil.", en="Wrong.", field="due_date", rule="BR-CO-25")
        await world.handle(
            InvoiceRefused.caused(row.id, row.id, world.clock(), parties=parties_of(row), problems=(wrong,))
        )
        again = await http.post(PATH, json=invoice(), headers=headers(ALFA))
        refused = (await http.get(first["links"]["self"])).json()
    assert again.status_code == 202
    assert refused["status"] == "refused"
    assert refused["problems"] == [
        {"type": "urn:sentral:problem:rule", "nb": "Feil.", "en": "Wrong.", "field": "due_date", "rule": "BR-CO-25"}
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"issue_date": "22.11.2026"}, "issue_date"),
        ({"lines": []}, "lines"),
        ({"lines": [{"text": "x", "quantity": "mange", "unit_price": "1"}]}, "lines[0].quantity"),
        ({"reciever": "x"}, "reciever"),
    ],
)
async def test_what_the_model_cannot_read_is_refused_by_field(world: World, change: dict[str, Any], field: str) -> None:
    async with world.client("office") as http:
        answer = await http.post(PATH, json=invoice(**change), headers=headers(ALFA))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert await world.sql("SELECT id FROM transaction") == []


async def test_an_invoice_that_breaks_rules_only_is_accepted(world: World) -> None:
    async with world.client("office") as http:
        body = invoice(buyer={"organisation_number": "123456789"})
        answer = await http.post(PATH, json=body, headers=headers(ALFA))
    assert answer.status_code == 202


async def test_a_customer_given_by_number_alone_is_looked_up(world: World) -> None:
    async with world.client("office") as http:
        body = invoice(buyer={"customer_number": "42"})
        unknown = await http.post(PATH, json=body, headers=headers(ALFA))
        await http.put("/v1/customers/42", json={"endpoint": "0007:5567321707"}, headers={"Hub-Client": ALFA})
        known = await http.post(PATH, json=body, headers=headers(ALFA))
        shown = (await http.get(known.json()["links"]["self"])).json()
    assert unknown.status_code == 422
    assert unknown.json()["type"] == "urn:sentral:problem:recipient-missing"
    assert shown["recipient"] == "0007:5567321707"


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":', b"\xff\xfe", b"[]", b'"x"', b"null", b"%PDF-1.7"])
async def test_bytes_that_are_no_json_invoice_are_refused(world: World, body: bytes) -> None:
    async with world.client("office") as http:
        more = headers(ALFA) | {"Content-Type": "application/json"}
        answer = await http.post(PATH, content=body, headers=more)
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail_nb"]


async def test_a_missing_idempotency_key_or_wrong_content_type_is_refused(world: World) -> None:
    async with world.client("office") as http:
        without = await http.post(PATH, json=invoice(), headers={"Hub-Client": ALFA})
        too_long = await http.post(PATH, json=invoice(), headers=headers(ALFA, key="x" * 201))
        text = await http.post(PATH, content=b"x", headers=headers(ALFA) | {"Content-Type": "text/plain"})
    assert (without.status_code, too_long.status_code, text.status_code) == (400, 400, 415)


async def test_a_body_over_the_limit_is_refused_while_it_arrives(world: World) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 100_000_000:
            sent += 1_000_000
            yield b" " * 1_000_000

    async with world.client("office") as http:
        for content_type, limit in (("application/json", 20), ("application/xml", 30)):
            sent = 0
            more = headers(ALFA) | {"Content-Type": content_type}
            answer = await http.post(PATH, content=endless(), headers=more)
            assert answer.status_code == 413
            assert sent <= (limit + 2) * 1_000_000
        sent = 0
        customer = await http.put("/v1/customers/1", content=endless(), headers={"Hub-Client": ALFA})
        assert (customer.status_code, sent) == (413, 1_000_000)
        assert customer.json()["type"] == "urn:sentral:problem:too-large"


async def test_an_invoice_with_megabytes_attached_is_accepted(world: World) -> None:
    content = base64.b64encode(random_bytes(3_000_000)).decode()
    attached = {"filename": "a.pdf", "mime_type": "application/pdf", "content": content}
    async with world.client("office") as http:
        answer = await http.post(PATH, json=invoice(attachments=[attached]), headers=headers(ALFA))
    assert answer.status_code == 202, answer.text


async def test_an_install_of_several_companies_must_say_for_whom(world: World) -> None:
    async with world.client("office") as http:
        several = await http.post(PATH, json=invoice(), headers=headers())
        stranger = await http.post(PATH, json=invoice(), headers=headers(STRANGER))
        others = await http.post(PATH, json=invoice(), headers=headers(GAMMA))
        nonsense = await http.post(PATH, json=invoice(), headers=headers("Alfa"))
    async with world.client("gamma") as http:
        alone = await http.post(PATH, json=invoice(), headers=headers())
    assert several.status_code == 422
    assert (stranger.status_code, others.status_code, nonsense.status_code) == (403, 403, 403)
    assert stranger.json()["detail"].replace(STRANGER, "") == others.json()["detail"].replace(GAMMA, "")
    assert alone.status_code == 202


async def test_an_office_without_an_engagement_today_may_not_send(world: World) -> None:
    await world.sql("UPDATE engagement SET valid_to = '2021-01-01' WHERE company = :company", company=ALFA)
    async with world.client("office") as http:
        answer = await http.post(PATH, json=invoice(), headers=headers(ALFA))
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:sentral:problem:engagement-missing"
    assert OFFICE in answer.json()["detail"]


async def test_the_received_bytes_are_kept_exactly(world: World) -> None:
    body = json.dumps(invoice(), indent=3).encode() + b"\n\n"
    async with world.client("office") as http:
        more = headers(ALFA) | {"Content-Type": "application/json; charset=utf-8"}
        accepted = (await http.post(PATH, content=body, headers=more)).json()
        answer = await http.get(accepted["links"]["document"])
    assert answer.content == body
    assert answer.headers["content-type"].startswith("application/json")
