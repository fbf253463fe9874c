"""A real result that comes after an operator's settlement: it is kept beside it, told where it differs, and counted.

- Settled as failed, and delivered: the delivery replaces the failure and is told.
- Settled as failed, and proved that nothing was sent: told too, so that the invoice number may be used again.
- Settled as delivered, and not delivered: it is told as returned, and its usage is reversed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import metrics
from hub.delivery.ports import Fenced
from hub.delivery.reports import Reports
from hub.errors import Problem
from hub.pipeline import DeliveryFailed, Event

Outcome = Literal["delivered", "failed", "not_sent"]

DID_NOT_ARRIVE = Problem(
    code="delivery-did-not-arrive",
    nb="Vi har fått vite at dokumentet likevel ikke kom fram. Send det på nytt.",
    en="We have learned that the document did not arrive after all. Send it again.",
)
PROVED_UNSENT = Problem(
    code="delivery-not-sent",
    nb="Vi har fått vite at mottakeren ikke har fått noe. Fakturanummeret kan brukes igjen.",
    en="We have learned that the recipient got nothing. The invoice number may be used again.",
)

_FIND_OUT = text("""
    UPDATE delivery
    SET found_out = :outcome, found_out_at = :now, asked_until = NULL, lease_until = NULL, result = :result,
        result_at = CASE WHEN result = :result THEN result_at ELSE :now END
    WHERE transaction_id = :transaction_id AND leg = :leg AND fence = :fence
      AND settled_as IN ('delivered', 'failed') AND result IS NOT NULL AND found_out IS NULL
    RETURNING settled_as
""")

log = structlog.get_logger(__name__)


async def find_out(connection: AsyncConnection, keys: Mapping[str, object], outcome: Outcome, now: datetime) -> Outcome:
    """Keep a real result beside the settlement, and return what that was; raises Fenced where there was none.

    `keys` name the delivery, with the fence of the worker that found out.
    """
    result = "delivered" if outcome == "delivered" else "failed"
    found = await connection.execute(_FIND_OUT, {**keys, "outcome": outcome, "result": result, "now": now})
    settled_as: Outcome | None = found.scalar_one_or_none()
    if settled_as is None:
        raise Fenced
    if settled_as != result:
        metrics.OVERRULED.inc()
        log.warning("a settlement was wrong", settled_as=settled_as, found_out=outcome, **keys)
    return settled_as


def told(
    settled_as: Outcome, outcome: Outcome, reports: Reports, events: Sequence[Event], now: datetime
) -> Sequence[Event]:
    """Return what is told of a result (its `events`, as if nobody had settled) that came after a settlement."""
    if outcome == "delivered":
        return events if settled_as == "failed" else []
    failure = next((event for event in events if isinstance(event, DeliveryFailed)), None)
    if settled_as == "delivered":
        return [reports.returned(failure.problem if failure else DID_NOT_ARRIVE, now)]
    if failure is None or failure.nothing_sent:
        return [reports.proved_unsent(PROVED_UNSENT, now)]
    return []
