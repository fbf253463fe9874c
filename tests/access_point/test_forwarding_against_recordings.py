"""What the fake posts to a backend is what real access points posted, header by header and element by element."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from lxml import etree
from multidict import CIMultiDict

from hub.testing.phoss_ap import Backend, Receiver, World, application
from tests.access_point.recordings import names, needs_recordings, recording

# Each exchange's own: where the backend was and which document this is.
VARYING = {"Host", "X-SBDH-Instance-ID"}
STAMP = "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}CreationDateAndTime"


@dataclass
class Posted:
    """What the backend was posted."""

    headers: list[CIMultiDict[str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
async def posted() -> Posted:
    return Posted()


@pytest.fixture
async def fake(posted: Posted) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async def take(request: web.Request) -> web.Response:
        posted.headers.append(CIMultiDict(request.headers))
        posted.bodies.append(await request.read())
        return web.json_response({"countryCodeC4": "NO"})

    receiving = web.Application()
    receiving.router.add_post("/inbound", take)
    async with TestServer(receiving) as server:
        backend = Backend(str(server.make_url("/inbound")), {"Authorization": "Bearer lab-fwd-secret"})
        world = World(backend=backend, receivers={"0192:310000019": Receiver(mls="AP")})
        async with TestClient(TestServer(application(world))) as client:
            yield client


def telling(headers: CIMultiDict[str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name not in VARYING}


def shape(data: bytes) -> list[tuple[object, list[tuple[object, object]], str]]:
    """Every element with its attributes and text; only the moment of writing is left out."""
    return [
        (element.tag, sorted(element.attrib.items()), "" if element.tag == STAMP else (element.text or ""))
        for element in etree.fromstring(data).iter()
    ]


@needs_recordings
@pytest.mark.parametrize("name", names("forward/*.txt"))
async def test_a_document_is_pushed_as_recorded(
    name: str, fake: TestClient[web.Request, web.Application], posted: Posted
) -> None:
    exchange = recording(name)

    async with fake.post("/fake/inbound", data=exchange.request.body) as answer:
        assert answer.status == 200, await answer.text()

    assert telling(posted.headers[0]) == telling(exchange.request.headers)
    assert posted.headers[0]["X-SBDH-Instance-ID"] == exchange.request.headers["X-SBDH-Instance-ID"]
    assert shape(posted.bodies[0]) == shape(exchange.request.body)


@needs_recordings
async def test_a_message_level_status_comes_to_the_same_address_in_the_recorded_form(
    fake: TestClient[web.Request, web.Application], posted: Posted
) -> None:
    submission = recording("01").request
    target = submission.target.replace("991825827", "310000019")
    async with fake.post(target, data=submission.body, headers={"X-Token": "phoss-token"}) as answer:
        assert answer.status == 200
    async with asyncio.timeout(5):
        while not posted.bodies:  # noqa: ASYNC110 - it comes after the answer, from another server
            await asyncio.sleep(0.01)

    recorded = etree.fromstring(recording("forward/0002-ok").request.body)
    made = etree.fromstring(posted.bodies[0])
    assert [element.tag for element in made.iter()] == [element.tag for element in recorded.iter()]
    assert "r1-1795348743" in posted.bodies[0].decode()
