"""Connections to PostgreSQL that are cut where it hurts: at a COMMIT, and under the relay while its producer lives."""

import time
from collections.abc import Iterator

import pytest

from hub.stack.catalogue import SERVICES
from tests.faults.book import Book
from tests.faults.proxy import CuttingProxy

LOAD = 18
THROUGH = tuple(service for service in SERVICES if service != "access-point")


@pytest.fixture(scope="module")
def proxy(book: Book) -> Iterator[CuttingProxy]:
    """Services reach their database by way of the proxy. Sending is the same in both senders; one's lease is short."""
    hub = book.hub
    with CuttingProxy(hub.servers.admin_url) as between:
        for service in THROUGH:
            url = between.url(hub.servers.url(hub.database, service))
            hub.succeed(service, {"HUB_DATABASE_URL": url, "HUB_FILE_LIMIT": "PT3S"})
        yield between
        for service in THROUGH:
            hub.succeed(service)


@pytest.mark.parametrize("carried_out", [True, False], ids=["committed", "never arrived"])
def test_a_commit_of_unknown_outcome_loses_nothing_and_repeats_nothing(
    book: Book, proxy: CuttingProxy, carried_out: bool
) -> None:
    before, proxy.forward, proxy.every = proxy.cuts, carried_out, 11
    try:
        book.send(LOAD, ("inbox", "ftp"))
        book.settle()
    finally:
        proxy.every = 0
    assert proxy.cuts - before >= 5
    book.check()


def test_a_relay_that_loses_its_lock_while_its_producer_lives_loses_nothing_and_repeats_nothing(book: Book) -> None:
    cut = 0
    for _ in range(LOAD // 3):
        book.send(3)
        cut += sum(book.hub.cut_relay(service) for service in SERVICES)
        time.sleep(0.1)
    book.settle()
    book.check()
    assert cut >= len(SERVICES)
