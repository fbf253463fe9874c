"""What a request to cancel comes to, as far as the gateway can tell."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from gateway import problems
from gateway.domain.progress import Progress
from hub.errors import Refused
from hub.parties import Direction, Initiator
from hub.pipeline import Cancelled, CancelRequested
from hub.status import ENDED, State

FIRST_LEG = 1


class Asker(NamedTuple):
    """Who asks to cancel, and with which install."""

    install: UUID
    initiator: Initiator


def cancel(progress: Progress, *, waiting: bool, asked_by: Asker, now: datetime) -> Cancelled | CancelRequested | None:
    """Return the end of a transaction that still waits here, or the request to stop it; None if it is cancelled.

    Raises Refused: it has ended otherwise, or came from outside. Asked again before anything has happened, the request
    is the same; after something has, it is another one, because it may now be met.
    """
    if progress.parties.direction is Direction.INBOUND:
        raise Refused(problems.CANCEL_INBOUND)
    state = progress.status.state
    if state is State.CANCELLED:
        return None
    if state in ENDED:
        raise Refused(problems.already_ended(state, may_count=progress.holds_number))
    identifier = progress.transaction_id
    told = {"parties": progress.parties, "requested_by": asked_by.initiator}
    if waiting:
        return Cancelled.caused(identifier, identifier, now, str(FIRST_LEG), leg=FIRST_LEG, attempt=0, **told)
    stands = "/".join(map(str, progress.status.rank))
    return CancelRequested.caused(identifier, identifier, now, stands, install=asked_by.install, **told)
