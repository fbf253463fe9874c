"""One try at one delivery, as a channel sees it, and what its sender is told when it breaks."""

from dataclasses import dataclass
from datetime import datetime

from hub import failpoints
from hub.delivery.leases import Claimed
from hub.delivery.store import DeliveryStore
from hub.errors import Problem, TryLater, Unavailable
from hub.failpoints import Point

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


def problem_of(error: Exception) -> Problem | None:
    """Return what the channel says to the sender, if it says anything."""
    return error.problem if isinstance(error, (TryLater, Unavailable)) else None
