"""Cancelling in the router: a transaction without a decision gets none any more; an ordered leg is asked to stop."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hub.parties import Fact, Initiator
from hub.pipeline import Cancelled, CancelRequested, DeliveryCancelRequested, DeliveryFailed, DeliveryOrdered
from router.domain.decision import Decision
from router.domain.orders import FIRST_LEG

NOWHERE = Decision(channel=None, chosen_by=None, failure=None, rejected=())


class Asked(Fact):
    """Who asked to cancel, and when: kept with the decision, whose time `at` is."""

    at: datetime
    install: UUID
    requested_by: Initiator
    asked_at: datetime


def asked(request: CancelRequested, at: datetime) -> Asked:
    """Return what is known when a transaction is cancelled."""
    return Asked(at=at, install=request.install, requested_by=request.requested_by, asked_at=request.time)


def cancelled(request: CancelRequested, at: datetime) -> Cancelled:
    """Return the end of a transaction that was not routed: its first leg is never ordered."""
    return Cancelled.caused(
        request.transaction_id,
        request.id,
        at,
        str(FIRST_LEG),
        parties=request.parties,
        leg=FIRST_LEG,
        attempt=0,
        requested_by=request.requested_by,
    )


def stop(
    request: CancelRequested, last: DeliveryOrdered | DeliveryFailed | Cancelled
) -> Sequence[Cancelled | DeliveryCancelRequested]:
    """Return what the request comes to, where this is what was decided last; nothing where nothing is under way."""
    if isinstance(last, Cancelled):
        return [last]
    if isinstance(last, DeliveryFailed):
        return []
    return [
        DeliveryCancelRequested.caused(
            request.transaction_id,
            request.id,
            request.time,
            str(last.leg),
            parties=last.parties,
            leg=last.leg,
            channel=last.where.channel,
            requested_by=request.requested_by,
        )
    ]
