"""What the gateway asks other services, over real HTTP with real tokens."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from hub.auth import verify
from hub.db import Database
from tests.gateway.world import ALFA, GAMMA, SECRET, World, make

TARGET = {
    "host": "sftp.example.no",
    "user": "alfa",
    "password": "hunter2",
    "folder": "inn",
    "host_key": "ssh-ed25519 A",
}


class Peers:
    """ftp-sender's and metering's operations, as far as the gateway uses them."""

    def __init__(self) -> None:
        self.targets: dict[str, Any] = {}
        self.refuse: dict[str, Any] | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_put("/ops/targets/{id}", self.put_target)
        app.router.add_get("/ops/usage", self.usage)
        return app

    def _check(self, request: web.Request, service: str) -> None:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        assert verify(SecretStr(SECRET), token, service).name == "gateway"

    async def put_target(self, request: web.Request) -> web.Response:
        self._check(request, "ftp-sender")
        if self.refuse:
            return web.json_response(self.refuse, status=422)
        self.targets[request.match_info["id"]] = await request.json()
        return web.json_response({"id": request.match_info["id"]}, status=201)

    async def usage(self, request: web.Request) -> web.Response:
        self._check(request, "metering")
        return web.json_response({**request.query, "products": []})


@pytest.fixture
async def peers() -> AsyncIterator[tuple[Peers, str]]:
    known = Peers()
    async with TestServer(known.app()) as server:
        yield known, str(server.make_url("/"))


@pytest.fixture
async def wired(database: Database, tmp_path: Path, peers: tuple[Peers, str]) -> AsyncIterator[World]:
    made = make(database, tmp_path, ftp_sender_url=peers[1], metering_url=peers[1])
    await made.fill()
    async with AsyncExitStack() as stack:
        for resource in made.service.resources:
            await stack.enter_async_context(resource)
        yield made
    await made.database.close()


async def test_a_target_goes_to_ftp_sender_and_only_its_id_stays(wired: World, peers: tuple[Peers, str]) -> None:
    customer = {"organisation_number": GAMMA, "channel": "ftp", "ftp_target": TARGET}
    async with wired.client("office") as http:
        put = await http.put("/v1/customers/K 1", json=customer, headers={"Hub-Client": ALFA})
        got = await http.get("/v1/customers/K 1", headers={"Hub-Client": ALFA})
        kept = {"organisation_number": GAMMA, "channel": "ftp", "name": "Gamma"}
        keeps = await http.put("/v1/customers/K 1", json=kept, headers={"Hub-Client": ALFA})
        removed = await http.put(
            "/v1/customers/K 1", json={"organisation_number": GAMMA, "ftp_target": None}, headers={"Hub-Client": ALFA}
        )
    assert put.status_code == 200, put.text
    assert put.json() == got.json()
    [(identifier, handed)] = peers[0].targets.items()
    assert got.json()["ftp_target"] == identifier == keeps.json()["ftp_target"]
    assert "ftp_target" not in removed.json()
    assert handed == {"owner": ALFA, "port": 22, **TARGET}
    for row in await wired.sql("SELECT * FROM customer"):
        assert "hunter2" not in str(row)
    assert "hunter2" not in put.text


async def test_what_ftp_sender_refuses_is_told_in_the_callers_fields(wired: World, peers: tuple[Peers, str]) -> None:
    peers[0].refuse = {
        "title": "x",
        "errors": [{"code": "c", "nb": "Feil vert.", "en": "Wrong host.", "field": "host"}],
    }
    customer = {"organisation_number": GAMMA, "channel": "ftp", "ftp_target": TARGET}
    async with wired.client("office") as http:
        answer = await http.put("/v1/customers/1", json=customer, headers={"Hub-Client": ALFA})
    assert answer.status_code == 422
    assert (answer.json()["field"], answer.json()["detail_nb"]) == ("ftp_target.host", "Feil vert.")
    assert await wired.sql("SELECT * FROM customer") == []


async def test_a_peer_that_is_down_makes_it_unavailable_and_nothing_is_stored(world: World) -> None:
    customer = {"organisation_number": GAMMA, "channel": "ftp", "ftp_target": TARGET}
    async with world.client("office") as http:
        put = await http.put("/v1/customers/1", json=customer, headers={"Hub-Client": ALFA})
        usage = await http.get("/v1/usage", params={"month": "2026-11", "client": ALFA})
    assert (put.status_code, usage.status_code) == (503, 503)
    assert put.headers["retry-after"]
    assert await world.sql("SELECT * FROM customer") == []


@pytest.mark.parametrize(
    "customer",
    [
        {},
        {"organisation_number": "123456789"},
        {"endpoint": "0192:123456789"},
        {"endpoint": "nonsense"},
        {"organisation_number": GAMMA, "channel": "ftp"},
        {"organisation_number": GAMMA, "channel": "pigeon"},
        {"organisation_number": GAMMA, "name": "a\u0000b"},
        {"organisation_number": GAMMA, "nmae": "x"},
    ],
)
async def test_a_customer_that_cannot_be_reached_so_is_refused(world: World, customer: dict[str, Any]) -> None:
    async with world.client("gamma") as http:
        answer = await http.put("/v1/customers/1", json=customer)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_usage_is_asked_for_a_company_and_month_that_concern_the_caller(wired: World) -> None:
    async with wired.client("office") as http:
        own = await http.get("/v1/usage", params={"month": "2026-12", "client": ALFA})
        before_the_engagement = await http.get("/v1/usage", params={"month": "2019-12"}, headers={"Hub-Client": ALFA})
        others = await http.get("/v1/usage", params={"month": "2026-11", "client": GAMMA})
        nonsense = await http.get("/v1/usage", params={"month": "2026-13", "client": ALFA})
    assert own.json() == {"client": ALFA, "month": "2026-12", "products": []}
    assert [one.status_code for one in (before_the_engagement, others, nonsense)] == [404, 403, 422]
