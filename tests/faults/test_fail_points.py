"""A process dies exactly at each named point while invoices are under way, and its successor knows nothing of it.

Whatever the point: each invoice comes to one known end, nobody gets one twice, and as many are metered as delivered.
"""

import signal
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from hub.failpoints import Point
from tests.faults.book import CHANNELS, Book

LOAD = 12


@dataclass(frozen=True)
class Case:
    """Who dies at which hit of the point, under which load, and which channels may then leave a question."""

    point: Point
    services: Sequence[str]
    hit: int = 1
    channels: Sequence[str] = CHANNELS
    in_doubt: Sequence[str] = ()

    def __str__(self) -> str:
        return "-".join((self.point, *self.services))


# A submission that was announced and perhaps never made, or whose answer nobody has: the access point may know of none,
# which proves nothing, so that it is an operator's question. A rename leaves none: the server shows what became of it.
CASES = (
    Case(Point.CONSUMER_BEFORE_POSITION, ("gateway", "router", "metering")),
    Case(Point.CONSUMER_BEFORE_COMMIT, ("ehf-builder", "ftp-sender", "metering")),
    Case(Point.CONSUMER_AFTER_COMMIT, ("gateway", "router", "access-point")),
    Case(Point.RELAY_BEFORE_PUBLISH, ("gateway", "router")),
    Case(Point.RELAY_BEFORE_ACK, ("gateway", "ftp-sender")),
    Case(Point.RELAY_BEFORE_DELETE, ("router", "access-point")),
    Case(Point.RELAY_AFTER_DELETE, ("router", "gateway")),
    Case(Point.BLOB_NAMED, ("gateway", "ehf-builder", "ftp-sender"), hit=2),
    Case(Point.BLOB_BEFORE_SYNC, ("gateway", "access-point"), hit=2),
    Case(Point.BLOB_AFTER_SYNC, ("gateway", "ftp-sender"), hit=2),
    Case(Point.ACCEPT_BEFORE_COMMIT, ("gateway",), hit=3),
    Case(Point.ACCEPT_AFTER_COMMIT, ("gateway",), hit=3),
    Case(Point.RELEASE_BEFORE_COMMIT, ("gateway",), hit=2),
    Case(Point.RELEASE_AFTER_COMMIT, ("gateway",), hit=2),
    Case(Point.INBOX_AFTER_COPY, ("gateway",), channels=("inbox",)),
    Case(Point.INBOX_BEFORE_COMMIT, ("gateway",), channels=("inbox",)),
    Case(Point.DELIVERY_CLAIMED, ("ftp-sender", "access-point"), hit=2),
    Case(Point.DELIVERY_PREPARED, ("ftp-sender", "access-point"), hit=2),
    Case(Point.DELIVERY_COMMITTING, ("ftp-sender", "access-point"), hit=2, in_doubt=("peppol",)),
    Case(Point.DELIVERY_DONE, ("ftp-sender", "access-point"), hit=2, in_doubt=("peppol",)),
    Case(Point.DELIVERY_ENDED, ("ftp-sender", "access-point"), hit=2, in_doubt=("peppol",)),
    Case(Point.FTP_UPLOADED, ("ftp-sender",), hit=2, channels=("ftp",)),
    Case(Point.FTP_RENAMED, ("ftp-sender",), hit=2, channels=("ftp",)),
    Case(Point.PEPPOL_SUBMITTED, ("access-point",), hit=2, channels=("peppol",), in_doubt=("peppol",)),
)
INBOUND = (Point.INBOUND_BEFORE_COMMIT, Point.INBOUND_AFTER_COMMIT)
PARKING = (Point.PARKING_BEFORE_COMMIT, Point.REPLAYER_BEFORE_COMMIT, Point.REPLAYER_AFTER_COMMIT)


def test_every_point_has_a_case_of_its_own() -> None:
    assert sorted([*(case.point for case in CASES), *INBOUND, *PARKING]) == sorted(Point)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_process_that_dies_there_loses_nothing_and_repeats_nothing(book: Book, case: Case) -> None:
    book.hub.arm(case.point, case.hit, case.services)
    book.send(LOAD, case.channels)
    book.settle(case.in_doubt)
    died_at(book, case.point, *case.services)
    book.check()


def died_at(book: Book, point: Point, *services: str) -> None:
    assert book.hub.deaths == dict.fromkeys(services, -signal.SIGKILL)
    for service in services:
        assert f'"fail point reached", "point": "{point}"' in book.hub.log(service)


@pytest.mark.parametrize("point", INBOUND)
def test_a_document_that_comes_in_meanwhile_is_taken_in_once(book: Book, point: Point) -> None:
    book.hub.arm(point, 1, ["access-point"])
    book.receive(2)
    book.settle()
    died_at(book, point, "access-point")
    book.check()


@pytest.mark.parametrize("point", PARKING)
def test_a_message_that_is_parked_or_replayed_meanwhile_goes_on_once(book: Book, point: Point) -> None:
    """What is parked is an invoice whose document is gone; it is put back, and the message tried again."""
    hub = book.hub
    hub.kill("ehf-builder")
    (stuck,) = book.send(1)
    received = hub.blob_received(stuck)
    aside = received.rename(received.with_suffix(".aside"))
    if point is Point.PARKING_BEFORE_COMMIT:
        hub.arm(point, 1, ["ehf-builder"])
    else:
        hub.launch("ehf-builder")
    hub.wait(lambda: hub.parked("ehf-builder") == [(stuck, "dead", "CorruptBlobError")], "it was parked")
    aside.rename(received)
    if point is not Point.PARKING_BEFORE_COMMIT:
        hub.arm(point, 1, ["ehf-builder"])
    hub.sql("ehf-builder", "UPDATE parked SET state = 'retry', next_at = now() WHERE key = :key", key=stuck)
    book.send(3)
    book.settle()
    died_at(book, point, "ehf-builder")
    assert hub.parked("ehf-builder") == []
    book.check()


def test_a_file_taken_away_at_once_is_never_sent_again_and_never_forgotten(book: Book) -> None:
    """Between the rename and its receipt the sender dies, and nothing is left there to tell what happened."""
    with book.hub.recipient_takes_files():
        book.hub.arm(Point.FTP_RENAMED, 3, ["ftp-sender"])
        sent = book.send(LOAD, ["ftp"])
        book.settle(in_doubt=["ftp"])
    died_at(book, Point.FTP_RENAMED, "ftp-sender")
    assert {book.status(one) for one in sent} == {"delivered", "in_doubt"}
    book.check()
    assert book.arrived(sent) == dict.fromkeys(sent, 1)
