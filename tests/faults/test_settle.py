"""An operator settles what a dead sender left in doubt, and then the truth comes: it beats the settlement, visibly."""

import pytest

from hub.failpoints import Point
from tests.e2e.hub import ENDED
from tests.faults.book import Book


@pytest.mark.parametrize("settled", ["failed", "delivered"])
def test_a_receipt_that_comes_after_a_settlement_is_told_and_counted_once(book: Book, settled: str) -> None:
    hub = book.hub
    with hub.recipient_takes_files():
        hub.arm(Point.FTP_RENAMED, 1, ["ftp-sender"])
        sent = book.send(4, ["ftp"])
        book.settle(in_doubt=["ftp"])
    doubtful = next(one for one in sent if book.status(one) == "in_doubt")
    hub.until(lambda: hub.ready("ftp-sender"), "the successor works")
    hub.operate("ftp-sender", f"deliveries/{doubtful}/1/settle", result=settled, reason="Asked the recipient")
    hub.until(lambda: book.all_told(settled, [doubtful]), "the sender was told of the settlement")
    book.check()
    hub.put_back(doubtful)
    hub.operate("ftp-sender", f"deliveries/{doubtful}/1/ask", reason="The recipient has found it")
    hub.until(lambda: book.all_told("delivered", [doubtful]), "the sender was told the truth")
    book.check()
    entries = book.told[book.sent[doubtful].install.name].entries[doubtful]
    ends = [entry["status"] for entry in entries if entry["status"] in ENDED]
    assert ends == (["failed", "delivered"] if settled == "failed" else ["delivered"])
