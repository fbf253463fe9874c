"""The fake access point is held to the recorded exchanges of real ones; with PHOSS_AP_URL set, a real one is."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from hub.testing.phoss_ap import Backend, Behaviour, Receiver, World, application
from tests.access_point.recordings import Message, Recording, names, needs_recordings, recording

REAL_URL = os.environ.get("PHOSS_AP_URL")
REAL_TOKEN = os.environ.get("PHOSS_AP_TOKEN", "")
KNOWN = "0192:991825827"
INVOICE = (
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#compliant"
    "#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
)
BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
# What any access point answers whatever it has done before.
STATELESS = {"05", "11", "10", "16", "17", "18", "19", "20", "21", "22", "24", "26", "30", "31", "33", "34", "79", "80"}
# Compared by value: what the adapter decides on, and what tells an operator why.
TELLING = {
    "status",
    "mlsStatus",
    "attemptCount",
    "errorDetails",
    "sbdhInstanceID",
    "transactionType",
    "reportingStatus",
    "custom1",
    "docTypeID",
    "processID",
    "senderID",
    "receiverID",
    "mlsResponseCode",
    "c4CountryCode",
    "overallSuccess",
    "sendingSuccess",
    "sendingResult",
    "as4ResponseError",
    "lookupError",
    "sbdhInstanceIdentifier",
    "senderId",
    "receiverId",
    "docTypeId",
    "docTypeIdInCodeList",
    "processId",
    "processIdInCodeList",
    "countryC1",
    "error",
    "message",
    "path",
    "groups",
}
# 0.11 in its loopback mode asked no SMP.
OPTIONAL = {"c3SmpUrl"}
VARYING = {"28": {"sbdhInstanceIdentifier"}}  # which the access point made up itself

Step = Callable[["Stage"], Awaitable[None]]


@dataclass
class Stage:
    """One fake access point with its world, and a backend that answers what it is told to."""

    world: World
    client: TestClient[web.Request, web.Application]
    answers: list[tuple[int, bytes]] = field(default_factory=list)

    async def send(self, request: Message) -> aiohttp.ClientResponse:
        headers = {name: value for name, value in request.headers.items() if name != "X-Token"}
        if "X-Token" in request.headers:
            bad = request.headers["X-Token"] == "bad"
            headers["X-Token"] = "bad" if bad else self.world.token
        skip = () if "Content-Type" in request.headers else ("Content-Type",)
        return await self.client.session.request(
            request.method,
            URL(f"{str(self.client.make_url('/')).rstrip('/')}{request.target}", encoded=True),
            data=request.body.rstrip(b"\n") or None,
            headers=headers,
            skip_auto_headers=skip,
        )

    async def submit(self, like: str, instance_id: str, receiver: str | None = None) -> None:
        """Submit what a recording submitted, under another instance id (and to another receiver)."""
        request = recording(like).request
        text = re.sub(r"(?<=sbdhInstanceID=)[^& ]+", instance_id, request.target)
        if receiver:
            text = text.replace(KNOWN.replace(":", "%3A"), receiver.replace(":", "%3A"))
        try:
            await self.send(Message(f"POST {text} HTTP/1.1", request.headers, request.body))
        except aiohttp.ClientError:
            assert self.world.receivers[receiver or KNOWN].behaviour.startswith("crashes")

    async def receive(self, instance_id: str) -> None:
        """Let an invoice come in from the network under that instance id."""
        body = recording("01").request.body
        query = {"sender": "0192:987654325", "receiver": KNOWN, "instance": instance_id}
        async with self.client.post("/fake/inbound", params=query, data=body) as answer:
            assert answer.status == 200

    async def until(self, path: str, status: str) -> None:
        async with asyncio.timeout(5):
            while True:
                async with self.client.get(path, headers={"X-Token": self.world.token}) as answer:
                    if answer.status == 200 and (await answer.json())["status"] == status:
                        return
                await asyncio.sleep(0.01)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    world = World(
        token="lab-token-1",
        receivers={KNOWN: Receiver(document_types=(INVOICE,), processes=(BILLING,))},
        refused_after=timedelta(0),
        hangs_for=timedelta(seconds=0.05),
        retry_after=timedelta(hours=1),
    )
    answers: list[tuple[int, bytes]] = []

    async def backend(request: web.Request) -> web.Response:
        await request.read()
        status, body = answers.pop(0) if answers else (200, b'{"countryCodeC4":"NO"}')
        return web.Response(status=status, body=body, content_type="application/json")

    receiving = web.Application()
    receiving.router.add_post("/inbound", backend)
    async with TestServer(receiving) as server, TestClient(TestServer(application(world))) as client:
        world.backend = Backend(str(server.make_url("/inbound")), {"Authorization": "Bearer lab-fwd-secret"})
        yield Stage(world, client, answers)


def behaves(address: str, behaviour: Behaviour) -> Step:
    async def step(stage: Stage) -> None:
        stage.world.receivers[address] = Receiver(behaviour)

    return step


def submitted(
    like: str, instance_id: str, behaviour: Behaviour | None = None, receiver: str = KNOWN, mls: str | None = None
) -> Step:
    async def step(stage: Stage) -> None:
        if behaviour or mls:
            stage.world.receivers[receiver] = Receiver(behaviour or Behaviour.DELIVERS, mls=mls)
        await stage.submit(like, instance_id, receiver)

    return step


def sending(instance_id: str) -> Step:
    async def step(stage: Stage) -> None:
        stage.world.hangs_for = timedelta(hours=1)
        stage.world.receivers["0192:666666666"] = Receiver(Behaviour.HANGS)
        task = asyncio.create_task(stage.submit("02", instance_id, "0192:666666666"))
        await stage.until(f"/api/outbound/status/{instance_id}", "sending")
        task.cancel()

    return step


def received(instance_id: str, *answers: tuple[int, bytes]) -> Step:
    async def step(stage: Stage) -> None:
        stage.answers.extend(answers)
        await stage.receive(instance_id)

    return step


def crashed_for_good(instance_id: str) -> Step:
    async def step(stage: Stage) -> None:
        stage.world.retry_after = timedelta(milliseconds=5)
        stage.world.receivers[KNOWN] = Receiver(Behaviour.CRASHES_AFTER, mls="AP")
        await stage.submit("02", instance_id, KNOWN)
        await stage.until(f"/api/outbound/status/{instance_id}", "permanently_failed")

    return step


def retried(instance_id: str, *answers: tuple[int, bytes]) -> Step:
    async def step(stage: Stage) -> None:
        stage.world.retry_after = timedelta(milliseconds=5)
        stage.answers.extend(answers)
        await stage.receive(instance_id)
        await stage.until(f"/api/inbound/status/{instance_id}", "forwarded")

    return step


def country_reported(instance_id: str) -> Step:
    async def step(stage: Stage) -> None:
        path = f"/api/inbound/report?sbdhInstanceID={instance_id}&c4CountryCode=NO"
        async with stage.client.post(path, headers={"X-Token": stage.world.token}) as answer:
            assert answer.status == 200

    return step


E400, E500 = (400, b'{"error":"lab"}'), (500, b'{"error":"lab"}')
EMPTY, NO_COUNTRY = (200, b""), (200, b"{}")
REFUSED = (200, b'{"retry":"none","errorMessage":"lab: refused"}')
DOWN = "0192:111111111"
# What the world must have seen before a recording can be replayed, by number or name.
BEFORE: dict[str, list[Step]] = {
    "03": [submitted("01", "r1-1795348743")],
    "04": [received("r1-1795348743")],
    "08": [submitted("02", "lab-raw-0002")],
    "09": [submitted("02", "lab-sbd-0001")],
    "13": [submitted("12", "lab-bad-0001")],
    "29": [submitted("02", "lab-raw-0002"), submitted("02", "lab-raw-0002")],
    "37": [submitted("36", "r6-1795348743")],
    "41": [received("smp-0001")],
    "42": [submitted("40", "smp-0001", mls="AP")],
    "44": [submitted("43", "smp-unk-1")],
    "45": [behaves("0192:222222222", Behaviour.DNS_FAILS)],
    "46": [submitted("45", "smp-sf-1", Behaviour.DNS_FAILS, "0192:222222222")],
    "47": [behaves("0192:333333333", Behaviour.SMP_MISSING)],
    "48": [submitted("47", "smp-404-1", Behaviour.SMP_MISSING, "0192:333333333")],
    "49": [behaves("0192:444444444", Behaviour.SMP_FAILS)],
    "50": [submitted("49", "smp-500-1", Behaviour.SMP_FAILS, "0192:444444444")],
    "51": [behaves(DOWN, Behaviour.DOWN)],
    "52": [submitted("51", "smp-down-1", Behaviour.DOWN, DOWN)],
    "53": [submitted("40", "smp-0001")],
    "54": [submitted("40", "smp-0001"), submitted("40", "smp-0001")],
    "56": [submitted("55", "smp-bad-1")],
    "61": [received("fwd-e500-1", E500)],
    "63": [received("fwd-e400-1", E400)],
    "65": [received("fwd-noretry-1", REFUSED)],
    "67": [received("fwd-empty200-1", EMPTY)],
    "69": [received("fwd-nocc-1", NO_COUNTRY)],
    "70": [received("fwd-e400-1", E400), received("fwd-e500-1", E500), received("fwd-empty200-1", EMPTY)],
    "71-inbound-status-later-e400": [retried("fwd-e400-1", E400)],
    "71-inbound-status-later-e500": [retried("fwd-e500-1", E500)],
    "71-inbound-status-later-empty200": [retried("fwd-empty200-1", EMPTY)],
    "71-inbound-status-later-nocc": [received("fwd-nocc-1", NO_COUNTRY)],
    "71-inbound-status-later-noretry": [received("fwd-noretry-1", REFUSED)],
    "72-outbound-status-later-e400": [submitted("02", "fwd-e400-1")],
    "72-outbound-status-later-e500": [submitted("02", "fwd-e500-1")],
    "72-outbound-status-later-empty200": [submitted("02", "fwd-empty200-1")],
    "72-outbound-status-later-nocc": [submitted("02", "fwd-nocc-1", mls="AP")],
    "72-outbound-status-later-noretry": [submitted("02", "fwd-noretry-1", mls="AB")],
    "73": [received("fwd-nocc-1", NO_COUNTRY)],
    "74": [received("fwd-nocc-1", NO_COUNTRY)],
    "75": [received("fwd-nocc-1", NO_COUNTRY), country_reported("fwd-nocc-1")],
    "76": [received("fwd-noretry-1", REFUSED)],
    "77": [received("r1-1795348743")],
    "78": [submitted("51", "smp-down-1", Behaviour.DOWN, DOWN)],
    "80": [submitted("02", "fwd-nocc-1", mls="AP")],
    "81": [submitted("43", "smp-unk-1")],
    "82": [retried("fwd-e500-1", E500), retried("fwd-e400-1", E400), retried("fwd-empty200-1", EMPTY)],
    "90": [sending("hang-1")],
    "91": [behaves("0192:666666666", Behaviour.HANGS)],
    "92": [submitted("91", "hang-2", Behaviour.HANGS, "0192:666666666")],
    "93": [submitted("91", "kill-1", Behaviour.CRASHES_BEFORE, "0192:666666666")],
    "94": [crashed_for_good("crash-1")],
    "95": [received("crash-1")],
}


def types(value: dict[str, Any]) -> dict[str, str]:
    return {name: type(one).__name__ for name, one in value.items() if name not in OPTIONAL}


def without_variable_lines(text: Any) -> Any:
    """Drop what a web server says of itself in the error that phoss-ap copies (`All 4 headers returned`, …)."""
    if not isinstance(text, str):
        return text
    lines = text.splitlines()
    return [line for line in lines if not line.startswith(("  ", "All "))]


def same(recorded: Any, answered: Any, number: str) -> None:
    assert type(answered) is type(recorded)
    if isinstance(recorded, list):
        if recorded:
            same(recorded[0], answered[0], number)
    elif isinstance(recorded, dict):
        assert types(answered) == types(recorded)
        for name in (TELLING & recorded.keys()) - VARYING.get(number, set()):
            assert without_variable_lines(answered[name]) == without_variable_lines(recorded[name]), name
    elif number != "79":  # a count
        assert answered == recorded


async def compare(exchange: Recording, answer: aiohttp.ClientResponse) -> None:
    recorded = exchange.response
    body = await answer.read()
    assert answer.status == recorded.status, body[:500]
    assert answer.headers.get("Content-Type") == recorded.headers.get("Content-Type")
    assert answer.headers.get("Allow") == recorded.headers.get("Allow")
    assert bool(body) == bool(recorded.body.strip())
    if recorded.headers.get("Content-Type", "").startswith("application/json"):
        same(recorded.json, await answer.json(), exchange.name[:2])


@needs_recordings
@pytest.mark.parametrize("name", names())
async def test_the_fake_answers_each_recorded_request_as_the_real_one_did(name: str, stage: Stage) -> None:
    exchange = recording(name)
    for step in BEFORE.get(name, BEFORE.get(name[:2], [])):
        await step(stage)
    async with await stage.send(exchange.request) as answer:
        await compare(exchange, answer)


@needs_recordings
@pytest.mark.skipif(not REAL_URL, reason="PHOSS_AP_URL is not set: no real access point to hold to its recordings")
@pytest.mark.parametrize("name", [name for name in names() if name[:2] in STATELESS])
async def test_a_real_access_point_still_answers_as_recorded(name: str) -> None:
    exchange = recording(name)
    headers = dict(exchange.request.headers)
    if headers.get("X-Token", "bad") != "bad":
        headers["X-Token"] = REAL_TOKEN
    url = URL(f"{REAL_URL}{exchange.request.target}", encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(exchange.request.method, url, data=exchange.request.body or None, headers=headers) as answer,
    ):
        body = await answer.read()
        assert answer.status == exchange.response.status, body[:500]
        assert answer.headers.get("Content-Type") == exchange.response.headers.get("Content-Type")
