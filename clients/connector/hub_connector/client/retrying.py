"""When a request is sent again: after connection loss, 429 and 5xx, never after the hub's own no."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from hub_connector.client.errors import Passing


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is made in all, and how long is waited between: doubled each time, with jitter.

    What the hub asks for (Retry-After) is waited at least, up to `most`.
    """

    attempts: int = 5
    first: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(minutes=1)

    def wait(self, made: int, error: Passing, chance: Callable[[], float] = random.random) -> float | None:
        """Return the seconds to wait after so many attempts, None to give up."""
        if made >= self.attempts:
            return None
        return backoff(made, self.first, self.most, error.retry_after, chance)


ONCE = Patience(attempts=1)


def backoff(
    made: int,
    first: timedelta,
    most: timedelta,
    asked: float | None = None,
    chance: Callable[[], float] = random.random,
) -> float:
    """Return seconds: between half and all of `first` doubled for each attempt made, never less than asked for."""
    longest = most.total_seconds()
    doubled = min(first.total_seconds() * 2.0 ** min(made - 1, 30), longest)
    return max(doubled * (0.5 + chance() / 2), min(asked or 0.0, longest))
