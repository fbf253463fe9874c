"""What the access point pushes is stored once and told once; each answer makes it do what it should."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer, unused_port
from aiohttp.web import Application, Request
from pydantic import SecretStr

from access_point.api import make_api
from access_point.inbound import Inbound
from hub.blobs import BlobStore
from hub.db import Database
from hub.ids import utc_now
from hub.pipeline import BlobRef, DocumentReceived
from hub.testing.phoss_ap import Backend, World, application
from tests.access_point.conftest import MOST_BYTES, SECRET, Door
from tests.access_point.envelopes import (
    CREDIT_NOTE_TYPE,
    MLS_TYPE,
    ORDER_TYPE,
    envelope,
    invoice,
    ubl,
)
from tests.access_point.recordings import needs_recordings, recording

STORED = {"countryCodeC4": "NO"}
Fake = TestClient[Request, Application]


async def push(door: Door, body: bytes, authorization: str = f"Bearer {SECRET}", path: str = "/inbound") -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.post(door.url + path, data=body, headers={"Authorization": authorization}) as answer,
    ):
        return answer.status, orjson.loads(await answer.read() or b"null")


async def events(door: Door) -> list[dict[str, Any]]:
    rows = await door.rows("SELECT topic, key, headers, body FROM outbox ORDER BY seq")
    return [{**row, "body": orjson.loads(row["body"])} for row in rows]


async def test_a_pushed_invoice_is_stored_and_told_to_the_router(door: Door) -> None:
    body = envelope(invoice("F-1"), instance="i-1")

    assert await push(door, body) == (200, STORED)

    [row] = await door.rows("SELECT * FROM inbound_document")
    assert (row["sender"], row["instance_id"], row["kind"]) == ("0192:987654325", "i-1", "invoice")
    assert row["transaction_id"].version == 7
    [event] = await events(door)
    assert event["topic"] == DocumentReceived.topic.name
    assert event["key"] == str(row["transaction_id"])
    told = event["body"]
    assert told["instance_id"] == "i-1"
    assert told["parties"] == {
        "client": "310000019",
        "initiator": {"kind": "client", "organisation_number": "310000019"},
        "direction": "inbound",
        "sender": "0192:987654325",
        "recipient": "0192:310000019",
        "number": "F-1",
        "document_type": "invoice",
        "test": False,
    }
    document = BlobRef.model_validate(told["document"])
    assert document.key.startswith("310000019/")
    assert b"F-1" in await door.blobs.get(document)
    kept = BlobRef(key=row["envelope_key"], sha256=hashlib.sha256(body).hexdigest(), size=row["envelope_size"])
    assert await door.blobs.get(kept) == body
    assert door.wakes == [1]


async def test_a_repeated_push_gets_the_same_answer_and_makes_nothing_new(door: Door) -> None:
    body = envelope(invoice("F-1"))
    answers = [await push(door, body) for _ in range(3)]

    assert answers == [(200, STORED)] * 3
    assert len(await door.rows("SELECT 1 FROM inbound_document")) == 1
    assert len(await events(door)) == 1


async def test_twenty_simultaneous_pushes_of_one_document_make_one(door: Door) -> None:
    body = envelope(invoice("F-1"))

    answers = await asyncio.gather(*(push(door, body) for _ in range(20)))

    assert answers == [(200, STORED)] * 20
    assert len(await door.rows("SELECT 1 FROM inbound_document")) == 1
    assert len(await events(door)) == 1


async def test_two_senders_may_use_the_same_instance_identifier(door: Door) -> None:
    await push(door, envelope(invoice("F-1"), sender="0192:987654325"))
    await push(door, envelope(invoice("F-1"), sender="0007:5567212047"))

    assert len(await events(door)) == 2


async def test_a_credit_note_is_told_as_one(door: Door) -> None:
    await push(door, envelope(ubl("CreditNote", "K-1"), document_type=CREDIT_NOTE_TYPE))

    [event] = await events(door)
    assert event["body"]["parties"]["document_type"] == "credit_note"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (envelope(ubl("ApplicationResponse", "1"), document_type=MLS_TYPE, receiver="0242:000001"), "mls"),
        (envelope(ubl("Order", "1"), document_type=ORDER_TYPE), "other"),
    ],
)
async def test_what_is_no_invoice_is_stored_and_acknowledged_only(door: Door, body: bytes, kind: str) -> None:
    assert await push(door, body) == (200, STORED)

    assert [row["kind"] for row in await door.rows("SELECT kind FROM inbound_document")] == [kind]
    assert await events(door) == []


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", SECRET, f"Basic {SECRET}"])
async def test_only_the_configured_secret_opens_the_door(door: Door, authorization: str) -> None:
    status, answer = await push(door, envelope(invoice("F-1")), authorization)

    assert status == 401
    assert "secret" in answer["error"]
    assert await door.rows("SELECT 1 FROM inbound_document") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        invoice("F-1"),
        envelope(invoice("")),
        envelope(invoice("F-1"), receiver="0007:5567212047"),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + envelope(invoice("F-1")),
        envelope(invoice("F-1", note="A" * MOST_BYTES)),
    ],
)
async def test_what_can_never_be_taken_in_is_refused_for_good_and_leaves_no_trace(door: Door, body: bytes) -> None:
    status, answer = await push(door, body)

    assert status == 200
    assert answer["retry"] == "none"
    assert answer["errorMessage"]
    assert await door.rows("SELECT 1 FROM inbound_document") == []
    assert await events(door) == []


async def test_a_database_that_is_down_asks_for_another_push(tmp_path: Path) -> None:
    nobody = Database(f"postgresql+asyncpg://x:x@127.0.0.1:{unused_port()}/x", "access_point")
    inbound = Inbound(nobody, BlobStore(tmp_path.as_uri()), utc_now, lambda: None)
    app = make_api(inbound, SecretStr(SECRET), MOST_BYTES)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.post(
            "/inbound", content=envelope(invoice("F-1")), headers={"Authorization": f"Bearer {SECRET}"}
        )
    await nobody.close()

    assert answer.status_code == 503


async def test_only_post_is_answered(door: Door) -> None:
    async with aiohttp.ClientSession() as session, session.get(door.url + "/inbound") as answer:
        assert answer.status == 405


@pytest.fixture
async def fake(door: Door) -> AsyncIterator[Fake]:
    backend = Backend(f"{door.url}/inbound", {"Authorization": f"Bearer {SECRET}"})
    world = World(backend=backend, retry_after=timedelta(milliseconds=20))
    async with TestClient(TestServer(application(world))) as client:
        yield client


async def status_of(fake: Fake, instance: str) -> dict[str, Any]:
    async with fake.get(f"/api/inbound/status/{instance}", headers={"X-Token": "phoss-token"}) as answer:
        status: dict[str, Any] = await answer.json()
        return status


async def test_an_access_point_that_pushes_is_content_at_once(door: Door, fake: Fake) -> None:
    async with fake.post("/fake/inbound", data=envelope(invoice("F-1"), instance="i-1")) as answer:
        assert answer.status == 200

    told = await status_of(fake, "i-1")
    assert (told["status"], told["c4CountryCode"], told["attemptCount"]) == ("forwarded", "NO", 0)
    assert len(await events(door)) == 1


async def test_an_access_point_that_pushes_what_we_refuse_stops_at_once(door: Door, fake: Fake) -> None:
    body = envelope(invoice("F-1"), instance="i-1", receiver="0007:5567212047")
    async with fake.post("/fake/inbound", data=body):
        pass

    told = await status_of(fake, "i-1")
    assert (told["status"], told["mlsResponseCode"]) == ("permanently_failed", "AB")
    assert "0007:5567212047" in told["errorDetails"]
    assert await events(door) == []


@needs_recordings
async def test_the_recorded_pushes_are_taken_in(door: Door) -> None:
    for name in ("forward/0001-ok", "forward/0002-ok", "forward/1001-ok"):
        assert await push(door, recording(name).request.body) == (200, STORED)

    kinds = await door.rows("SELECT kind FROM inbound_document ORDER BY received_at")
    assert [row["kind"] for row in kinds] == ["invoice", "mls", "invoice"]
    assert len(await events(door)) == 2
