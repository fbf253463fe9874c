"""The status of a transaction: one pure, commutative, idempotent merge.

Topics have no order between them, so each event has a rank (leg, attempt, stage), and the highest rank known decides.
An event that was overtaken enters the timeline, never the feed.
"""

from enum import StrEnum
from typing import NamedTuple, TypeGuard

from hub import pipeline as p


class State(StrEnum):
    """A transaction as its sender sees it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    READY = "ready"
    ROUTED = "routed"
    RETRYING = "retrying"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


ENDED = frozenset({State.REFUSED, State.DELIVERED, State.FAILED, State.CANCELLED, State.RETURNED})


class Rank(NamedTuple):
    """Where an event stands: compared leg first; an ended leg outranks any attempt of it."""

    leg: int
    ended: int
    attempt: int
    stage: int


class Status(NamedTuple):
    """The merged status: its rank, and the state that this rank stands for."""

    rank: Rank
    state: State


_STAGES: dict[type[p.Event], tuple[int, int, State]] = {
    # event: (ended, stage, state). A failure after a cancellation cannot be; a delivery outranks both, because a late
    # real result beats what was said without it; what came back was delivered before. Cancelled while it was judged,
    # an invoice stays cancelled whatever the verdict: leg 1 outranks what has no leg.
    p.InvoiceSubmitted: (0, 0, State.ACCEPTED),
    p.InvoiceReady: (0, 1, State.READY),
    p.InvoiceRefused: (1, 1, State.REFUSED),
    p.DocumentReceived: (0, 1, State.READY),
    p.DeliveryOrdered: (0, 2, State.ROUTED),
    p.DeliveryRetrying: (0, 3, State.RETRYING),
    p.DeliveryInDoubt: (0, 4, State.IN_DOUBT),
    p.Cancelled: (1, 5, State.CANCELLED),
    p.DeliveryFailed: (1, 6, State.FAILED),
    p.Delivered: (1, 7, State.DELIVERED),
    p.Returned: (1, 8, State.RETURNED),
}


def is_step(event: p.Event) -> TypeGuard[p.TransactionEvent]:
    """Tell whether the event is a step on a transaction's way; a request (to cancel) is none until it was met."""
    return type(event) in _STAGES


def status_after(event: p.TransactionEvent) -> Status:
    """Return the status that this event alone gives."""
    ended, stage, state = _STAGES[type(event)]
    leg = int(getattr(event, "leg", 0))
    # Among ended legs the stage decides, whatever the attempt: an attempt of a settled leg may still report.
    attempt = 0 if ended else int(getattr(event, "attempt", 0))
    return Status(Rank(leg, ended, attempt, stage), state)


def merge(known: Status | None, event: p.TransactionEvent) -> Status:
    """Return the status after the event: any order and any repetition of the same events give the same."""
    arrived = status_after(event)
    return arrived if known is None or arrived.rank > known.rank else known
