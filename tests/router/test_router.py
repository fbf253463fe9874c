"""The router's handlers on a real database."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from hub.db import Database
from hub.errors import TryLater
from hub.ids import uuid7
from hub.messages import decode, encode
from hub.parties import Activation, Channel, CustomerEntry, Direction, Engagement, Initiator, RegisterEntry
from hub.pipeline import (
    ActivationChanged,
    BlobRef,
    CompanyChanged,
    DeliveryFailed,
    DeliveryOrdered,
    DocumentReceived,
    EngagementChanged,
    Event,
    FtpDestination,
    InboxDestination,
    InvoiceReady,
    InvoiceRefused,
    Parties,
    PeppolDestination,
    Purpose,
    RegisterEvent,
)
from router.app import MIGRATIONS
from router.handlers import RegisterHandler, RouterHandler
from router.models import activation, company, decision, engagement
from router.store import RegisterSeen
from tests.conftest import DatabaseOf

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CLIENT, RECIPIENT, FOREIGN = "310000019", "310000027", "0007:5560000001"
TARGET = uuid4()
BLOB = BlobRef(key=f"{CLIENT}/{'a' * 64}", sha256="a" * 64, size=9)


class Router:
    """Both handlers over one database, driven as the consumer drives them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.router = RouterHandler(RegisterSeen(database), lambda: NOW)
        self.register = RegisterHandler()

    async def learn(self, *events: RegisterEvent) -> None:
        async with self.database.begin() as connection:
            await self.register.write(connection, [(event, None) for event in events])

    async def route(self, *events: Event) -> Sequence[Event]:
        for event in events:
            await self.router.compute(event)
        async with self.database.begin() as connection:
            emitted = await self.router.write(connection, [(event, None) for event in events])
        assert [decode(encode(event, "/sentral/router")) for event in emitted] == list(emitted)
        return emitted


@pytest.fixture
async def router(database_of: DatabaseOf) -> Router:
    return Router(await database_of("router", [MIGRATIONS]))


def company_changed(number: str, version: int, **changes: Any) -> CompanyChanged:
    entry = RegisterEntry(organisation_number=number, name=f"Foretak {number}", **changes)
    return CompanyChanged(id=uuid4(), time=NOW, version=version, company=entry)


def activated(number: str, service: Literal["sending", "receiving"], version: int, **changes: Any) -> ActivationChanged:
    known = {"company": number, "service": service, "active_from": NOW - DAY, "inbox_fetched_at": NOW}
    return ActivationChanged(
        id=uuid4(), time=NOW, version=version, activation=Activation.model_validate({**known, **changes})
    )


def ready(recipient: str = f"0192:{RECIPIENT}", version: int = 0, **changes: Any) -> InvoiceReady:
    parties = Parties(
        client=CLIENT,
        initiator=Initiator(kind="client", organisation_number=CLIENT),
        sender=f"0192:{CLIENT}",
        recipient=recipient,
        number="10023",
        document_type="invoice",
    )
    fields = {
        "parties": parties,
        "document": BLOB,
        "document_type_id": "doc",
        "process_id": "process",
        "sender_country": "NO",
        "purposes": tuple(Purpose),
        "rule_set": "2026.5",
        "register_version": version,
    }
    return InvoiceReady.caused(uuid7(NOW), uuid4(), NOW, **{**fields, **changes})


def chosen(channel: Channel, **changes: Any) -> CustomerEntry:
    return CustomerEntry(customer_number="1", endpoint=f"0192:{RECIPIENT}", channel=channel, **changes)


async def both_on_hub(router: Router) -> None:
    await router.learn(
        company_changed(CLIENT, 1),
        activated(CLIENT, "sending", 2),
        company_changed(RECIPIENT, 3),
        activated(RECIPIENT, "receiving", 4),
    )


def only(events: Sequence[Event]) -> DeliveryOrdered | DeliveryFailed:
    (event,) = events
    assert isinstance(event, (DeliveryOrdered, DeliveryFailed))
    return event


async def test_an_invoice_to_another_customer_goes_to_its_inbox(router: Router) -> None:
    await both_on_hub(router)
    invoice = ready()
    event = only(await router.route(invoice))
    assert isinstance(event, DeliveryOrdered)
    assert event.where == InboxDestination(company=RECIPIENT)
    assert (event.leg, event.product, event.document) == (1, "invoice.inbox", BLOB)
    assert (event.transaction_id, event.parties) == (invoice.transaction_id, invoice.parties)
    assert event.destination.name == "delivery.ordered.inbox"


async def test_an_invoice_by_choice_goes_to_peppol_or_sftp(router: Router) -> None:
    await both_on_hub(router)
    by_peppol = ready(FOREIGN, customer=chosen(Channel.PEPPOL))
    by_sftp = ready(FOREIGN, customer=chosen(Channel.FTP, ftp_target=TARGET))
    peppol, sftp = await router.route(by_peppol, by_sftp)
    assert isinstance(peppol, DeliveryOrdered)
    assert peppol.product == "invoice.peppol"
    assert peppol.where == PeppolDestination(
        receiver=FOREIGN, document_type_id="doc", process_id="process", country="NO"
    )
    assert isinstance(sftp, DeliveryOrdered)
    assert sftp.product == "invoice.ftp"
    assert sftp.where == FtpDestination(target=TARGET, file_name=f"10023_{by_sftp.transaction_id}.xml")


async def test_an_invoice_that_no_channel_reaches_fails_with_proof_that_nothing_was_sent(router: Router) -> None:
    event = only(await router.route(ready(FOREIGN)))
    assert isinstance(event, DeliveryFailed)
    assert (event.leg, event.attempt, event.channel, event.nothing_sent) == (1, 0, None, True)
    assert event.problem.code == "no-route"


async def test_a_decision_is_kept_with_its_facts_and_reasons(router: Router) -> None:
    await both_on_hub(router)
    await router.route(ready(customer=chosen(Channel.FTP)))
    async with router.database.begin() as connection:
        row = (await connection.execute(select(decision))).one()
    assert (row.channel, row.chosen_by, row.leg) == ("inbox", "on_hub", 1)
    assert row.facts["company"] == RECIPIENT
    assert row.facts["receiving"]["service"] == "receiving"
    assert [reason["problem"]["code"] for reason in row.reasons] == ["no-ftp-target"]


async def test_handling_an_event_again_gives_the_stored_decision_and_never_a_new_one(router: Router) -> None:
    await both_on_hub(router)
    invoice = ready(version=4)
    first = only(await router.route(invoice))
    await router.learn(activated(RECIPIENT, "receiving", 5, active_to=NOW - DAY))
    router.router = RouterHandler(RegisterSeen(router.database), lambda: NOW + DAY)
    again = only(await router.route(invoice))
    assert again == first
    assert (again.id, again.time) == (first.id, first.time)


async def test_two_routers_at_once_make_one_decision(router: Router) -> None:
    await both_on_hub(router)
    invoices = [ready() for _ in range(5)]
    other = Router(router.database)
    one, two = await asyncio.gather(router.route(*invoices), other.route(*reversed(invoices)))
    assert {event.id for event in one} == {event.id for event in two}
    assert len({event.id for event in one}) == 5


async def test_a_batch_keeps_its_order_and_a_refused_invoice_is_not_routed(router: Router) -> None:
    await both_on_hub(router)
    invoices = [ready() for _ in range(3)]
    refused = InvoiceRefused.caused(uuid7(NOW), "x", NOW, parties=invoices[0].parties, problems=())
    events = await router.route(invoices[2], refused, invoices[0], invoices[1])
    transactions = [event.transaction_id for event in events if isinstance(event, DeliveryOrdered)]
    assert transactions == [invoices[2].transaction_id, invoices[0].transaction_id, invoices[1].transaction_id]
    assert await router.route(refused) == []


async def test_an_invoice_newer_than_the_known_register_waits(router: Router) -> None:
    with pytest.raises(TryLater):
        await router.route(ready(version=4))
    await both_on_hub(router)
    await asyncio.sleep(0.25)
    assert isinstance(only(await router.route(ready(version=4))), DeliveryOrdered)
    with pytest.raises(TryLater):
        await router.route(ready(version=5))


async def test_the_known_version_is_asked_once_for_a_whole_batch(router: Router) -> None:
    await both_on_hub(router)
    seen = RegisterSeen(router.database)
    assert all(await asyncio.gather(*(seen.reaches(4) for _ in range(100))))
    async with router.database.begin() as connection:
        await connection.execute(update(company).values(version=9))
    await router.database.close()  # whoever asked again would open a connection
    assert router.database.engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    assert all(await asyncio.gather(*(seen.reaches(n) for n in range(5))))
    assert router.database.engine.pool.checkedin() == 0  # type: ignore[attr-defined]


async def test_an_older_version_never_replaces_a_newer_one(router: Router) -> None:
    await router.learn(company_changed(RECIPIENT, 7, account="2"))
    await router.learn(company_changed(RECIPIENT, 3, account="1"))
    await router.learn(company_changed(RECIPIENT, 9, account="4"), company_changed(RECIPIENT, 8, account="3"))
    async with router.database.begin() as connection:
        row = (await connection.execute(select(company))).one()
    assert (row.version, row.entry["account"]) == (9, "4")


async def test_every_kind_of_register_entry_is_kept(router: Router) -> None:
    served = Engagement(
        id=uuid4(),
        office="310000035",
        office_name="Regnskap AS",
        company=CLIENT,
        client_number="17",
        payer="office",
        valid_from=NOW.date(),
    )
    await router.learn(
        EngagementChanged(id=uuid4(), time=NOW, version=1, engagement=served), activated(CLIENT, "sending", 2)
    )
    async with router.database.begin() as connection:
        assert (await connection.execute(select(engagement.c.entry))).scalar_one()["client_number"] == "17"
        assert (await connection.execute(select(activation.c.service))).scalar_one() == "sending"


async def test_a_company_is_found_by_its_endpoint_in_any_case_and_by_its_number(router: Router) -> None:
    await both_on_hub(router)
    await router.learn(company_changed(RECIPIENT, 5, endpoint="0088:ABC123"))
    for address in ("0088:abc123", "0088:ABC123", f"0192:{RECIPIENT}"):
        event = only(await router.route(ready(address)))
        assert isinstance(event, DeliveryOrdered)
        assert event.where == InboxDestination(company=RECIPIENT)


async def test_an_endpoint_that_is_anothers_number_belongs_to_who_registered_it(router: Router) -> None:
    await both_on_hub(router)
    await router.learn(company_changed("310000043", 5, endpoint=f"0192:{RECIPIENT}"))
    await router.learn(company_changed(RECIPIENT, 6, endpoint="0088:x"), activated("310000043", "receiving", 7))
    event = only(await router.route(ready()))
    assert isinstance(event, DeliveryOrdered)
    assert event.where == InboxDestination(company="310000043")


def received(recipient: str) -> DocumentReceived:
    parties = Parties(
        client=recipient.removeprefix("0192:"),
        initiator=Initiator(kind="client", organisation_number=recipient.removeprefix("0192:")),
        direction=Direction.INBOUND,
        sender=FOREIGN,
        recipient=recipient,
        number="7",
        document_type="invoice",
    )
    return DocumentReceived.caused(
        uuid7(NOW),
        UUID(int=1),
        NOW,
        parties=parties,
        document=BLOB,
        document_type_id="doc",
        process_id="process",
        instance_id="i",
    )


async def test_what_comes_in_goes_to_the_recipients_inbox(router: Router) -> None:
    await both_on_hub(router)
    event = only(await router.route(received(f"0192:{RECIPIENT}")))
    assert isinstance(event, DeliveryOrdered)
    assert event.where == InboxDestination(company=RECIPIENT)
    assert event.product == "inbound"
    assert event.parties.direction is Direction.INBOUND


async def test_what_comes_in_for_nobody_here_is_reported(router: Router) -> None:
    await both_on_hub(router)
    event = only(await router.route(received(f"0192:{CLIENT}")))
    assert isinstance(event, DeliveryFailed)
    assert event.problem.code == "no-receiver"
