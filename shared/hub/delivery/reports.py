"""What a sender reports of a delivery: events with ids that the same delivery and attempt always give."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from hub.errors import Problem
from hub.parties import Initiator
from hub.pipeline import (
    Cancelled,
    Delivered,
    DeliveryFailed,
    DeliveryInDoubt,
    DeliveryOrdered,
    DeliveryRetrying,
    LegEvent,
    Receipt,
    Returned,
)

E = TypeVar("E", bound=LegEvent)


@dataclass(frozen=True, slots=True)
class Reports:
    """Makes the events of one attempt at an order."""

    order: DeliveryOrdered
    attempt: int

    def _report(self, kind: type[E], time: datetime, discriminator: str, **fields: Any) -> E:
        return kind.caused(
            self.order.transaction_id,
            self.order.id,
            time,
            discriminator,
            parties=self.order.parties,
            leg=self.order.leg,
            attempt=self.attempt,
            channel=self.order.where.channel,
            **fields,
        )

    def delivered(self, receipt: Receipt) -> Delivered:
        """One per leg, whatever attempt it was."""
        return self._report(
            Delivered, receipt.received_at, str(self.order.leg), product=self.order.product, receipt=receipt
        )

    def failed(self, problem: Problem, time: datetime, *, nothing_sent: bool) -> DeliveryFailed:
        """One per leg."""
        return self._report(DeliveryFailed, time, str(self.order.leg), problem=problem, nothing_sent=nothing_sent)

    def proved_unsent(self, problem: Problem, time: datetime) -> DeliveryFailed:
        """One per leg, after a failure that was told without that proof."""
        discriminator = f"{self.order.leg}/nothing-sent"
        return self._report(DeliveryFailed, time, discriminator, problem=problem, nothing_sent=True)

    def returned(self, problem: Problem, time: datetime) -> Returned:
        """One per leg."""
        return self._report(Returned, time, str(self.order.leg), product=self.order.product, problem=problem)

    def cancelled(self, time: datetime, requested_by: Initiator) -> Cancelled:
        """One per leg."""
        return self._report(Cancelled, time, str(self.order.leg), requested_by=requested_by)

    def retrying(self, problem: Problem, time: datetime, next_at: datetime) -> DeliveryRetrying:
        """One per attempt."""
        return self._report(
            DeliveryRetrying, time, f"{self.order.leg}/{self.attempt}", problem=problem, next_at=next_at
        )

    def in_doubt(self, problem: Problem, time: datetime) -> DeliveryInDoubt:
        """One per attempt."""
        return self._report(DeliveryInDoubt, time, f"{self.order.leg}/{self.attempt}", problem=problem)
