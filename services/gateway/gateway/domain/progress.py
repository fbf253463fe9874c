"""What events make of a transaction: its status, its timeline, and what its install is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import pipeline as p
from hub.errors import Problem
from hub.parties import Channel, Direction
from hub.status import Rank, State, Status, merge, status_after

FREEING = frozenset({State.REFUSED, State.CANCELLED, State.RETURNED})


@dataclass(frozen=True, slots=True)
class Progress:
    """A transaction as far as events move it. `problems` are those of the state it is in."""

    transaction_id: UUID
    parties: p.Parties
    status: Status
    channel: Channel | None = None
    document: p.BlobRef | None = None
    problems: tuple[Mapping[str, Any], ...] = ()
    holds_number: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One event in a transaction's timeline; an overtaken one changed nothing."""

    transaction_id: UUID
    event_id: UUID
    time: datetime
    status: Status
    overtaken: bool
    detail: Mapping[str, Any]


@dataclass(slots=True)
class Moved:
    """What a batch of events came to: where each transaction stands, and every step on the way there."""

    progress: dict[UUID, Progress]
    steps: list[Step] = field(default_factory=list)


def first_seen(event: p.TransactionEvent) -> Progress:
    """Return a transaction that nobody submitted here (inbound), before its first event is merged."""
    parties: p.Parties = event.parties  # type: ignore[attr-defined]
    return Progress(event.transaction_id, parties, Status(Rank(0, 0, 0, -1), State.ACCEPTED))


def advance(known: Mapping[UUID, Progress], events: Iterable[p.TransactionEvent]) -> Moved:
    """Merge the events, in the order given, into the transactions that they concern (all of which are known)."""
    moved = Moved(dict(known))
    for event in events:
        before = moved.progress[event.transaction_id]
        after = merge(before.status, event)
        overtaken = after == before.status
        moved.steps.append(
            Step(event.transaction_id, event.id, event.time, status_after(event), overtaken, detail_of(event))
        )
        document = getattr(event, "document", None) if isinstance(event, p.InvoiceReady | p.DocumentReceived) else None
        progress = replace(before, document=document or before.document)
        moved.progress[event.transaction_id] = (_proved if overtaken else _stepped)(progress, event, after)
    return moved


def _stepped(before: Progress, event: p.TransactionEvent, status: Status) -> Progress:
    return replace(
        before,
        status=status,
        channel=channel_of(event) or before.channel,
        problems=tuple(shown(problem) for problem in problems_of(event)),
        holds_number=(before.holds_number or takes_number(before, status)) and not frees_number(event, status.state),
    )


def _proved(before: Progress, event: p.TransactionEvent, status: Status) -> Progress:
    """Return what a proof that nothing was sent changes, where the failure had been told without it: the number."""
    proof = isinstance(event, p.DeliveryFailed) and event.nothing_sent and event.leg == status.rank.leg
    return replace(before, holds_number=False) if proof and status.state is State.FAILED else before


def takes_number(before: Progress, after: Status) -> bool:
    """Tell whether the invoice number is in use again: a next leg was ordered, or it was delivered after all.

    Only where no other invoice has taken it since.
    """
    next_leg = after.rank.leg > max(1, before.status.rank.leg)
    return before.parties.direction is Direction.OUTBOUND and (next_leg or after.state is State.DELIVERED)


def frees_number(event: p.TransactionEvent, state: State) -> bool:
    """Tell whether the invoice number may be used again after this."""
    return state in FREEING or (isinstance(event, p.DeliveryFailed) and event.nothing_sent)


def channel_of(event: p.TransactionEvent) -> Channel | None:
    """Return the channel that an event speaks of."""
    if isinstance(event, p.DeliveryOrdered):
        return event.where.channel
    return event.channel if isinstance(event, p.LegEvent) else None


def problems_of(event: p.TransactionEvent) -> tuple[Problem, ...]:
    """Return what went wrong, in the order told."""
    if isinstance(event, p.InvoiceRefused):
        return event.problems
    problem = getattr(event, "problem", None)
    return (problem,) if problem else ()


def shown(problem: Problem) -> Mapping[str, Any]:
    """Return a problem as everybody outside is told of it."""
    return {"type": problem.type, **problem.model_dump(exclude={"code"}, exclude_none=True)}


def detail_of(event: p.TransactionEvent) -> Mapping[str, Any]:
    """Return what a timeline shows of an event beside its state and time."""
    channel = channel_of(event)
    found = {
        "leg": getattr(event, "leg", None),
        "attempt": getattr(event, "attempt", None) or None,
        "channel": str(channel) if channel else None,
        "problems": [shown(problem) for problem in problems_of(event)],
        "warnings": [shown(warning) for warning in getattr(event, "warnings", ())],
        "rule_set": getattr(event, "rule_set", None),
        "nothing_sent": (isinstance(event, p.DeliveryFailed) and event.nothing_sent) or None,
        "next_at": event.next_at.isoformat() if isinstance(event, p.DeliveryRetrying) else None,
        "requested_by": event.requested_by.model_dump()
        if isinstance(event, p.Cancelled) and event.requested_by
        else None,
        "receipt": event.receipt.model_dump(mode="json", exclude_none=True) if isinstance(event, p.Delivered) else None,
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def feed_entry(progress: Progress, step: Step) -> Mapping[str, Any]:
    """Return what the submitting install's feed says of a step that advanced the status."""
    return {
        "type": f"transaction.{step.status.state}",
        "time": step.time.isoformat(),
        "transaction_id": str(step.transaction_id),
        "client": progress.parties.client,
        "invoice_number": progress.parties.number,
        "document_type": progress.parties.document_type,
        "recipient": progress.parties.recipient,
        "status": str(step.status.state),
        **step.detail,
    }
