"""Waking who waits in this process, so that nobody asks the database in a loop."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from gateway.store import feeds
from hub.db import Database
from hub.errors import Unavailable
from hub.health import Part

POLL_SECONDS = 1.0
KEEP_SECONDS = 0.25
PACE_SECONDS = 0.2


class Bell:
    """Wakes the long polls of an install when its feed has news.

    Commits of this process ring at once. For those of other processes, one query a second asks for all who wait.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._pending: dict[UUID, float] = {}
        self._asked: dict[UUID, float] = {}
        self.closing = False
        self.part = Part("feeds")

    def remember(self, installs: Iterable[UUID]) -> None:
        """Note who has news, to be rung after the commit."""
        now = time.monotonic()
        self._pending.update((install, now) for install in installs)

    def committed(self) -> None:
        """Ring for what was noted.

        The commit may have been another one than theirs, so the newest are kept for the next: a ring too many costs
        a look at the feed, one too few costs a second.
        """
        self.ring(self._pending)
        keep = time.monotonic() - KEEP_SECONDS
        self._pending = {install: noted for install, noted in self._pending.items() if noted > keep}

    def ring(self, installs: Iterable[UUID]) -> None:
        """Wake those who wait for these installs."""
        for install in installs:
            for event in self._waiting.get(install, ()):
                event.set()

    def close(self) -> None:
        """Let everybody who waits go with what there is: the service stops."""
        self.closing = True
        self.ring(list(self._waiting))

    def listen(self, install: UUID) -> asyncio.Event:
        """Return an event that is set at the next news; begin before looking, so that nothing falls between."""
        event = asyncio.Event()
        self._waiting[install].add(event)
        return event

    async def pace(self, install: UUID) -> None:
        """Hold up who asks again at once, so that under load an answer carries many entries instead of one."""
        now = time.monotonic()
        before, self._asked[install] = self._asked.get(install, 0.0), now
        await asyncio.sleep(max(0.0, before + PACE_SECONDS - now))

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
                self.part.works()
                continue
            try:
                async with self._database.begin() as connection:
                    self.ring(await feeds.with_news(connection, list(self._waiting)))
            except (Unavailable, DBAPIError) as error:
                self.part.lacks(str(error))
            else:
                self.part.works()
