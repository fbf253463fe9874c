"""Replays parked messages that are due: the same handler, the same event ids, one at a time per key."""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError

from hub import failpoints, metrics, outbox, parking
from hub.batch import Handler
from hub.db import Database, is_transient
from hub.errors import Unavailable
from hub.failpoints import Point
from hub.health import Part
from hub.ids import utc_now
from hub.messages import MalformedMessageError, decode
from hub.pauses import Kind, Pauses

POLL_SECONDS = 0.5
DOWN_SECONDS = 2.0
AT_ONCE = 50

log = structlog.get_logger(__name__)


class Replayer:
    """Works off one consumer's parking place."""

    def __init__(
        self, handler: Handler, database: Database, committed: Callable[[], None], pauses: Pauses | None = None
    ) -> None:
        self._handler = handler
        self._database = database
        self._committed = committed
        self._pauses = pauses
        self.part = Part(f"replayer {handler.name}")

    async def run(self) -> None:
        """Replay until cancelled; outlives outages, and stands still while its consumer is paused."""
        while True:
            if self._pauses is not None and self._pauses.hold(Kind.CONSUMER, self._handler.name):
                await asyncio.sleep(POLL_SECONDS)
                continue
            try:
                replayed = await self.replay_due()
            except (Unavailable, DBAPIError, OSError) as error:
                self.part.lacks(str(error))
                await asyncio.sleep(DOWN_SECONDS)
                continue
            self.part.works()
            if not replayed:
                await asyncio.sleep(POLL_SECONDS)

    async def replay_due(self) -> int:
        """Try what is due once and return how many went through; raises Unavailable."""
        async with self._database.begin() as connection:
            due = await parking.due(connection, self._handler.name, AT_ONCE)
        results = await asyncio.gather(*(self._replay(parked) for parked in due))
        if any(results):
            self._committed()
        return sum(results)

    async def _replay(self, parked: parking.Parked) -> bool:
        try:
            event = decode(parked.message)
            computed = await self._handler.compute(event) if event is not None else None
            async with self._database.begin() as connection:
                if not await parking.claim(connection, self._handler.name, parked):
                    return False
                if event is not None:
                    await outbox.emit(connection, await self._handler.write(connection, [(event, computed)]))
                ended = [(parked.seq, parked.message.key)]
                await parking.settle(connection, self._handler.name, ended, "replayed", utc_now())
                failpoints.reach(Point.REPLAYER_BEFORE_COMMIT)
            failpoints.reach(Point.REPLAYER_AFTER_COMMIT)
        except Unavailable:
            raise
        except Exception as error:
            if is_transient(error):
                raise Unavailable(str(error)) from error
            if isinstance(error, MalformedMessageError):
                log.warning("a parked message stays malformed", event_id=str(parked.event_id))
            async with self._database.begin() as connection:
                await parking.again(connection, parked, error)
            return False
        metrics.CONSUMED.labels(self._handler.name, "replayed").inc()
        return True
