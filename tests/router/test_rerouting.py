"""An operator orders the next leg: once, with a reason, and only when the last one ended without delivery."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.auth import issue, verify
from hub.ops.desk import Desk
from hub.parties import Channel
from hub.peer import Peer
from hub.pipeline import DeliveryFailed, DeliveryOrdered, FtpDestination, PeppolDestination
from router import operations
from router.app import MIGRATIONS
from tests.conftest import DatabaseOf
from tests.hub.ops.office import KEY, OPERATOR, VIEWER, Office, office
from tests.router.test_router import (
    FOREIGN,
    NOW,
    RECIPIENT,
    TARGET,
    Router,
    activated,
    both_on_hub,
    chosen,
    only,
    ready,
)


@dataclass
class GatewaySays:
    """The gateway's answer about a transaction, with the fields that the router reads."""

    standing: dict[str, Any] | None = None
    asked: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/ops/transactions/{id}", self.one)
        return app

    async def one(self, request: web.Request) -> web.Response:
        actor = verify(KEY, request.headers["Authorization"].removeprefix("Bearer "), "gateway")
        self.asked.append(actor.name)
        return web.json_response(self.standing) if self.standing else web.json_response({}, status=404)

    def ended(self, status: str, leg: int = 1, **more: Any) -> None:
        self.standing = {"status": status, "leg": leg, "nothing_sent": False, "number_taken_by": None, **more}


@dataclass
class Place:
    router: Router
    gateway: GatewaySays
    at: Office

    async def decisions(self, identifier: UUID) -> list[dict[str, Any]]:
        return list((await self.at.get(f"/transactions/{identifier}"))["legs"])

    async def reroute(self, identifier: UUID, channel: str, *, status: int = 201, **more: Any) -> dict[str, Any]:
        body = {"channel": channel, "reason": "the customer asked", **more}
        return await self.at.post(f"/transactions/{identifier}/reroute", status=status, **body)

    async def emitted(self) -> list[str]:
        async with self.router.database.begin() as connection:
            rows = await connection.exec_driver_sql("SELECT event_id::text FROM outbox ORDER BY seq")
            return list(rows.scalars())


@asynccontextmanager
async def place_of(router: Router) -> AsyncIterator[Place]:
    gateway = GatewaySays()
    async with AsyncExitStack() as stack:
        server = TestServer(gateway.app())
        await stack.enter_async_context(server)
        peer = await stack.enter_async_context(Peer("router", "gateway", str(server.make_url("/")), KEY))
        routes = operations.routes(router.database, peer, lambda: datetime.now(UTC), lambda: None)
        at = await stack.enter_async_context(office(Desk("router", router.database), routes))
        yield Place(router, gateway, at)


@pytest.fixture
async def place(database_of: DatabaseOf) -> AsyncIterator[Place]:
    router = Router(await database_of("router", [MIGRATIONS]))
    await both_on_hub(router)
    await router.learn(activated(RECIPIENT, "receiving", 5, inbox_fetched_at=datetime.now(UTC)))
    async with place_of(router) as made:
        yield made


async def test_what_failed_goes_another_way_as_its_next_leg_with_its_own_product(place: Place) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    assert isinstance(first, DeliveryOrdered)
    place.gateway.ended("failed", nothing_sent=True)
    told = await place.reroute(first.transaction_id, "inbox", leg=2)
    assert (told["leg"], told["product"], told["where"]["company"]) == (2, "invoice.inbox", RECIPIENT)
    one, two = await place.decisions(first.transaction_id)
    assert (one["channel"], two["channel"], two["chosen_by"]) == ("ftp", "inbox", "operator")
    assert two["event_body"]["document"] == first.document.model_dump()
    assert await place.emitted() == [two["event_id"]]
    (entry,) = await place.at.audit()
    assert (entry["action"], entry["target"]) == ("transaction.reroute", f"{first.transaction_id}/2")
    assert (entry["reason"], entry["detail"]["channel"]) == ("the customer asked", "inbox")
    assert place.gateway.asked == ["router"]


async def test_a_repeated_reroute_orders_nothing_more(place: Place) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    place.gateway.ended("failed", nothing_sent=True)
    await place.reroute(first.transaction_id, "inbox", leg=2)
    assert (await place.reroute(first.transaction_id, "inbox", leg=2, status=200))["repeated"] is True
    assert "decided before" in (await place.reroute(first.transaction_id, "peppol", leg=2, status=409))["title"]
    assert "Leg 2 has not ended" in (await place.reroute(first.transaction_id, "inbox", status=409))["title"]
    assert "next leg is 3" in (await place.reroute(first.transaction_id, "inbox", leg=4, status=409))["title"]
    assert len(await place.emitted()) == 1
    assert len(await place.at.audit()) == 1


async def test_simultaneous_reroutes_order_one_leg(place: Place) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    place.gateway.ended("failed", nothing_sent=True)
    path = f"/ops/transactions/{first.transaction_id}/reroute"
    headers = {"Authorization": f"Bearer {issue(KEY, OPERATOR, 'router', datetime.now(UTC))}"}
    asked = {"channel": "inbox", "reason": "two at once", "leg": 2}
    answers = await asyncio.gather(*(place.at.client.post(path, headers=headers, json=asked) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len(await place.emitted()) == 1
    assert len(await place.at.audit()) == 1


@pytest.mark.parametrize("status", ["routed", "retrying", "in_doubt", "delivered"])
async def test_there_is_one_leg_at_a_time(place: Place, status: str) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    place.gateway.ended(status)
    refused = await place.reroute(first.transaction_id, "inbox", confirm=True, status=409)
    assert f"status {status}" in refused["title"]
    assert len(await place.decisions(first.transaction_id)) == 1


async def test_without_proof_the_operator_confirms_that_the_recipient_does_not_have_it(place: Place) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    place.gateway.ended("failed")
    refused = await place.reroute(first.transaction_id, "inbox", status=409)
    assert (refused["code"], refused["field"]) == ("may-have-arrived", "confirm")
    await place.reroute(first.transaction_id, "inbox", confirm=True)
    assert (await place.at.audit())[0]["detail"]["confirmed"] is True


async def test_what_was_submitted_anew_is_not_sent_a_second_time(place: Place) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    other = str(uuid4())
    place.gateway.ended("failed", nothing_sent=True, number_taken_by=other)
    assert other in (await place.reroute(first.transaction_id, "inbox", confirm=True, status=409))["title"]


@pytest.mark.parametrize("status", ["cancelled", "returned"])
async def test_what_was_cancelled_or_came_back_is_rerouted_without_more(place: Place, status: str) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    place.gateway.ended(status)
    await place.reroute(first.transaction_id, "inbox")


async def test_what_found_no_route_is_rerouted_to_a_target_that_the_operator_names(place: Place) -> None:
    first = only(await place.router.route(ready(recipient=FOREIGN)))
    assert isinstance(first, DeliveryFailed)
    place.gateway.ended("failed", nothing_sent=True)
    assert "customer's SFTP address" in (await place.reroute(first.transaction_id, "ftp", status=409))["title"]
    assert "SFTP target" in (await place.reroute(first.transaction_id, "ftp", to="x", status=409))["title"]
    target = uuid4()
    told = await place.reroute(first.transaction_id, "ftp", to=str(target))
    assert FtpDestination.model_validate(told["where"]).target == target


async def test_peppol_may_be_given_another_address(place: Place) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    place.gateway.ended("failed", nothing_sent=True)
    await place.reroute(first.transaction_id, "peppol", to="310000027", status=409)
    told = await place.reroute(first.transaction_id, "peppol", to=FOREIGN)
    assert PeppolDestination.model_validate(told["where"]).receiver == FOREIGN


async def test_a_reroute_meets_the_same_conditions_as_a_first_leg(place: Place) -> None:
    await place.router.learn(activated(RECIPIENT, "receiving", 6, active_to=NOW))
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    place.gateway.ended("failed", nothing_sent=True)
    assert RECIPIENT in (await place.reroute(first.transaction_id, "inbox", status=409))["title"]
    await place.router.learn(activated(RECIPIENT, "receiving", 7, inbox_fetched_at=datetime.now(UTC)))
    await place.reroute(first.transaction_id, "inbox")


async def test_a_reroute_needs_a_reason_a_known_transaction_and_the_role(place: Place) -> None:
    first = only(await place.router.route(ready(customer=chosen(Channel.FTP, ftp_target=TARGET))))
    path = f"/transactions/{first.transaction_id}/reroute"
    assert "reason" in (await place.at.post(path, channel="inbox", status=422))["title"]
    await place.at.post(path, channel="inbox", reason="x", actor=VIEWER, status=403)
    await place.reroute(uuid4(), "inbox", status=404)
    assert "does not know" in (await place.reroute(first.transaction_id, "inbox", status=409))["title"]
