"""Cancelling in the router: whoever comes first decides, and what was decided stays."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import select

from hub.parties import Initiator
from hub.pipeline import (
    Cancelled,
    CancelRequested,
    DeliveryCancelRequested,
    DeliveryFailed,
    DeliveryOrdered,
    Event,
    InvoiceReady,
)
from router.app import MIGRATIONS
from router.models import decision
from tests.conftest import DatabaseOf
from tests.router.test_router import FOREIGN, NOW, Router, both_on_hub, only, ready

INSTALL = uuid4()
OFFICE = Initiator(kind="office", organisation_number="310001007")


@pytest.fixture
async def router(database_of: DatabaseOf) -> Router:
    router = Router(await database_of("router", [MIGRATIONS]))
    await both_on_hub(router)
    return router


def request(invoice: InvoiceReady, cause: str = "asked") -> CancelRequested:
    return CancelRequested.caused(
        invoice.transaction_id, cause, NOW, parties=invoice.parties, install=INSTALL, requested_by=OFFICE
    )


async def test_a_request_before_the_verdict_ends_the_transaction_and_it_is_never_ordered(router: Router) -> None:
    invoice = ready()
    (told,) = await router.route(request(invoice))
    assert isinstance(told, Cancelled)
    assert (told.leg, told.attempt, told.channel, told.parties, told.requested_by) == (
        1,
        0,
        None,
        invoice.parties,
        OFFICE,
    )
    assert await router.route(invoice) == [told]
    assert await router.route(request(invoice)) == [told]
    assert await router.route(request(invoice, "asked again")) == [told]


async def test_who_asked_is_kept_with_the_decision(router: Router) -> None:
    await router.route(request(ready()))
    async with router.database.begin() as connection:
        row = (await connection.execute(select(decision))).one()
    assert (row.leg, row.channel, row.reasons, row.event_type) == (1, None, [], Cancelled.type)
    assert row.facts["install"] == str(INSTALL)
    assert row.facts["requested_by"] == OFFICE.model_dump()


async def test_a_request_after_the_order_is_sent_behind_it_and_the_order_stays(router: Router) -> None:
    invoice = ready()
    ordered = only(await router.route(invoice))
    assert isinstance(ordered, DeliveryOrdered)
    (stop,) = await router.route(request(invoice))
    assert isinstance(stop, DeliveryCancelRequested)
    assert (stop.leg, stop.channel, stop.parties, stop.requested_by) == (
        1,
        ordered.where.channel,
        invoice.parties,
        OFFICE,
    )
    assert (stop.destination, stop.key) == (ordered.destination, ordered.key)
    assert await router.route(request(invoice)) == [stop]
    assert await router.route(invoice) == [ordered]


async def test_another_request_is_another_order_to_stop(router: Router) -> None:
    invoice = ready()
    await router.route(invoice)
    (first,), (second,) = await router.route(request(invoice)), await router.route(request(invoice, "asked again"))
    assert first.id != second.id


async def test_what_was_never_sent_anywhere_needs_no_stopping(router: Router) -> None:
    invoice = ready(FOREIGN)
    assert isinstance(only(await router.route(invoice)), DeliveryFailed)
    assert await router.route(request(invoice)) == []


async def test_in_one_batch_the_request_comes_before_the_verdict(router: Router) -> None:
    cancelled, other = ready(), ready()
    first, second = await router.route(cancelled, request(cancelled), other)
    assert isinstance(first, Cancelled)
    assert isinstance(second, DeliveryOrdered)
    assert (first.transaction_id, second.transaction_id) == (cancelled.transaction_id, other.transaction_id)


async def test_a_request_and_a_verdict_at_once_make_one_decision(router: Router) -> None:
    other = Router(router.database)
    possible: set[tuple[type[Event], type[Event]]] = {
        (Cancelled, Cancelled),
        (DeliveryOrdered, DeliveryCancelRequested),
    }
    ends: set[tuple[type[Event], type[Event]]] = set()
    for _ in range(20):
        invoice = ready()
        (routed,), (asked,) = await asyncio.gather(router.route(invoice), other.route(request(invoice)))
        async with router.database.begin() as connection:
            made = decision.c.transaction_id == invoice.transaction_id
            row = (await connection.execute(select(decision).where(made))).one()
        assert routed.id == row.event_id
        ends.add((type(routed), type(asked)))
    assert ends <= possible
