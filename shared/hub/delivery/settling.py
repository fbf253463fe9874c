"""An operator settles a delivery in doubt, either way; the truth, should it come later, beats the settlement.

- `delivered` and `failed` end the delivery. The row's fencing number stays as it is, so a worker that is still at it
  may report what really happened (DeliveryStore.end keeps that beside the settlement).
- What is settled so is asked after for seven days more, and what is found out then beats it (hub.delivery.overruling).
- `not_sent` makes the next attempt due; never while a worker asks, whose answer could be a receipt.
"""

from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import outbox
from hub.delivery.reports import Reports
from hub.errors import Problem
from hub.pipeline import DeliveryOrdered, Event, Receipt

STILL_ASKED = timedelta(days=7)
Result = Literal["delivered", "failed", "not_sent"]

NOBODY_KNOWS = Problem(
    code="delivery-settled-failed",
    nb="Vi fikk aldri vite om mottakeren fikk dokumentet, og har avsluttet forsendelsen som ikke levert. Spør "
    "mottakeren før du sender på nytt.",
    en="Whether the recipient got the document could not be found out, and the delivery was ended as not delivered. "
    "Ask the recipient before you send again.",
)
NOTHING_SENT = Problem(
    code="delivery-settled-not-sent",
    nb="Dokumentet kom ikke fram, og mottakeren har ikke fått noe. Send det på nytt.",
    en="The document did not arrive, and the recipient got nothing. Send it again.",
)

_LOCK = text("""
    SELECT "order", order_id, ordered_at, attempts, lease_until, doubted_at, result, settled_as, found_out
    FROM delivery WHERE transaction_id = :transaction_id AND leg = :leg FOR UPDATE
""")
_SETTLED = "settled_by = :by, settled_at = :now, settled_as = :result, settled_reason = :reason"
_END = text(f"""
    UPDATE delivery d
    SET {_SETTLED}, result = :result, result_at = :now, found_out = NULL, found_out_at = NULL,
        asked_until = CASE WHEN EXISTS (
            SELECT FROM attempt a WHERE a.transaction_id = d.transaction_id AND a.leg = d.leg AND a.number = d.attempts
                                    AND a.state = 'committing') THEN CAST(:until AS timestamptz) END
    WHERE transaction_id = :transaction_id AND leg = :leg
""")  # noqa: S608 - a constant of ours
_AGAIN = text(f"""
    UPDATE delivery SET {_SETTLED}, due_at = :now, doubted_at = NULL, asked = 0
    WHERE transaction_id = :transaction_id AND leg = :leg
""")  # noqa: S608 - a constant of ours
_END_ATTEMPT = text("""
    UPDATE attempt SET state = 'done', done_at = :now, outcome = 'not_sent'
    WHERE transaction_id = :transaction_id AND leg = :leg AND state <> 'done'
""")
_ASK_NOW = text("""
    UPDATE delivery SET due_at = :now
    WHERE transaction_id = :transaction_id AND leg = :leg AND due_at > :now
      AND (result IS NULL OR asked_until IS NOT NULL)
""")


class Settlement(NamedTuple):
    """What an operator says became of a delivery. `nothing_sent`: with proof that the recipient got nothing."""

    result: Result
    nothing_sent: bool
    by: str
    reason: str


class UnsettleableError(Exception):
    """The delivery cannot be settled so; `code` and the text say why, and nothing was changed."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.code = code


class UnknownDeliveryError(Exception):
    """There is no such delivery here."""


async def settle(
    connection: AsyncConnection, transaction_id: UUID, leg: int, settlement: Settlement, now: datetime
) -> bool:
    """Settle; False where it was settled so before. Raises UnsettleableError, UnknownDeliveryError."""
    key = {"transaction_id": transaction_id, "leg": leg}
    row = (await connection.execute(_LOCK, key)).first()
    if row is None:
        raise UnknownDeliveryError
    if not _to_do(row, settlement, now):
        return False
    values = {**key, "by": settlement.by, "reason": settlement.reason, "result": settlement.result, "now": now}
    if settlement.result == "not_sent":
        await connection.execute(_AGAIN, values)
        await connection.execute(_END_ATTEMPT, {**key, "now": now})
    else:
        await connection.execute(_END, {**values, "until": now + STILL_ASKED})
        await outbox.emit(connection, [_report(row, settlement, now)])
    return True


async def now_due(connection: AsyncConnection, transaction_id: UUID, leg: int, now: datetime) -> bool:
    """Ask again, or try again, at once; False where nothing waits for a later time."""
    asked = {"transaction_id": transaction_id, "leg": leg, "now": now}
    return (await connection.execute(_ASK_NOW, asked)).rowcount == 1


def _to_do(row: Any, settlement: Settlement, now: datetime) -> bool:
    """Tell whether the settlement changes anything; raises UnsettleableError."""
    if row.result is not None:
        # Who settled it as failed may learn that it arrived; nobody can take a delivery back.
        corrected = settlement.result == "delivered" and row.settled_as == "failed" == row.result
        if corrected and row.found_out is None:
            return True
        if row.settled_as == settlement.result == row.result:
            return False
        by = "was settled as" if row.settled_as == row.result else "ended as"
        raise UnsettleableError("ended", f"The delivery {by} {row.result}; nothing is in doubt.")
    if row.doubted_at is None:
        if row.settled_as == settlement.result == "not_sent":
            return False
        raise UnsettleableError("not-in-doubt", "The delivery is still under way and not in doubt; wait for its end.")
    if settlement.result == "not_sent" and row.lease_until is not None and row.lease_until > now:
        raise UnsettleableError("asked-now", "The recipient is being asked right now; try again in a minute.")
    return True


def _report(row: Any, settlement: Settlement, now: datetime) -> Event:
    order = DeliveryOrdered.model_validate({**row.order, "id": row.order_id, "time": row.ordered_at})
    reports = Reports(order, row.attempts)
    if settlement.result == "delivered":
        return reports.delivered(Receipt(received_at=now, confirmed_by=f"operator {settlement.by}"))
    problem = NOTHING_SENT if settlement.nothing_sent else NOBODY_KNOWS
    return reports.failed(problem, now, nothing_sent=settlement.nothing_sent)
