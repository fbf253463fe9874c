"""Waking who waits in this process, so that nobody asks the database in a loop."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from gateway.store import feeds
from hub.db import Database
from hub.errors import Unavailable

POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Bell:
    """Wakes the long polls of an install when its feed has news.

    Commits of this process ring at once. For those of other processes, one query a second asks for all who wait.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._pending: set[UUID] = set()

    def remember(self, installs: Iterable[UUID]) -> None:
        """Note who has news, to be rung after the commit."""
        self._pending.update(installs)

    def committed(self) -> None:
        """Ring for what was noted. Ringing before its own commit costs a look at the feed, no more."""
        pending, self._pending = self._pending, set()
        self.ring(pending)

    def ring(self, installs: Iterable[UUID]) -> None:
        """Wake those who wait for these installs."""
        for install in installs:
            for event in self._waiting.get(install, ()):
                event.set()

    def listen(self, install: UUID) -> asyncio.Event:
        """Return an event that is set at the next news; begin before looking, so that nothing falls between."""
        event = asyncio.Event()
        self._waiting[install].add(event)
        return event

    def leave(self, install: UUID, event: asyncio.Event) -> None:
        """Listen no longer."""
        self._waiting[install].discard(event)
        if not self._waiting[install]:
            del self._waiting[install]

    async def watch(self) -> None:
        """Look for news that other processes committed, until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self._waiting:
                continue
            try:
                async with self._database.begin() as connection:
                    self.ring(await feeds.with_news(connection, list(self._waiting)))
            except (Unavailable, DBAPIError) as error:
                log.warning("feeds cannot be watched now", error=str(error))


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, or so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
