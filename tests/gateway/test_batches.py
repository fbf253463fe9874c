"""Many invoices in one request: each line by itself, and repeating the whole is harmless."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.api.batch import MOST_LINES
from tests.gateway.world import ALFA, BETA, World, headers, invoice

PATH = "/v1/transactions/batch"
NDJSON = {"Content-Type": "application/x-ndjson"}


def batch(*invoices: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in invoices) + b"\n"


async def send(http: httpx.AsyncClient, body: bytes, key: str = "batch", client: str = ALFA) -> list[dict[str, Any]]:
    answer = await http.post(PATH, content=body, headers=headers(client, key=key, **NDJSON))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == NDJSON["Content-Type"]
    return [json.loads(line) for line in answer.text.splitlines()]


def ids(answers: Sequence[dict[str, Any]]) -> list[str]:
    return [answer["transaction_id"] for answer in answers]


async def test_each_line_is_answered_as_the_invoice_alone_would_be(world: World) -> None:
    broken = batch(invoice("1"), invoice("2", issue_date="i går"), invoice("1"), invoice("3", buyer={}))
    async with world.client("office") as http:
        await http.post("/v1/transactions", json=invoice("taken"), headers=headers(ALFA))
        answers = await send(http, broken + b"\n{\n" + batch(invoice("taken"), invoice("4")))
        shown = (await http.get(answers[0]["links"]["self"])).json()
        alone = await http.post("/v1/transactions", json=invoice("2", issue_date="i går"), headers=headers(ALFA))
    assert [answer["line"] for answer in answers] == [1, 2, 3, 4, 6, 7, 8]
    assert [answer["status"] for answer in answers] == [202, 422, 202, 422, 400, 409, 202]
    assert answers[0]["transaction_id"] == answers[2]["transaction_id"]
    assert answers[1]["problem"] == alone.json()
    assert answers[3]["problem"]["type"].endswith(":recipient-missing")
    assert shown["batch_id"] == answers[0]["batch_id"] == answers[6]["batch_id"]
    assert len(await world.sql("SELECT id FROM transaction")) == 3


async def test_a_thousand_invoices_are_accepted_in_one_request_and_one_more_is_too_many(world: World) -> None:
    lines = [invoice(str(number)) for number in range(MOST_LINES)]
    async with world.client("office") as http:
        answers = await send(http, batch(*lines))
        too_many = await http.post(
            PATH, content=batch(*lines, invoice("x")), headers=headers(ALFA, key="more", **NDJSON)
        )
    assert {answer["status"] for answer in answers} == {202}
    assert len(set(ids(answers))) == MOST_LINES
    assert [row.n for row in await world.sql("SELECT count(*) AS n FROM transaction")] == [MOST_LINES]
    assert too_many.status_code == 413
    assert str(MOST_LINES) in too_many.json()["detail"]


async def test_a_repeated_batch_gets_the_first_answers_wherever_its_lines_stand(world: World) -> None:
    async with world.client("office") as http:
        first = await send(http, batch(invoice("1"), invoice("2"), invoice("3")))
        again = await send(http, batch(invoice("3"), invoice("4"), invoice("1")))
        changed = await send(http, batch(invoice("2", due_date="2026-12-24"), invoice("2")))
        single = await http.post("/v1/transactions", json=invoice("5"), headers=headers(ALFA, key="batch"))
    assert ids([again[0], again[2]]) == ids([first[2], first[0]])
    assert again[1]["status"] == 202
    assert changed[0]["status"] == 422
    assert changed[0]["problem"]["type"].endswith(":idempotency-key-reused")
    assert "2" in changed[0]["problem"]["detail"]
    assert changed[1] == {**first[1], "line": 2}
    assert single.status_code == 202, "a batch's keys are none that a single invoice can have"


async def test_twenty_simultaneous_copies_of_a_batch_get_equal_answers(world: World) -> None:
    body = batch(*(invoice(str(number)) for number in range(20)))
    async with world.client("office") as http:
        answers = await asyncio.gather(*(send(http, body) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert {line["status"] for line in answers[0]} == {202}
    assert len(await world.sql("SELECT id FROM transaction")) == 20


async def test_customers_given_by_number_are_looked_up_for_all_lines(world: World) -> None:
    async with world.client("office") as http:
        await http.put("/v1/customers/42", json={"endpoint": "0007:5567321707"}, headers={"Hub-Client": ALFA})
        lines = [invoice(str(place), buyer={"customer_number": number}) for place, number in enumerate(("42", "43"))]
        known, unknown = await send(http, batch(*lines, invoice("3"))[: -len(batch(invoice("3")))])
        shown = (await http.get(known["links"]["self"])).json()
    assert shown["recipient"] == "0007:5567321707"
    assert (known["status"], unknown["status"]) == (202, 422)


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (b"\n \n", {}, 400),
        (batch(invoice()), {"Content-Type": "application/json"}, 415),
        (batch(invoice()), {"Idempotency-Key": ""}, 400),
        (b" " * 51_000_000, {}, 413),
    ],
)
async def test_a_batch_that_is_none_is_refused_whole(
    world: World, body: bytes, more: dict[str, str], status: int
) -> None:
    async with world.client("office") as http:
        answer = await http.post(PATH, content=body, headers=headers(ALFA, **NDJSON) | more)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_one_company_is_acted_for_and_others_batches_are_not_met(world: World) -> None:
    async with world.client("office") as office, world.client("gamma") as gamma:
        [alfas] = await send(office, batch(invoice("1")))
        [betas] = await send(office, batch(invoice("1")), key="betas", client=BETA)
        forbidden = await gamma.post(PATH, content=batch(invoice("1")), headers=headers(ALFA, key="batch", **NDJSON))
        answer = await gamma.post(PATH, content=batch(invoice("1")), headers=headers(key="batch", **NDJSON))
        gammas = json.loads(answer.text)
        nobody = await gamma.get(alfas["links"]["self"])
    assert forbidden.status_code == 403
    assert len({alfas["transaction_id"], betas["transaction_id"], gammas["transaction_id"]}) == 3
    assert len({alfas["batch_id"], betas["batch_id"], gammas["batch_id"]}) == 3
    assert nobody.status_code == 404


async def test_a_database_that_is_away_refuses_the_whole_batch_for_later(world: World) -> None:
    body = batch(invoice("1"), invoice("2"))
    async with world.client("office") as http:
        answers = await send(http, body)
        working = world.database.engine
        world.database.engine = create_async_engine(working.url.set(port=1))
        away = await http.post(PATH, content=body, headers=headers(ALFA, key="batch", **NDJSON))
        world.database.engine = working
        again = await send(http, body)
    assert away.status_code == 503
    assert away.headers["retry-after"]
    assert again == answers
