"""The API as a whole: problem details everywhere, a description that is true, the operators' part."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from tests.gateway.world import ALFA, OFFICE, World, headers, invoice, number

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/transactions", 405),
        ("GET", "/v1/transactions/abc", 422),
        ("GET", "/v1/transactions?limit=0", 422),
        ("GET", "/v1/transactions?before=x", 422),
        ("GET", "/v1/events?after=-1", 422),
        ("GET", "/v1/events?after=99999999999999999999999", 422),
        ("GET", "/v1/events?wait=31", 422),
        ("GET", "/v1/transactions?client=%00", 403),
        ("GET", "/v1/customers/%00", 422),
        ("GET", "/v1/admin/offices", 403),
        ("GET", "/v1/inbox/1/document", 422),
    ],
)
async def test_every_refusal_is_problem_details_in_both_languages(
    world: World, method: str, path: str, status: int
) -> None:
    async with world.client("gamma") as http:
        answer = await http.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:sentral:problem:")
    assert body["title"]
    assert body["detail"]
    assert body["detail_nb"]


async def test_a_broken_json_body_is_malformed(world: World) -> None:
    async with world.client("gamma") as http:
        broken = await http.put("/v1/customers/1", content=b"{", headers=JSON)
        surrogate = await http.put(
            "/v1/customers/1", content=b'{"endpoint": "0007:1", "name": "\\ud800"}', headers=JSON
        )
    assert broken.status_code == 400
    assert surrogate.status_code == 422


async def test_a_bug_is_told_without_its_insides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the insides")

    monkeypatch.setattr("gateway.store.transactions.page", broken)
    async with world.client("gamma") as http:
        answer = await http.get("/v1/transactions")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:sentral:problem:internal"
    assert "insides" not in answer.text


async def test_a_database_that_is_away_is_told_as_unavailable(world: World) -> None:
    async with world.client("gamma") as http:
        await world.sql("SELECT 1")
        url = world.database.engine.url.set(port=1)
        working, world.database.engine = world.database.engine, create_async_engine(url)
        answer = await http.post("/v1/transactions", json=invoice(), headers=headers())
        world.database.engine = working
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_the_description_names_every_route_and_resolves(world: World) -> None:
    async with world.client("nobody") as http:
        description = (await http.get("/v1/openapi.json")).json()
    paths = description["paths"]
    for path in ("/v1/transactions", "/v1/transactions/{transaction_id}/document", "/v1/events", "/v1/inbox"):
        assert path in paths
    assert {operation["summary"] for item in paths.values() for operation in item.values()}
    schemas = description["components"]["schemas"]
    assert "kid" in schemas["Payment"]["properties"]

    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"].removeprefix("#/components/")} if isinstance(part.get("$ref"), str) else set()
            return own.union(*(references(value) for value in part.values()))
        return set().union(*(references(value) for value in part)) if isinstance(part, list) else set()

    there = {f"{kind}/{name}" for kind, named in description["components"].items() for name in named}
    assert references(description) <= there


async def test_an_operator_makes_a_customer_from_nothing(world: World) -> None:
    office, company = number(5000), number(6000)
    async with world.client("operator") as http:

        async def post(path: str, **body: Any) -> Any:
            answer = await http.post(f"/v1/admin/{path}", json=body)
            assert answer.status_code in (200, 201), answer.text
            return answer.json()

        await post("offices", organisation_number=office, name="Kontor AS")
        await post("companies", organisation_number=company, name="Klient AS", address={"city": "Oslo"})
        engagement = await post(
            "engagements", office=office, company=company, client_number="1", payer="office", valid_from="2026-01-01"
        )
        await http.put(f"/v1/admin/companies/{company}/activations/sending", json={})
        install = await post("installs", name="ERP", office=office, companies=[company])
        world.keys["new"] = install["key"]["key"]
        async with world.client("new") as erp:
            assert (await erp.post("/v1/transactions", json=invoice(), headers=headers())).status_code == 202
        await http.delete(f"/v1/admin/installs/{install['id']}/companies/{company}")
        async with world.client("new") as erp:
            assert (await erp.post("/v1/transactions", json=invoice("2"), headers=headers())).status_code == 403
        await http.put(f"/v1/admin/installs/{install['id']}/companies/{company}")
        rotated = await post(f"keys/{install['key']['id']}/rotate", overlap_hours=0)
        async with world.client("new") as erp:
            assert (await erp.get("/v1/events")).status_code == 401
        world.keys["new"] = rotated["key"]
        async with world.client("new") as erp:
            assert (await erp.get("/v1/events")).status_code == 200
        assert (await http.post(f"/v1/admin/keys/{rotated['id']}/revoke")).status_code == 204
        await post(f"engagements/{engagement['id']}/end", valid_to="2026-06-01")
        for path in ("offices", "companies", "engagements", "activations", "installs", "keys"):
            listed = await http.get(f"/v1/admin/{path}")
            assert listed.status_code == 200
            assert listed.json()
            assert rotated["key"].rpartition("_")[2] not in listed.text


async def test_what_an_operator_gets_wrong_is_named(world: World) -> None:
    async with world.client("operator") as http:
        unknown = await http.post(f"/v1/admin/keys/{'a' * 12}/revoke")
        nobody = await http.put(f"/v1/admin/installs/{uuid4()}/companies/{ALFA}")
        again = await http.post(
            "/v1/admin/engagements",
            json={
                "office": OFFICE,
                "company": ALFA,
                "client_number": "1",
                "payer": "office",
                "valid_from": "2026-01-01",
            },
        )
        admin_for_an_install = await http.post(
            "/v1/admin/keys", json={"install": str(world.ids["gamma"]), "label": "x", "scopes": ["admin"]}
        )
    assert [one.status_code for one in (unknown, nobody, again, admin_for_an_install)] == [404, 404, 409, 422]
