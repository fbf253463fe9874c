"""Every endpoint, asked by a tenant for what is another's: the answer is the one for what does not exist.

An endpoint without a row in `PROBES` fails here, so that none is added without saying how it keeps tenants apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient, Response

from tests.gateway.test_batches import batch
from tests.gateway.test_batches import send as send_batch
from tests.gateway.test_following import submit
from tests.gateway.test_inbox import arrive
from tests.gateway.world import ALFA, DELTA, STRANGER, World, invoice

_SENDER = {"Hub-Client": "{sender}", "Idempotency-Key": "{key}"}
_RECIPIENT = {"Hub-Client": "{recipient}"}


@dataclass(frozen=True, slots=True)
class Probe:
    """A request for what is another tenant's, and the status it gets. Names in braces are filled in."""

    status: int
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str | int] | None = None


_HIDDEN = (Probe(404),)
_ADMIN = (Probe(403),)  # for operators alone, whatever is named

PROBES: Mapping[tuple[str, str], tuple[Probe, ...]] = {
    ("GET", "/v1/openapi.json"): (Probe(200),),
    ("POST", "/v1/transactions"): (
        Probe(403, headers=_SENDER),
        Probe(403, "?client={sender}", {"Idempotency-Key": "1"}),
    ),
    ("POST", "/v1/transactions/batch"): (Probe(403, headers=_SENDER),),
    ("GET", "/v1/transactions"): (Probe(200), Probe(200, headers=_SENDER), Probe(200, "?before={transaction_id}")),
    ("GET", "/v1/transactions/{transaction_id}"): (Probe(404), Probe(404, headers=_SENDER)),
    ("GET", "/v1/transactions/{transaction_id}/document"): (Probe(404), Probe(404, "?version=received")),
    ("POST", "/v1/transactions/{transaction_id}/cancel"): _HIDDEN,
    ("POST", "/v1/transactions/cancel"): (
        Probe(404, body={"scope": "batch", "batch_id": "{batch}"}),
        Probe(403, headers=_SENDER, body={"scope": "company"}),
        Probe(200, body={"scope": "install"}),
    ),
    ("GET", "/v1/hold"): (Probe(403, headers=_SENDER),),
    ("PUT", "/v1/hold"): (Probe(403, headers=_SENDER, body={"minutes": 5}),),
    ("GET", "/v1/events"): (Probe(200), Probe(200, headers=_SENDER)),
    ("GET", "/v1/inbox"): (Probe(200), Probe(403, headers=_RECIPIENT)),
    ("GET", "/v1/inbox/{item_id}/document"): (Probe(404), Probe(404, headers=_RECIPIENT)),
    ("POST", "/v1/inbox/{item_id}/ack"): (Probe(404), Probe(404, headers=_RECIPIENT)),
    ("GET", "/v1/customers/{number}"): (Probe(404), Probe(403, headers=_SENDER)),
    ("PUT", "/v1/customers/{number}"): (Probe(403, headers=_SENDER, body={"organisation_number": DELTA}),),
    ("GET", "/v1/usage"): (Probe(403, "?month=2026-11", _SENDER), Probe(403, "?month=2026-11&client={sender}")),
    ("GET", "/v1/admin/offices"): _ADMIN,
    ("POST", "/v1/admin/offices"): _ADMIN,
    ("GET", "/v1/admin/companies"): _ADMIN,
    ("POST", "/v1/admin/companies"): _ADMIN,
    ("GET", "/v1/admin/engagements"): _ADMIN,
    ("POST", "/v1/admin/engagements"): _ADMIN,
    ("POST", "/v1/admin/engagements/{identifier}/end"): _ADMIN,
    ("GET", "/v1/admin/activations"): _ADMIN,
    ("PUT", "/v1/admin/companies/{company}/activations/{service}"): _ADMIN,
    ("GET", "/v1/admin/installs"): _ADMIN,
    ("POST", "/v1/admin/installs"): _ADMIN,
    ("PUT", "/v1/admin/installs/{identifier}/companies/{company}"): _ADMIN,
    ("DELETE", "/v1/admin/installs/{identifier}/companies/{company}"): _ADMIN,
    ("GET", "/v1/admin/keys"): _ADMIN,
    ("POST", "/v1/admin/keys"): _ADMIN,
    ("POST", "/v1/admin/keys/{identifier}/rotate"): _ADMIN,
    ("POST", "/v1/admin/keys/{identifier}/revoke"): _ADMIN,
}
_OPEN = {("GET", "/v1/openapi.json")}  # says nothing of anybody
_TABLES = ("transaction", "timeline", "idempotency", "inbox_item", "customer", "feed", "outbox", "api_key", "install")


def endpoints(world: World) -> set[tuple[str, str]]:
    """Return each method and path that the application answers, in its OpenAPI document or not."""
    assert isinstance(world.service.app, FastAPI)
    found = iter_route_contexts(world.service.app.routes)
    return {(method, str(route.path)) for route in found for method in route.methods or () if method != "HEAD"}


async def ask(http: AsyncClient, endpoint: tuple[str, str], probe: Probe, names: Mapping[str, str]) -> Response:
    method, path = endpoint
    filled = {name: value.format_map(names) for name, value in probe.headers.items()}
    return await http.request(
        method, (path + probe.query).format_map(names), headers=filled, json=_filled(probe.body, names)
    )


def _filled(body: Mapping[str, str | int] | None, names: Mapping[str, str]) -> Mapping[str, str | int] | None:
    return body and {name: value.format_map(names) if isinstance(value, str) else value for name, value in body.items()}


def without(names: Mapping[str, str], answer: Response) -> str:
    """Return the answer without what the request itself named."""
    told = answer.text
    for value in names.values():
        if len(value) > len("sending"):  # a short one, such as a customer number, stands anywhere
            told = told.replace(value, "<what was asked for>")
    return told


async def held_by_others(world: World) -> dict[str, str]:
    """Give the other tenants something of each kind; return what each is called."""
    await arrive(world)
    async with world.client("office") as http:
        sent = await submit(http, "2")
        [line] = await send_batch(http, batch(invoice("3")))
        customer = await http.put("/v1/customers/17", json={"organisation_number": DELTA}, headers={"Hub-Client": ALFA})
        assert customer.status_code == 200
    [item] = await world.sql("SELECT id FROM inbox_item")
    return {
        "transaction_id": sent,
        "item_id": str(item.id),
        "batch": line["batch_id"],
        "number": "17",
        "sender": ALFA,
        "recipient": DELTA,
        "company": ALFA,
        "identifier": world.key_ids["office"],
        "service": "sending",
        "key": "a-key-of-its-own",
    }


def nobodys(theirs: Mapping[str, str]) -> dict[str, str]:
    """Return the same names of what is not there."""
    fresh = {
        "transaction_id": str(uuid4()),
        "item_id": str(uuid4()),
        "batch": str(uuid4()),
        "number": "71",
        "identifier": "0" * 12,
    }
    return {**theirs, **fresh, "sender": STRANGER, "recipient": STRANGER, "company": STRANGER}


async def contents(world: World) -> list[object]:
    return [row for table in _TABLES for row in await world.sql(f"SELECT t::text FROM {table} t ORDER BY 1")]


async def test_no_endpoint_tells_a_tenant_of_anothers_things_or_touches_them(world: World) -> None:
    assert endpoints(world) == set(PROBES)
    theirs = await held_by_others(world)
    absent = nobodys(theirs)
    before = await contents(world)
    async with world.client("gamma") as http:
        for endpoint, probes in PROBES.items():
            for probe in probes:
                there, not_there = [await ask(http, endpoint, probe, names) for names in (theirs, absent)]
                assert there.status_code == not_there.status_code == probe.status, (endpoint, probe, there.text)
                assert without(theirs, there) == without(absent, not_there), (endpoint, probe)
    assert await contents(world) == before


async def test_no_endpoint_opens_to_a_wrong_key_or_to_one_of_the_other_kind(world: World) -> None:
    names = nobodys({"service": "sending", "key": "1"})
    world.keys["wrong"] = f"{world.keys['gamma'][:-1]}{'A' if world.keys['gamma'][-1] != 'A' else 'B'}"
    async with (
        world.client("nobody") as without_key,
        world.client("wrong") as wrong,
        world.client("operator") as operator,
    ):
        for endpoint in endpoints(world) - _OPEN:
            for http in (without_key, wrong):
                assert (await ask(http, endpoint, Probe(401), names)).status_code == 401, endpoint
            if not endpoint[1].startswith("/v1/admin/"):
                assert (await ask(operator, endpoint, Probe(403), names)).status_code == 403, endpoint
