"""What a service's parts lack, and since when: told by /health/ready, by a metric, and in the log while it lasts."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub import metrics
from hub.db import Database, in_words
from hub.errors import Unavailable
from hub.ids import utc_now

SAY_SECONDS = 5.0
FRESH_SECONDS = 1.0
ANSWER_SECONDS = 2.0

Check = Callable[[], str | None]

log = structlog.get_logger(__name__)


class Part:
    """A part of the service as others see it. It begins by lacking its start."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lack: str | None = "it has not started yet"
        self.since = utc_now()
        self._said: float | None = None
        metrics.PART_READY.labels(name).set(0)

    def lacks(self, what: str) -> None:
        """Note what is missing, and say so in the log, one line in five seconds at most."""
        self.waits(what)
        now = time.monotonic()
        if self._said is None or now - self._said >= SAY_SECONDS:
            self._said = now
            log.warning("waiting", part=self.name, lacks=what, since=self.since.isoformat())

    def waits(self, what: str) -> None:
        """Note what is missing where that is nothing unusual yet."""
        if self.lack is None:
            self.since = utc_now()
        self.lack = what
        metrics.PART_READY.labels(self.name).set(0)

    def works(self) -> None:
        """Note that nothing is missing."""
        if self.lack is None:
            return
        if self._said is not None:
            log.info("works again", part=self.name, lacked_since=self.since.isoformat())
            self._said = None
        self.lack = None
        self.since = utc_now()
        metrics.PART_READY.labels(self.name).set(1)

    def told(self) -> dict[str, Any]:
        """Return the part as JSON: `since` is when it began to work, or to lack what it lacks."""
        return {"part": self.name, "ready": self.lack is None, "lacks": self.lack, "since": self.since.isoformat()}


class Health:
    """A service's health. `checks` tell what is missing in parts that cannot tell by themselves."""

    def __init__(self, database: Database, checks: Mapping[str, Check], parts: Sequence[Part] = ()) -> None:
        self.service = Part("service")
        self.store = Part("database")
        self.parts = [self.service, self.store, *parts]
        self.opened = False  # whether the service's own routes may be used
        self._database = database
        self._checks = [(check, Part(name)) for name, check in checks.items()]
        self.parts += [part for _, part in self._checks]
        self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def run(self) -> None:
        """Look every few seconds until cancelled, so that log and metrics tell even where nobody probes."""
        while True:
            await self.ready()
            await asyncio.sleep(SAY_SECONDS)

    async def ready(self) -> bool:
        """Tell whether no part lacks anything; whoever asks within a second of another gets the same answer."""
        async with self._asking:
            if time.monotonic() - self._asked >= FRESH_SECONDS:
                await self._ask_database()
                for check, part in self._checks:
                    _note(part, check())
                self._asked = time.monotonic()
        return not any(part.lack for part in self.parts)

    async def _ask_database(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._database.begin() as connection:
                await connection.execute(text("SELECT 1"))
        except (Unavailable, DBAPIError, TimeoutError) as error:
            self.no_database(error)
        else:
            self.store.works()

    def no_database(self, error: Exception) -> None:
        """Note that the database does not answer, or refuses us."""
        self.store.lacks(
            f"PostgreSQL at {self._database.place}: {in_words(error) if str(error) else 'it does not answer in time'}"
        )

    def told(self) -> list[dict[str, Any]]:
        """Return every part as JSON."""
        return [part.told() for part in self.parts]


def _note(part: Part, lack: str | None) -> None:
    if lack is None:
        part.works()
    else:
        part.lacks(lack)
