"""Metering on a real database: each delivery once, and the counts that customers see."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from typer.testing import CliRunner

from hub.db import Database
from hub.errors import Problem
from hub.ids import uuid7
from hub.parties import Channel, Engagement, Initiator, RegisterEntry
from hub.pipeline import (
    CompanyChanged,
    Delivered,
    DeliveryFailed,
    EngagementChanged,
    Event,
    Parties,
    Receipt,
    Returned,
)
from metering.api import routes
from metering.app import MIGRATIONS
from metering.cli import app
from metering.handlers import MeteringHandler, RegisterHandler
from metering.models import usage
from tests.conftest import DatabaseOf

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CLIENT, OTHER, OFFICE, OLD_OFFICE = "310000019", "310000027", "310000035", "310000043"
PROBLEM = Problem(code="x", nb="x", en="x")


class Meter:
    """Both handlers over one database, driven as the consumer drives them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = NOW

    async def handle(self, *events: Event, handler: MeteringHandler | RegisterHandler | None = None) -> None:
        async with self.database.begin() as connection:
            await (handler or MeteringHandler()).write(connection, [(event, None) for event in events])

    async def learn(self, *events: Event) -> None:
        await self.handle(*events, handler=RegisterHandler())

    async def rows(self) -> int:
        async with self.database.begin() as connection:
            return (await connection.execute(select(func.count()).select_from(usage))).scalar_one()

    async def get(self, path: str, **query: str) -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=routes(self.database, lambda: self.clock)))
        async with httpx.AsyncClient(transport=transport, base_url="http://metering") as client:
            return await client.get(path, params=query)

    async def usage(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.get("/usage", **{"month": "2026-11", **query})
        assert answer.status_code == 200
        shown: list[dict[str, Any]] = answer.json()["usage"]
        return shown


@pytest.fixture
async def meter(database_of: DatabaseOf) -> Meter:
    return Meter(await database_of("metering", [MIGRATIONS]))


def parties(client: str = CLIENT, by: Literal["client", "office"] = "client", **changes: Any) -> Parties:
    who = Initiator(kind=by, organisation_number=client if by == "client" else changes.pop("office", OFFICE))
    fields = {
        "client": client,
        "initiator": who,
        "sender": f"0192:{client}",
        "recipient": "0192:310000051",
        "number": "10023",
        "document_type": "invoice",
    }
    return Parties.model_validate({**fields, **changes})


def delivered(at: datetime = NOW, transaction: UUID | None = None, **changes: Any) -> Delivered:
    about = changes.pop("parties", None) or parties()
    fields = {
        "parties": about,
        "leg": 1,
        "attempt": 1,
        "channel": Channel.PEPPOL,
        "product": "invoice.peppol",
        "receipt": Receipt(received_at=at, confirmed_by="access point"),
    }
    return Delivered.caused(transaction or uuid7(at), uuid4(), at, **{**fields, **changes})


def returned(delivery: Delivered, at: datetime = NOW) -> Returned:
    return Returned.caused(
        delivery.transaction_id,
        uuid4(),
        at,
        parties=delivery.parties,
        leg=delivery.leg,
        attempt=1,
        channel=delivery.channel,
        product=delivery.product,
        problem=PROBLEM,
    )


def company(number: str, name: str, version: int) -> CompanyChanged:
    entry = RegisterEntry(organisation_number=number, name=name)
    return CompanyChanged(id=uuid4(), time=NOW, version=version, company=entry)


def engaged(
    version: int, office: str = OFFICE, client: str = CLIENT, identifier: UUID | None = None, **changes: Any
) -> EngagementChanged:
    fields = {
        "id": identifier or uuid4(),
        "office": office,
        "office_name": f"Kontor {office}",
        "company": client,
        "client_number": "17",
        "payer": "office",
        "valid_from": date(2026, 1, 1),
    }
    return EngagementChanged(
        id=uuid4(), time=NOW, version=version, engagement=Engagement.model_validate({**fields, **changes})
    )


async def test_each_delivery_is_counted_once_however_often_it_is_told(meter: Meter) -> None:
    events = [delivered() for _ in range(20)]
    repeated = [*events, *events]
    random.Random(1).shuffle(repeated)
    await meter.handle(*repeated)
    await asyncio.gather(meter.handle(*events), meter.handle(*reversed(events)))
    assert await meter.rows() == 20


async def test_a_second_report_of_the_same_leg_is_the_same_usage(meter: Meter) -> None:
    first = delivered()
    await meter.handle(first, delivered(transaction=first.transaction_id, attempt=2))
    await meter.handle(delivered(transaction=first.transaction_id, leg=2))
    assert await meter.rows() == 2


async def test_only_deliveries_and_returns_count(meter: Meter) -> None:
    failed = DeliveryFailed.caused(
        uuid7(NOW), uuid4(), NOW, parties=parties(), leg=1, attempt=0, channel=None, problem=PROBLEM, nothing_sent=True
    )
    await meter.handle(failed)
    assert await meter.rows() == 0


async def test_a_return_reverses_the_usage(meter: Meter) -> None:
    delivery = delivered()
    back = returned(delivery)
    await meter.handle(delivery, delivered(), back, back)
    (row,) = await meter.usage()
    assert (row["delivered"], row["reversed"], row["quantity"]) == (2, 1, 1)


async def test_a_return_counts_on_its_own_day(meter: Meter) -> None:
    delivery = delivered(NOW - 30 * DAY)
    await meter.handle(delivery, returned(delivery))
    (october,) = await meter.usage(month="2026-10")
    (november,) = await meter.usage()
    assert (october["quantity"], november["quantity"]) == (1, -1)


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 10, 31, 22, 59, tzinfo=UTC), "2026-10"),
        (datetime(2026, 10, 31, 23, 0, tzinfo=UTC), "2026-11"),  # midnight in Oslo, winter time
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "2026-07"),  # summer time
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "2026-12"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2027-01"),
    ],
)
async def test_the_day_is_oslos(meter: Meter, at: datetime, month: str) -> None:
    await meter.handle(delivered(at))
    assert len(await meter.usage(month=month)) == 1


async def test_usage_is_shown_per_client_and_product_with_names_and_the_offices_number(meter: Meter) -> None:
    await meter.learn(company(CLIENT, "Bakeri AS", 1), company(OTHER, "Fisk AS", 2), engaged(3))
    await meter.handle(
        delivered(),
        delivered(parties=parties(by="office")),
        delivered(product="invoice.inbox", channel=Channel.INBOX),
        delivered(parties=parties(OTHER)),
    )
    shown = {(row["client"], row["product"]): row for row in await meter.usage()}
    peppol = shown[CLIENT, "invoice.peppol"]
    assert (peppol["name"], peppol["office_name"], peppol["client_number"]) == ("Bakeri AS", f"Kontor {OFFICE}", "17")
    assert (peppol["by_client"], peppol["by_office"], peppol["quantity"]) == (1, 1, 2)
    assert shown[CLIENT, "invoice.inbox"]["quantity"] == 1
    assert (shown[OTHER, "invoice.peppol"]["office"], shown[OTHER, "invoice.peppol"]["name"]) == (None, "Fisk AS")
    assert {row["client"] for row in await meter.usage(client=OTHER)} == {OTHER}


async def test_an_office_sees_its_engagements_days_and_what_it_initiated_only(meter: Meter) -> None:
    await meter.learn(
        engaged(1, OLD_OFFICE, valid_to=date(2026, 11, 15), client_number="3"),
        engaged(2, OFFICE, valid_from=date(2026, 11, 15)),
    )
    early, late = datetime(2026, 11, 14, 12, tzinfo=UTC), datetime(2026, 11, 15, 12, tzinfo=UTC)
    by_old = parties(OTHER, "office", office=OLD_OFFICE)
    await meter.handle(delivered(early), delivered(late), delivered(late), delivered(early, parties=by_old))
    before = await meter.usage(office=OLD_OFFICE)
    after = await meter.usage(office=OFFICE)
    assert [(row["client"], row["client_number"], row["quantity"]) for row in after] == [(CLIENT, "17", 2)]
    assert {(row["client"], row["client_number"], row["quantity"]) for row in before} == {
        (CLIENT, "3", 1),
        (OTHER, None, 1),
    }


async def test_an_older_version_of_the_register_changes_nothing(meter: Meter) -> None:
    await meter.learn(company(CLIENT, "Ny AS", 5), company(CLIENT, "Gammel AS", 4))
    identifier = uuid4()
    await meter.learn(engaged(7, identifier=identifier, client_number="9"), engaged(6, identifier=identifier))
    await meter.learn(company(CLIENT, "Eldst AS", 3))
    await meter.handle(delivered())
    (row,) = await meter.usage()
    assert (row["name"], row["client_number"]) == ("Ny AS", "9")


async def test_what_a_test_key_sent_is_kept_and_in_no_sum(meter: Meter) -> None:
    trial = delivered(parties=parties(test=True))
    await meter.handle(trial, returned(trial), delivered())
    answer = (await meter.get("/usage", month="2026-11")).json()
    (row,) = answer["usage"]
    assert (row["delivered"], row["reversed"], row["quantity"], row["test"]) == (1, 0, 1, 1)
    assert answer["quantity"] == 1


async def test_the_single_transactions_come_page_by_page(meter: Meter) -> None:
    events = [delivered() for _ in range(450)]
    await meter.handle(*events)
    seen: list[str] = []
    after: int | None = 0
    pages = 0
    while after is not None:
        page = (await meter.get("/usage/transactions", month="2026-11", after=str(after))).json()
        seen += [row["transaction_id"] for row in page["transactions"]]
        after = page["next"]
        pages += 1
    assert pages == 3
    assert sorted(seen) == sorted(str(event.transaction_id) for event in events)


async def test_the_current_month_in_oslo_is_shown_when_none_is_asked_for(meter: Meter) -> None:
    meter.clock = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert (await meter.get("/usage")).json()["month"] == "2026-11"


@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-13"},
        {"month": "november"},
        {"client": "1"},
        {"office": "abc"},
        {"after": "x"},
        {"after": "9" * 30},
    ],
)
async def test_a_query_that_is_not_understood_says_so(meter: Meter, query: dict[str, str]) -> None:
    answer = await meter.get("/usage/transactions", **query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["nb"]


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


async def test_the_command_line_shows_the_same(meter: Meter) -> None:
    await meter.learn(company(CLIENT, "Bakeri AS", 1))
    await meter.handle(delivered(), delivered())
    arguments = ["usage", "--month", "2026-11", "--database-url", url_of(meter.database)]
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    assert "Bakeri AS" in result.output
    assert "invoice.peppol" in result.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--month", "x", "--database-url", "postgresql+asyncpg://x@127.0.0.1:1/x"], 1), ([], 2)],
)
def test_the_command_line_says_what_is_wrong(arguments: Sequence[str], code: int) -> None:
    assert CliRunner().invoke(app, ["usage", *arguments], env={"HUB_DATABASE_URL": ""}).exit_code == code


def test_the_command_line_says_when_the_database_is_away() -> None:
    arguments = ["usage", "--database-url", "postgresql+asyncpg://x@127.0.0.1:1/x"]
    assert CliRunner().invoke(app, arguments).exit_code == 2
