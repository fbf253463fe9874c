"""What no successor can handle either is parked with its evidence; its key waits behind it, and all others go on."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hub.ids import uuid7
from hub.messages import Message, encode
from hub.parties import RegisterEntry
from hub.pipeline import BlobRef, InvoiceSubmitted
from tests.faults.book import Book
from tests.hub.transport import PARTIES, refusal

LINES = 9000  # of an invoice that takes seconds to build and judge, where a usual one takes milliseconds


def submitted(transaction_id: UUID) -> Message:
    """An event that everything is right with, but for the document: it is not there."""
    event = InvoiceSubmitted.caused(
        transaction_id,
        uuid4(),
        datetime.now(UTC),
        parties=PARTIES,
        received=BlobRef(key=f"{PARTIES.client}/{'0' * 64}", sha256="0" * 64, size=1),
        media="json",
        register_version=0,
        seller=RegisterEntry(organisation_number=PARTIES.client, name="Selger AS"),
    )
    return encode(event, "/sentral/test")


def test_malformed_bytes_are_parked_and_what_comes_behind_them_waits(book: Book) -> None:
    key = uuid7(datetime.now(UTC))
    good = encode(refusal(key), "/sentral/test")
    nameless = good._replace(body=b"\x00 no event", headers={})
    broken = encode(refusal(key), "/sentral/test")._replace(body=b'{"transaction_id": 1')
    book.hub.publish(nameless, broken, good)
    book.send(6)
    book.settle()
    wanted = [(str(key), "dead", "MalformedMessageError"), (str(key), "waiting", None), (str(key), "waiting", None)]
    for service in ("router", "gateway"):
        book.hub.until(lambda name=service: book.hub.parked(name) == wanted, "parked in order")  # type: ignore[misc]
        book.hub.sql(service, "UPDATE parked SET state = 'discarded' WHERE key = :key", key=str(key))
    book.topics.foreign.add(str(key))
    book.check()


def test_an_event_that_makes_the_handler_raise_is_parked_and_its_key_waits(book: Book) -> None:
    key = uuid7(datetime.now(UTC))
    book.hub.publish(submitted(key), submitted(key))
    book.send(6)
    book.settle()
    wanted = [(str(key), "dead", "CorruptBlobError"), (str(key), "waiting", None)]
    book.hub.until(lambda: book.hub.parked("ehf-builder") == wanted, "parked in order")
    book.hub.sql("ehf-builder", "UPDATE parked SET state = 'discarded' WHERE key = :key", key=str(key))
    book.topics.foreign.add(str(key))
    book.check()


def test_a_document_that_ends_its_worker_twice_is_parked_alone_and_goes_on_when_it_is_given_time(book: Book) -> None:
    hub = book.hub
    hub.succeed("ehf-builder", {"HUB_DOCUMENT_LIMIT": "PT1S"})
    heavy = book.send_one(f"H{uuid4().hex[:12]}", "inbox", lines=LINES)
    others = book.send(9)
    hub.wait(lambda: hub.parked("ehf-builder") == [(heavy, "dead", "KillsWorkerError")], "the document was parked")
    hub.wait(lambda: book.all_told("delivered", others), "all others were delivered")
    assert book.status(heavy) == "accepted"
    assert hub.log("ehf-builder").count("validation_worker_died") == 2
    hub.succeed("ehf-builder")
    hub.sql("ehf-builder", "UPDATE parked SET state = 'retry', next_at = now() WHERE key = :key", key=heavy)
    book.settle()
    book.check()
