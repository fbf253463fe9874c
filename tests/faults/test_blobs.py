"""The blob store is full, read-only or silent: who submits is told to come again, who consumes waits, nothing parks."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import uuid4

import pytest

from tests.e2e.hub import Install
from tests.faults.book import Book
from tests.faults.volume import Volume
from tests.load.invoices import invoice

Trouble = Callable[[Volume], AbstractContextManager[None]]


@pytest.fixture
def disk(book: Book, blob_disk: Volume | None) -> Volume:
    if blob_disk is None:
        pytest.skip("needs root and a loop device, to mount a disk that can be full")
    return blob_disk


def submit(book: Book, key: str) -> int:
    install: Install = book.senders[0]
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    content = invoice(key, book.hub.demo["recipients"]["ftp"], lines=2)
    return book.hub.once("POST", "/v1/transactions", install.key, content=content, headers=headers).status_code


@pytest.mark.parametrize("trouble", [Volume.full, Volume.read_only], ids=["full", "read-only"])
def test_a_store_that_takes_nothing_is_waited_for(book: Book, disk: Volume, trouble: Trouble) -> None:
    hub = book.hub
    hub.kill("ehf-builder")
    book.send(6)
    key = f"B{uuid4().hex[:12]}"
    with trouble(disk):
        hub.launch("ehf-builder")
        hub.until(lambda: "the blob store did not take" in hub.lacks("ehf-builder"), "the builder waits")
        assert submit(book, key) == 503
    book.send_one(key, "ftp")
    book.settle()
    book.check()
    assert hub.parked("ehf-builder") == []


def test_a_silent_store_holds_up_only_who_needs_it(book: Book, disk: Volume) -> None:
    answers: list[int] = []
    key = f"B{uuid4().hex[:12]}"
    sender = threading.Thread(target=lambda: answers.append(submit(book, key)))
    with disk.silent():
        sender.start()
        for _ in range(5):
            assert book.hub.call("GET", "/v1/transactions", book.senders[1].key).status_code == 200
            time.sleep(0.2)
        assert not answers
    sender.join()
    assert answers == [202]
    book.send_one(key, "ftp")
    book.send(3)
    book.settle()
    book.check()
