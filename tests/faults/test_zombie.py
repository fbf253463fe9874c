"""A worker that stands still past its lease, loses its delivery to another, and then goes on as if nothing had been."""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.db import Database
from hub.errors import Unavailable
from hub.failpoints import Point
from hub.pipeline import INVOICE_VALIDATED
from hub.stack import provision
from tests.conftest import DatabaseOf, Servers
from tests.e2e.hub import ENDED, ROOT
from tests.faults.book import Book
from tests.faults.parts import armed_at
from tests.hub.transport import drained, publish, refusal, until

QUICK = {"HUB_FILE_LIMIT": "PT3S"}
LATER = ("another worker took over", "attempt broke", "delivery left to its lease", "waiting for the database")


@pytest.fixture(params=[Point.DELIVERY_PREPARED, Point.FTP_UPLOADED, Point.DELIVERY_COMMITTING, Point.FTP_RENAMED])
def point(request: pytest.FixtureRequest) -> Point:
    return Point(request.param)


@pytest.fixture
def colleague(book: Book) -> Iterator[str]:
    """Another ftp-sender, which publishes for both."""
    book.hub.kill("ftp-sender")
    name = book.hub.launch("ftp-sender", QUICK, ordinal=1)
    book.hub.until(lambda: book.hub.publishes("ftp-sender"), "the colleague publishes")
    yield name
    book.hub.dismiss("ftp-sender-1")
    book.hub.succeed("ftp-sender")


def test_what_a_zombie_still_does_reaches_nobody_twice(book: Book, colleague: str, point: Point) -> None:
    hub = book.hub
    assert hub.pid(colleague)
    hub.launch("ftp-sender", {**QUICK, **armed_at(point, stop=True)})
    hub.until(lambda: hub.ready("ftp-sender"), "the other one works too")
    sent: list[str] = []

    def stood_still() -> bool:
        """Either of them may take a delivery: there are more until the armed one has."""
        if not hub.stands_still("ftp-sender"):
            sent.extend(book.send(4, ["ftp"]))
        return hub.stands_still("ftp-sender")

    hub.until(stood_still, "a worker stands still")
    book.settle()
    before = len(hub.log("ftp-sender"))
    zombie = hub.pid("ftp-sender")
    assert zombie is not None
    os.kill(zombie, signal.SIGCONT)
    hub.until(lambda: any(line in hub.log("ftp-sender")[before:] for line in LATER), "the zombie met its successor")
    sent += book.send(2, ["ftp"])
    book.settle()
    book.check()
    for identifier in sent:
        entries = book.told[book.sent[identifier].install.name].entries[identifier]
        assert [entry["status"] for entry in entries if entry["status"] in ENDED] == ["delivered"]


@asynccontextmanager
async def relay(database: Database, servers: Servers, prefix: str) -> AsyncIterator[asyncio.subprocess.Process]:
    url = database.engine.url.render_as_string(hide_password=False)
    command = (sys.executable, "-m", "tests.faults.a_relay", url, database.schema, servers.kafka, prefix, "1")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_a_relay_that_stands_still_leaves_publishing_to_another(
    servers: Servers, database_of: DatabaseOf
) -> None:
    prefix = f"t{secrets.token_hex(4)}."
    await provision.create_topics(servers.kafka, [INVOICE_VALIDATED], prefix)
    database = await database_of("router")

    async with relay(database, servers, prefix) as first:
        await publish(database, [refusal()])
        await until(lambda: drained(database), "the first relay publishes")
        async with relay(database, servers, prefix):
            first.send_signal(signal.SIGSTOP)
            await publish(database, [refusal()])
            await until(lambda: drained(database), "the second relay publishes")
        first.send_signal(signal.SIGCONT)
        await publish(database, [refusal()])
        await until(lambda: drained(database), "the first relay publishes again")


async def test_who_stands_still_in_a_transaction_loses_its_locks(database_of: DatabaseOf) -> None:
    database = await database_of("router")
    url = database.engine.url.render_as_string(hide_password=False)
    still = Database(url, database.schema, standstill=timedelta(seconds=0.5))
    lock = text("SELECT pg_advisory_xact_lock(1)")

    async def stand_still() -> None:
        async with still.begin() as connection:
            await connection.execute(lock)
            async with database.begin() as other:
                await other.execute(lock)
            await connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        await stand_still()
    await still.close()
