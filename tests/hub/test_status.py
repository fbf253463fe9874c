"""The status of a transaction is the same whatever order its events come in."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.errors import Problem
from hub.ids import uuid7
from hub.parties import Channel, Initiator
from hub.pipeline import (
    BlobRef,
    Cancelled,
    Delivered,
    DeliveryFailed,
    DeliveryInDoubt,
    DeliveryOrdered,
    DeliveryRetrying,
    InboxDestination,
    InvoiceReady,
    InvoiceRefused,
    Parties,
    Receipt,
    Returned,
    TransactionEvent,
)
from hub.status import State, Status, merge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TRANSACTION = uuid7(NOW)
PARTIES = Parties(
    client="310000019",
    initiator=Initiator(kind="client", organisation_number="310000019"),
    sender="0192:310000019",
    recipient="0192:310000027",
    number="1",
    document_type="invoice",
)
PROBLEM = Problem(code="x", nb="Feil", en="Wrong")
BLOB = BlobRef(key="310000019/x", sha256="x", size=1)


def event(kind: type[TransactionEvent], minute: int, **fields: Any) -> TransactionEvent:
    return kind.caused(TRANSACTION, UUID(int=minute), NOW + timedelta(minutes=minute), parties=PARTIES, **fields)


def leg(kind: type[TransactionEvent], minute: int, number: int, attempt: int, **fields: Any) -> TransactionEvent:
    return event(kind, minute, leg=number, attempt=attempt, channel=Channel.INBOX, **fields)


def ready() -> TransactionEvent:
    return event(
        InvoiceReady,
        1,
        document=BLOB,
        document_type_id="x",
        process_id="x",
        sender_country="NO",
        purposes=(),
        rule_set="x",
        register_version=1,
    )


def ordered(minute: int, number: int) -> TransactionEvent:
    where = InboxDestination(company="310000027")
    return event(DeliveryOrdered, minute, leg=number, product="x", document=BLOB, where=where)


def delivered(minute: int, number: int, attempt: int) -> TransactionEvent:
    receipt = Receipt(received_at=NOW, confirmed_by="x")
    return leg(Delivered, minute, number, attempt, product="x", receipt=receipt)


def retrying(minute: int, number: int, attempt: int) -> TransactionEvent:
    return leg(DeliveryRetrying, minute, number, attempt, problem=PROBLEM, next_at=NOW)


STORIES = {
    "delivered after a retry": (State.DELIVERED, [ready(), ordered(2, 1), retrying(3, 1, 1), delivered(4, 1, 2)]),
    "refused": (State.REFUSED, [event(InvoiceRefused, 1, problems=(PROBLEM,))]),
    "failed for good": (
        State.FAILED,
        [ready(), ordered(2, 1), leg(DeliveryFailed, 3, 1, 1, problem=PROBLEM, nothing_sent=True)],
    ),
    "in doubt, then delivered": (
        State.DELIVERED,
        [ready(), ordered(2, 1), leg(DeliveryInDoubt, 3, 1, 1, problem=PROBLEM), delivered(4, 1, 1)],
    ),
    "a late result beats a settlement": (
        State.DELIVERED,
        [ready(), ordered(2, 1), leg(DeliveryFailed, 3, 1, 2, problem=PROBLEM, nothing_sent=False), delivered(4, 1, 1)],
    ),
    "cancelled in time": (State.CANCELLED, [ready(), leg(Cancelled, 2, 1, 0)]),
    "cancelled while it was judged": (
        State.CANCELLED,
        [leg(Cancelled, 2, 1, 0), event(InvoiceRefused, 1, problems=(PROBLEM,))],
    ),
    "cancelled between two attempts": (
        State.CANCELLED,
        [ready(), ordered(2, 1), retrying(3, 1, 1), retrying(4, 1, 2), leg(Cancelled, 5, 1, 2)],
    ),
    "a real result beats a cancellation": (
        State.DELIVERED,
        [ready(), ordered(2, 1), leg(Cancelled, 3, 1, 1), delivered(4, 1, 1)],
    ),
    "returned, sent again and cancelled": (
        State.CANCELLED,
        [
            ordered(2, 1),
            delivered(3, 1, 1),
            leg(Returned, 4, 1, 1, product="x", problem=PROBLEM),
            ordered(5, 2),
            leg(Cancelled, 6, 2, 0),
        ],
    ),
    "returned, sent again and delivered": (
        State.DELIVERED,
        [
            ready(),
            ordered(2, 1),
            delivered(3, 1, 1),
            leg(Returned, 4, 1, 1, product="x", problem=PROBLEM),
            ordered(5, 2),
            delivered(6, 2, 1),
        ],
    ),
    "still being tried": (State.RETRYING, [ready(), ordered(2, 1), retrying(3, 1, 1), retrying(4, 1, 2)]),
}


def merged(events: tuple[TransactionEvent, ...]) -> Status:
    status: Status | None = None
    for each in events:
        status = merge(status, each)
    assert status is not None
    return status


@pytest.mark.parametrize("story", STORIES)
def test_every_permutation_of_a_transactions_events_merges_to_the_same_status(story: str) -> None:
    state, events = STORIES[story]
    results = {merged(order) for order in itertools.permutations(events)}
    assert {result.state for result in results} == {state}
    assert len(results) == 1


@pytest.mark.parametrize("story", STORIES)
def test_a_repeated_event_changes_nothing(story: str) -> None:
    state, events = STORIES[story]
    assert merged((*events, *events)).state is state
