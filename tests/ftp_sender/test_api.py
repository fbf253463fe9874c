"""Targets and their connection test, over HTTP and with a real server."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from ftp_sender.api import routes
from ftp_sender.models import target as table
from hub.db import Database
from hub.testing.sftp_server import Faults
from tests.ftp_sender.conftest import CLIENT, PASSWORD, USER, World
from tests.ftp_sender.test_delivery import ed25519


def client_of(world: World) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=routes(world.targets, world.sessions)))
    return httpx.AsyncClient(transport=transport, base_url="http://ftp-sender")


def body(world: World, **changes: Any) -> dict[str, Any]:
    given = {"owner": CLIENT, "host": "127.0.0.1", "port": world.server.port, "user": USER, "password": PASSWORD}
    whole = {**given, "folder": "/in", "host_key": world.server.public_key, **changes}
    return {name: value for name, value in whole.items() if value is not None}


async def put(world: World, identifier: UUID | str, **changes: Any) -> httpx.Response:
    async with client_of(world) as client:
        return await client.put(f"/targets/{identifier}", json=body(world, **changes))


async def report_of(world: World, identifier: UUID) -> dict[str, Any]:
    async with client_of(world) as client:
        answer = await client.post(f"/targets/{identifier}/test")
    assert answer.status_code == 200
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_target_is_made_changed_and_never_shows_its_secret(world: World, database: Database) -> None:
    identifier = uuid4()
    made = await put(world, identifier)
    assert made.status_code == 201
    assert (await put(world, identifier, folder="/other")).status_code == 200
    assert "password" not in made.text
    assert PASSWORD not in made.text
    async with database.begin() as connection:
        row = (await connection.execute(select(table).where(table.c.id == identifier))).one()
    assert PASSWORD.encode() not in row.secret
    assert row.folder == "/other"


async def test_the_known_secret_stays_when_none_is_given(world: World) -> None:
    assert (await put(world, world.target, password=None, folder="/")).status_code == 200
    target = await world.targets.get(world.target)
    assert target is not None
    assert target.secret.plain() == {"password": PASSWORD}


@pytest.mark.parametrize("change", [{"host": "evil.example.com"}, {"port": 2}, {"user": "other"}])
async def test_a_known_secret_never_follows_to_another_server_or_user(world: World, change: dict[str, Any]) -> None:
    answer = await put(world, world.target, password=None, **change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "sftp-secret-needed"


async def test_another_companys_target_cannot_be_changed(world: World) -> None:
    answer = await put(world, world.target, owner="310000027", host="evil.example.com")
    assert answer.status_code == 409
    target = await world.targets.get(world.target)
    assert target is not None
    assert target.owner == CLIENT


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": "http://sftp.example.com"}, "host"),
        ({"port": 0}, "port"),
        ({"user": ""}, "user"),
        ({"owner": "12"}, "owner"),
        ({"protocol": "ftp"}, "protocol"),
        ({"folder": "a\nb"}, "folder"),
        ({"host_key": "ssh-ed25519 not-a-key"}, "host_key"),
        ({"password": None, "private_key": "not a key"}, "password"),
        ({"private_key": "both"}, "password"),
        ({"password": None, "private_key": ed25519("setning")}, "password"),
        ({"password": None, "private_key": ed25519("setning"), "passphrase": "feil"}, "password"),
    ],
)
async def test_what_is_wrong_is_told_by_field_in_both_languages(
    world: World, change: dict[str, Any], field: str
) -> None:
    answer = await put(world, uuid4(), **change)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["nb"]
    assert error["en"]
    assert PASSWORD not in answer.text
    assert "PRIVATE KEY" not in answer.text


async def test_what_is_no_json_or_has_no_id_is_refused(world: World) -> None:
    async with client_of(world) as client:
        assert (await client.put(f"/targets/{uuid4()}", content=b"{")).status_code == 422
        assert (await client.put(f"/targets/{uuid4()}", content=b'{"a": "' + b"x" * 100_000)).status_code == 422
        assert (await client.post("/targets/nonsense/test")).status_code == 422
        assert (await client.post(f"/targets/{uuid4()}/test")).status_code == 404
    assert (await put(world, "nonsense")).status_code == 422


async def test_a_connection_test_goes_through_every_step_and_leaves_nothing(world: World) -> None:
    report = await report_of(world, world.target)
    assert report["ok"] is True
    steps = ["resolve", "connect", "host_key", "log_in", "folder", "write", "rename", "delete"]
    assert [(step["step"], step["ok"]) for step in report["steps"]] == [(step, True) for step in steps]
    assert report["host_key"]["fingerprint"] == world.server.fingerprint
    assert world.files() == {}
    assert world.server.received == ()


async def test_the_first_connection_test_shows_the_key_to_confirm_and_sends_no_secret(world: World) -> None:
    await world.change(host_key=None)
    report = await report_of(world, world.target)
    outcomes = {step["step"]: step["ok"] for step in report["steps"]}
    assert outcomes["host_key"] is False
    assert outcomes["log_in"] is None
    assert report["host_key"]["public_key"] == world.server.public_key
    await world.change(host_key=report["host_key"]["public_key"])
    assert (await report_of(world, world.target))["ok"] is True


@pytest.mark.parametrize(
    ("change", "faults", "step", "code"),
    [
        ({"host": "10.0.0.1"}, Faults(), "resolve", "address-closed"),
        ({"port": 1}, Faults(), "connect", "host-no-answer"),
        ({"password": "wrong"}, Faults(), "log_in", "sftp-login-refused"),
        ({"folder": "/nowhere"}, Faults(), "folder", "sftp-folder-missing"),
        ({}, Faults(refuse_write=True), "write", "sftp-not-permitted"),
        ({}, Faults(full_after=1), "write", "sftp-not-taken"),
        ({}, Faults(cut_after=1), "write", "sftp-connection-lost"),
        ({}, Faults(refuse_rename=True), "rename", "sftp-not-permitted"),
    ],
)
async def test_a_connection_test_says_which_step_failed_and_what_to_do(
    world: World, change: dict[str, Any], faults: Faults, step: str, code: str
) -> None:
    await world.change(**change)
    world.server.site.faults = faults
    report = await report_of(world, world.target)
    assert report["ok"] is False
    failed = [one for one in report["steps"] if one["ok"] is False]
    assert [(one["step"], one["problem"]["code"]) for one in failed] == [(step, code)]
    assert failed[0]["problem"]["nb"]
    assert failed[0]["problem"]["en"]
