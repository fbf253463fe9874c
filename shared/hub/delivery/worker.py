"""The worker of every sender: claims due deliveries, makes attempts, and finds out what became of broken ones."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from itertools import chain, repeat
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import failpoints, metrics
from hub.delivery.attempts import INTERRUPTED, UNEXPECTED, LiveAttempt, problem_of
from hub.delivery.budget import Breakers, Budget
from hub.delivery.leases import Claimed
from hub.delivery.ports import Failed, Fenced, NotSent, SendingChannel, Unknown
from hub.delivery.reports import Reports
from hub.delivery.store import DeliveryStore
from hub.errors import Problem, Refused, TryLater, Unavailable
from hub.failpoints import Point
from hub.health import Part
from hub.ids import utc_now
from hub.pipeline import Receipt
from hub.tasks import woken

T = TypeVar("T")
POLL_SECONDS = 0.25
DOWN_SECONDS = 1.0
DRAIN_SECONDS = 5.0
WRITE_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds

log = structlog.get_logger(__name__)


class Worker:
    """Runs one channel's deliveries. `owner` names this process; two of one name cannot both recover leases."""

    def __init__(
        self,
        channel: SendingChannel,
        store: DeliveryStore,
        budget: Budget,
        owner: str,
        committed: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._store = store
        self._budget = budget
        self._owner = owner
        self._committed = committed
        self._breakers = Breakers()
        self._running: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self.part = Part("deliveries")

    @property
    def breakers(self) -> Breakers:
        """Which destinations were down lately."""
        return self._breakers

    def wake(self) -> None:
        """Tell that something may be due; saves the rest of the poll."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; outlives outages of the database."""
        name: AsyncConnection | None = None
        named = False
        try:
            while True:
                self._woken.clear()
                try:
                    if not named:  # before the first claim, so that only a predecessor's leases are freed
                        name, named = await self._recover(), True
                    claimed = await self._claim()
                except (Unavailable, DBAPIError, OSError) as error:
                    self.part.lacks(str(error))
                    await asyncio.sleep(DOWN_SECONDS)
                    continue
                self.part.works()
                for one in claimed:
                    self._start(one)
                if not claimed:
                    await woken(self._woken, POLL_SECONDS)
        finally:
            await self._drain()
            if name is not None:
                await name.invalidate()  # the pool must not keep the lock
                await name.close()

    async def _drain(self) -> None:
        """Let what is under way come to its end for a while, so that an orderly stop leaves no questions."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _recover(self) -> AsyncConnection | None:
        """Take over from a dead process of our name; while that one lives, its leases run out by themselves."""
        lock = await self._store.leases.owner_lock(self._owner)
        if lock is not None:
            try:
                await self._store.leases.recover(self._owner)
            except BaseException:
                await lock.close()
                raise
        return lock

    async def _claim(self) -> list[Claimed]:
        room = self._budget.most - len(self._tasks)
        if room <= 0:
            return []
        return await self._store.leases.claim(
            owner=self._owner,
            most=room,
            each=self._budget.each,
            running=dict(self._running),
            blocked=self._breakers.open(utc_now()),
            lease=self._budget.lease,
        )

    def _start(self, claimed: Claimed) -> None:
        self._running[claimed.destination] += 1
        task = asyncio.create_task(self._guarded(claimed))
        self._tasks.add(task)

        def finished(done: asyncio.Task[None]) -> None:
            self._tasks.discard(done)
            self._running[claimed.destination] -= 1
            self._running += Counter()  # forgets destinations at zero
            self._woken.set()

        task.add_done_callback(finished)

    async def _guarded(self, claimed: Claimed) -> None:
        """Handle one delivery; what happens to it stays with it."""
        with structlog.contextvars.bound_contextvars(
            transaction_id=str(claimed.order.transaction_id), destination=claimed.destination
        ):
            try:
                await self._handle(claimed)
            except Fenced:
                log.warning("another worker took over, or it was ended meanwhile", delivery=claimed.name)
            except Unavailable as error:  # our own database: what became of the attempt is looked into once it is back
                log.warning("delivery given back", error=str(error))
                await self._give_back(claimed)
            except Exception:
                log.exception("delivery left to its lease")
            self._committed()

    async def _give_back(self, claimed: Claimed) -> None:
        """End the lease, if the database lets us before it ends by itself."""
        with suppress(Unavailable, DBAPIError):
            await self._written(lambda: self._store.leases.release(claimed))

    async def _written(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write what came of an attempt, again and again while the database is away: nobody else knows it.

        Each write may be repeated: the fence holds off whoever took over, and events keep their ids. Raises Unavailable
        when the lease is over.
        """
        until = time.monotonic() + self._budget.lease.total_seconds()
        pauses = chain(WRITE_PAUSES, repeat(WRITE_PAUSES[-1]))
        while True:
            try:
                return await write()
            except Unavailable as error:
                pause = next(pauses)
                if time.monotonic() + pause > until:
                    raise
                self.part.lacks(str(error))
            await asyncio.sleep(pause)

    async def _handle(self, claimed: Claimed) -> None:
        failpoints.reach(Point.DELIVERY_CLAIMED)
        if claimed.open_attempt is not None:
            if claimed.open_state == "committing":
                if not await self._find_out(claimed, claimed.open_attempt, claimed.open_since or utc_now()):
                    return
            elif not await self._not_sent(claimed, claimed.open_attempt):
                return
        await self._attempt(claimed, claimed.attempts + 1)

    async def _attempt(self, claimed: Claimed, number: int) -> None:
        started = await self._store.prepare(claimed, number)
        failpoints.reach(Point.DELIVERY_PREPARED)
        attempt = LiveAttempt(number, started, claimed, self._store)
        try:
            async with asyncio.timeout(self._budget.deadline.total_seconds()):
                receipt = await self._channel.deliver(claimed.order, attempt)
            failpoints.reach(Point.DELIVERY_DONE)
        except Fenced:
            await self._clear_away(claimed, attempt)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was: sent or not is what matters now
            await self._broken(claimed, attempt, error)
        else:
            self._breakers.answered(claimed.destination)
            await self._delivered(claimed, number, receipt)

    async def _clear_away(self, claimed: Claimed, attempt: LiveAttempt) -> None:
        """Have nothing come of an attempt that was cancelled under our hands: the channel's proof is that nothing can.

        Whoever was fenced by another worker leaves everything to that one.
        """
        if not await self._store.is_cancelled(claimed):
            return
        outcome = await self._asked(claimed, attempt)
        if isinstance(outcome, Receipt):  # from before, which we had forgotten
            await self._delivered(claimed, attempt.number, outcome)

    async def _broken(self, claimed: Claimed, attempt: LiveAttempt, error: Exception) -> None:
        """Sort a failed attempt: a question when the outside may have seen it, else another try or the end."""
        if attempt.committed:
            log.warning("attempt broke while committing", error=str(error), kind=type(error).__name__)
            if await self._find_out(claimed, attempt.number, attempt.started_at):
                await self._retry(claimed, attempt.number, problem_of(error) or UNEXPECTED)
        elif isinstance(error, Refused):
            self._breakers.answered(claimed.destination)
            await self._failed(claimed, attempt.number, error.problems[0], nothing_sent=True)
        else:
            if isinstance(error, (Unavailable, TimeoutError)):
                self._breakers.failed(claimed.destination, utc_now())
            elif not isinstance(error, TryLater):
                log.error("attempt broke", error=str(error), kind=type(error).__name__, exc_info=error)
            await self._retry(claimed, attempt.number, problem_of(error) or UNEXPECTED)

    async def _find_out(self, claimed: Claimed, number: int, started_at: datetime) -> bool:
        """Settle an attempt that may have been seen; True when it provably was not, and another may be made."""
        attempt = LiveAttempt(number, started_at, claimed, self._store, committed=True)
        try:
            outcome = await self._asked(claimed, attempt)
        except Refused as refused:
            await self._failed(claimed, number, refused.problems[0], nothing_sent=False)
            return False
        if isinstance(outcome, Receipt):
            await self._delivered(claimed, number, outcome)
            return False
        if isinstance(outcome, NotSent):
            return await self._not_sent(claimed, number)
        if isinstance(outcome, Failed):
            await self._failed(claimed, number, outcome.problem, nothing_sent=outcome.nothing_sent)
            return False
        await self._doubt(claimed, number, outcome.problem)
        return False

    async def _asked(self, claimed: Claimed, attempt: LiveAttempt) -> Receipt | NotSent | Failed | Unknown:
        """Ask the channel, which may not know; raises Refused."""
        try:
            async with asyncio.timeout(self._budget.deadline.total_seconds()):
                return await self._channel.find_out(claimed.order, attempt)
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 - not knowing is an answer too
            log.warning("the outcome could not be asked", error=str(error), kind=type(error).__name__)
            return Unknown(problem_of(error) or INTERRUPTED)

    async def _not_sent(self, claimed: Claimed, number: int) -> bool:
        """End an attempt that provably sent nothing; False where an operator has settled the delivery."""
        return await self._written(lambda: self._store.not_sent(claimed, number))

    async def _delivered(self, claimed: Claimed, number: int, receipt: Receipt) -> None:
        metrics.ATTEMPTS.labels(claimed.order.where.channel, "delivered").inc()
        event = Reports(claimed.order, number).delivered(receipt)
        try:
            await self._written(lambda: self._store.end(claimed, number, "delivered", None, [event]))
        except Fenced:
            await self._store.delivered_all_the_same(claimed, number, [event])
            log.warning("a cancelled document had been delivered before", delivery=claimed.name)
        failpoints.reach(Point.DELIVERY_ENDED)

    async def _failed(self, claimed: Claimed, number: int, problem: Problem, *, nothing_sent: bool) -> None:
        metrics.ATTEMPTS.labels(claimed.order.where.channel, "failed").inc()
        event = Reports(claimed.order, number).failed(problem, utc_now(), nothing_sent=nothing_sent)
        await self._written(lambda: self._store.end(claimed, number, "failed", problem, [event]))

    async def _retry(self, claimed: Claimed, number: int, problem: Problem) -> None:
        now = utc_now()
        if now - claimed.order.time > self._budget.give_up:
            await self._failed(claimed, number, problem, nothing_sent=True)
            return
        metrics.ATTEMPTS.labels(claimed.order.where.channel, "retry").inc()
        due_at = now + self._budget.retry_after(number)
        event = Reports(claimed.order, number).retrying(problem, now, due_at)
        await self._written(lambda: self._store.again(claimed, number, due_at, problem, [event]))

    async def _doubt(self, claimed: Claimed, number: int, problem: Problem) -> None:
        now = utc_now()
        events = []
        if claimed.doubted_at is None:
            metrics.IN_DOUBT.labels(claimed.order.where.channel).inc()
            events.append(Reports(claimed.order, number).in_doubt(problem, now))
        due_at = now + self._budget.ask_after(claimed.asked)
        await self._written(lambda: self._store.doubt(claimed, due_at, events))
