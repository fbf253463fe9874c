"""The worker of every sender: claims due deliveries, makes attempts, and finds out what became of broken ones."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import failpoints, metrics
from hub.delivery.budget import Breakers, Budget
from hub.delivery.ports import Failed, Fenced, NotSent, SendingChannel, Unknown
from hub.delivery.reports import Reports
from hub.delivery.store import Claimed, DeliveryStore
from hub.errors import Problem, Refused, TryLater, Unavailable
from hub.failpoints import Point
from hub.health import Part
from hub.ids import utc_now
from hub.pipeline import Receipt
from hub.tasks import woken

POLL_SECONDS = 0.25
DOWN_SECONDS = 1.0
DRAIN_SECONDS = 5.0

INTERRUPTED = Problem(
    code="delivery-interrupted",
    nb="Forsendelsen ble avbrutt, og vi vet ikke om mottakeren fikk dokumentet. Vi spør mottakersystemet igjen.",
    en="The delivery was interrupted, and whether the recipient got the document is unknown. We ask again.",
)
UNEXPECTED = Problem(
    code="delivery-error",
    nb="Forsendelsen feilet hos oss. Ingenting er sendt, og vi prøver igjen.",
    en="The delivery failed on our side. Nothing was sent, and we try again.",
)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class LiveAttempt:
    """One try at one delivery, as a channel sees it (hub.delivery.ports.Attempt)."""

    number: int
    started_at: datetime
    _claimed: Claimed
    _store: DeliveryStore
    committed: bool = False

    async def committing(self) -> None:
        """Record that the next step is the one the outside sees; raises Fenced."""
        await self._store.committing(self._claimed, self.number)
        self.committed = True
        failpoints.reach(Point.DELIVERY_COMMITTING)


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
        lock = await self._store.owner_lock(self._owner)
        if lock is not None:
            try:
                await self._store.recover(self._owner)
            except BaseException:
                await lock.close()
                raise
        return lock

    async def _claim(self) -> list[Claimed]:
        room = self._budget.most - len(self._tasks)
        if room <= 0:
            return []
        return await self._store.claim(
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
            except Unavailable as error:  # our own database: the lease runs out, and the attempt is looked into then
                log.warning("delivery left to its lease", error=str(error))
            except Exception:
                log.exception("delivery left to its lease")
            self._committed()

    async def _handle(self, claimed: Claimed) -> None:
        failpoints.reach(Point.DELIVERY_CLAIMED)
        if claimed.open_attempt is not None:
            if claimed.open_state == "committing":
                if not await self._find_out(claimed, claimed.open_attempt, claimed.open_since or utc_now()):
                    return
            elif not await self._store.not_sent(claimed, claimed.open_attempt):
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
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was: sent or not is what matters now
            await self._broken(claimed, attempt, error)
        else:
            self._breakers.answered(claimed.destination)
            await self._delivered(claimed, number, receipt)

    async def _broken(self, claimed: Claimed, attempt: LiveAttempt, error: Exception) -> None:
        """Sort a failed attempt: a question when the outside may have seen it, else another try or the end."""
        if attempt.committed:
            log.warning("attempt broke while committing", error=str(error), kind=type(error).__name__)
            if await self._find_out(claimed, attempt.number, attempt.started_at):
                await self._retry(claimed, attempt.number, _problem_of(error) or UNEXPECTED)
        elif isinstance(error, Refused):
            self._breakers.answered(claimed.destination)
            await self._failed(claimed, attempt.number, error.problems[0], nothing_sent=True)
        else:
            if isinstance(error, (Unavailable, TimeoutError)):
                self._breakers.failed(claimed.destination, utc_now())
            elif not isinstance(error, TryLater):
                log.error("attempt broke", error=str(error), kind=type(error).__name__, exc_info=error)
            await self._retry(claimed, attempt.number, _problem_of(error) or UNEXPECTED)

    async def _find_out(self, claimed: Claimed, number: int, started_at: datetime) -> bool:
        """Settle an attempt that may have been seen; True when it provably was not, and another may be made."""
        attempt = LiveAttempt(number, started_at, claimed, self._store, committed=True)
        outcome: Receipt | NotSent | Failed | Unknown
        try:
            async with asyncio.timeout(self._budget.deadline.total_seconds()):
                outcome = await self._channel.find_out(claimed.order, attempt)
        except Refused as refused:
            await self._failed(claimed, number, refused.problems[0], nothing_sent=False)
            return False
        except Exception as error:  # noqa: BLE001 - not knowing is an answer too
            log.warning("the outcome could not be asked", error=str(error), kind=type(error).__name__)
            outcome = Unknown(_problem_of(error) or INTERRUPTED)
        if isinstance(outcome, Receipt):
            await self._delivered(claimed, number, outcome)
            return False
        if isinstance(outcome, NotSent):
            return await self._store.not_sent(claimed, number)
        if isinstance(outcome, Failed):
            await self._failed(claimed, number, outcome.problem, nothing_sent=outcome.nothing_sent)
            return False
        await self._doubt(claimed, number, outcome.problem)
        return False

    async def _delivered(self, claimed: Claimed, number: int, receipt: Receipt) -> None:
        metrics.ATTEMPTS.labels(claimed.order.where.channel, "delivered").inc()
        event = Reports(claimed.order, number).delivered(receipt)
        try:
            await self._store.end(claimed, number, "delivered", None, [event])
        except Fenced:
            await self._store.delivered_all_the_same(claimed, number, [event])
            log.warning("a cancelled document had been delivered before", delivery=claimed.name)
        failpoints.reach(Point.DELIVERY_ENDED)

    async def _failed(self, claimed: Claimed, number: int, problem: Problem, *, nothing_sent: bool) -> None:
        metrics.ATTEMPTS.labels(claimed.order.where.channel, "failed").inc()
        event = Reports(claimed.order, number).failed(problem, utc_now(), nothing_sent=nothing_sent)
        await self._store.end(claimed, number, "failed", problem, [event])

    async def _retry(self, claimed: Claimed, number: int, problem: Problem) -> None:
        now = utc_now()
        if now - claimed.order.time > self._budget.give_up:
            await self._failed(claimed, number, problem, nothing_sent=True)
            return
        metrics.ATTEMPTS.labels(claimed.order.where.channel, "retry").inc()
        due_at = now + self._budget.retry_after(number)
        event = Reports(claimed.order, number).retrying(problem, now, due_at)
        await self._store.again(claimed, number, due_at, problem, [event])

    async def _doubt(self, claimed: Claimed, number: int, problem: Problem) -> None:
        now = utc_now()
        events = []
        if claimed.doubted_at is None:
            metrics.IN_DOUBT.labels(claimed.order.where.channel).inc()
            events.append(Reports(claimed.order, number).in_doubt(problem, now))
        await self._store.doubt(claimed, now + self._budget.ask_after(claimed.asked), events)


def _problem_of(error: Exception) -> Problem | None:
    """Return what the channel says to the sender, if it says anything."""
    return error.problem if isinstance(error, (TryLater, Unavailable)) else None
