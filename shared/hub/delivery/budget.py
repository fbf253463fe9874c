"""How often and how long a destination is tried: pure, per destination, so that a dead one holds up nobody else's."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

BREAKER_FAILURES = 3
BREAKER_FIRST = timedelta(seconds=1)
BREAKER_LAST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Budget:
    """A channel's limits. `deadline` bounds one effect and must be shorter than `lease`."""

    deadline: timedelta = timedelta(seconds=45)
    lease: timedelta = timedelta(seconds=60)
    each: int = 4
    most: int = 16
    first_retry: timedelta = timedelta(seconds=2)
    last_retry: timedelta = timedelta(minutes=30)
    give_up: timedelta = timedelta(hours=48)
    first_question: timedelta = timedelta(seconds=5)
    last_question: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        if self.deadline >= self.lease:
            raise ValueError("an effect's deadline must be shorter than the lease")

    def retry_after(self, attempts: int) -> timedelta:
        """Return the wait after this many attempts: capped exponential with jitter."""
        return _wait(self.first_retry, self.last_retry, attempts - 1)

    def ask_after(self, asked: int) -> timedelta:
        """Return the wait before an outcome in doubt is asked again."""
        return _wait(self.first_question, self.last_question, asked)


def _wait(first: timedelta, last: timedelta, doublings: int) -> timedelta:
    exponential = first * float(2 ** max(0, min(doublings, 20)))
    return min(exponential, last) * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    open_until: datetime | None = None


@dataclass(slots=True)
class Breakers:
    """Destinations that were down lately: left alone for a while, then tried by whatever is due."""

    _known: dict[str, _Breaker] = field(default_factory=dict)

    def failed(self, destination: str, now: datetime) -> None:
        """Note that the whole destination was down.

        What was under way when the breaker opened says nothing new: attempts side by side count as one.
        """
        breaker = self._known.setdefault(destination, _Breaker())
        if breaker.open_until is not None and now < breaker.open_until:
            return
        breaker.failures += 1
        if breaker.failures >= BREAKER_FAILURES:
            breaker.open_until = now + _wait(BREAKER_FIRST, BREAKER_LAST, breaker.failures - BREAKER_FAILURES)

    def answered(self, destination: str) -> None:
        """Note that the destination was there, whatever it said."""
        self._known.pop(destination, None)

    def told(self) -> list[dict[str, Any]]:
        """Return each destination that was down, how often in a row, and until when it is left alone."""
        return [
            {"destination": name, "failures": breaker.failures, "open_until": breaker.open_until}
            for name, breaker in self._known.items()
        ]

    def open(self, now: datetime) -> list[str]:
        """Return the destinations to leave alone now."""
        return [name for name, breaker in self._known.items() if breaker.open_until and breaker.open_until > now]
