"""Releases accepted transactions, a turn for each install, while few lie between accepted and verdict.

So one install's 50,000 invoices wait here, where everybody else's next one passes them, and not in a topic.
"""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from gateway.domain.window import Window
from gateway.measuring import reached
from gateway.settings import GatewaySettings
from gateway.store import releases
from gateway.store.rows import parties_of
from hub import failpoints, outbox
from hub.db import Database
from hub.errors import Unavailable
from hub.failpoints import Point
from hub.health import Part
from hub.ids import utc_now
from hub.parties import CustomerEntry, RegisterEntry
from hub.pipeline import BlobRef, InvoiceSubmitted
from hub.tasks import woken

POLL_SECONDS = 0.2
GATHER_SECONDS = 0.05
DUE_AT_ONCE = 1_000


def submitted(row: Any, register_version: int, now: datetime) -> InvoiceSubmitted:
    """Return the event of a released transaction (its row with `seller` and `customer`); the row is its cause."""
    return InvoiceSubmitted.caused(
        row.id,
        row.id,
        now,
        parties=parties_of(row),
        received=BlobRef.model_validate(row.received),
        media=row.media,
        register_version=register_version,
        seller=RegisterEntry.model_validate(row.seller),
        customer=CustomerEntry.model_validate(row.customer) if row.customer else None,
    )


class Releaser:
    """The single releaser: of several processes, whoever holds the lock in a transaction."""

    def __init__(self, database: Database, settings: GatewaySettings) -> None:
        self._database = database
        self._settings = settings
        self._woken = asyncio.Event()
        self._last = releases.FIRST
        self._full = False
        self._window = Window(settings.in_flight)
        self.part = Part("release")

    def accepted(self) -> None:
        """Tell that something was accepted; of no interest while as many as may are in flight."""
        if not self._full:
            self._woken.set()

    def wake(self) -> None:
        """Tell that something may have been judged."""
        self._woken.set()

    async def run(self, committed: Any) -> None:
        """Release until cancelled; `committed` is called after each commit that left events.

        The first one goes at once; what comes within 50 ms of it goes together.
        """
        clock = asyncio.get_running_loop().time
        last = 0.0
        while True:
            await asyncio.sleep(max(0.0, last + GATHER_SECONDS - clock()))
            self._woken.clear()
            try:
                released = await self.release(utc_now())
            except (Unavailable, DBAPIError, OSError) as error:
                self.part.lacks(str(error))
                await asyncio.sleep(1)
                continue
            self.part.works()
            if released:
                last = clock()
                committed()
            else:
                await woken(self._woken, POLL_SECONDS)

    async def release(self, now: datetime) -> int:
        """Release as many as may be in flight, in one transaction; return how many."""
        settings = self._settings
        async with self._database.begin() as connection:
            if not await releases.lead(connection):
                return 0
            await releases.let_due(connection, now, DUE_AT_ONCE)
            busy = await releases.in_flight(connection, now - settings.in_flight_for, settings.in_flight)
            free = self._window.look(busy, now)
            self._full = not free
            if self._full:
                return 0
            waiting = await releases.next_waiting(connection, free, self._last)
            if not waiting:
                return 0
            ids: list[UUID] = [row.id for row in waiting]
            version, rows = await releases.release(connection, ids, now)
            await outbox.emit(connection, [submitted(row, version, now) for row in rows])
            failpoints.reach(Point.RELEASE_BEFORE_COMMIT)
        failpoints.reach(Point.RELEASE_AFTER_COMMIT)
        self._last = waiting[-1].install
        self._window.released(len(rows))
        for identifier in ids:
            reached(identifier, "released", now)
        return len(rows)
