"""A sender cancels what its ftp-sender, dead at some point of it, may or may not have sent: one end, and true."""

import pytest

from hub.failpoints import Point
from tests.e2e.hub import ENDED
from tests.faults.book import Book

POINTS = (
    Point.CONSUMER_BEFORE_COMMIT,
    Point.DELIVERY_CLAIMED,
    Point.DELIVERY_PREPARED,
    Point.FTP_UPLOADED,
    Point.DELIVERY_COMMITTING,
    Point.FTP_RENAMED,
    Point.DELIVERY_DONE,
    Point.DELIVERY_ENDED,
)


@pytest.mark.parametrize("point", POINTS)
def test_what_is_cancelled_reached_nobody_and_what_reached_somebody_is_delivered(book: Book, point: Point) -> None:
    hub = book.hub
    hub.arm(point, 1, ["ftp-sender"])
    sent = book.send(6, ["ftp"])
    hub.until(lambda: not hub.alive("ftp-sender"), "the sender died")
    for identifier in sent:
        assert book.cancel(identifier) in {200, 202, 409}
    book.settle()
    assert {book.status(one) for one in sent} <= {"cancelled", "delivered"}
    assert book.arrived(sent) == {one: int(book.status(one) == "delivered") for one in sent}
    for identifier in sent:
        entries = book.told[book.sent[identifier].install.name].entries[identifier]
        assert len([entry for entry in entries if entry["status"] in ENDED]) == 1
    book.check()
