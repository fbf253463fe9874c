"""Stopping a delivery of which nothing can have been seen yet.

The worker's steps all lock the delivery's row and go on only while it has no result. So whoever holds that lock and
sees no attempt in `committing` may end the delivery: a worker that has claimed or prepared it is fenced at its next
step. Should it learn that the recipient has had the document since before (from an attempt that a lost database forgot,
say), then the truth beats the cancellation.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.delivery.reports import Reports
from hub.ids import utc_now
from hub.pipeline import Cancelled, DeliveryCancelRequested, DeliveryOrdered

_WANTED = "unnest(CAST(:ids AS uuid[]), CAST(:legs AS smallint[])) AS w(transaction_id, leg)"
_LOCK = text(f"""
    SELECT FROM delivery d JOIN {_WANTED} USING (transaction_id, leg) ORDER BY transaction_id, leg FOR UPDATE OF d
""")
# Statements of their own: a snapshot older than the lock would not show that a worker has come to `committing`.
_STOP = text(f"""
    UPDATE delivery d SET result = 'cancelled', result_at = :now, lease_until = NULL
    FROM {_WANTED}
    WHERE d.transaction_id = w.transaction_id AND d.leg = w.leg AND d.result IS NULL
      AND NOT EXISTS (SELECT FROM attempt a WHERE a.transaction_id = d.transaction_id AND a.leg = d.leg
                      AND a.state = 'committing')
    RETURNING d.transaction_id, d.leg, d."order", d.order_id, d.ordered_at, d.attempts
""")  # noqa: S608 - a constant of this module
_END_ATTEMPTS = text(f"""
    UPDATE attempt a SET state = 'done', done_at = :now, outcome = 'cancelled'
    FROM delivery d JOIN {_WANTED} USING (transaction_id, leg)
    WHERE a.transaction_id = d.transaction_id AND a.leg = d.leg AND a.state = 'prepared' AND d.result = 'cancelled'
""")  # noqa: S608 - a constant of this module
_OVERRULE = text("""
    WITH overruled AS (
        UPDATE delivery SET result = 'delivered', result_at = :now
        WHERE transaction_id = :transaction_id AND leg = :leg AND fence = :fence AND result = 'cancelled'
        RETURNING transaction_id, leg
    )
    UPDATE attempt a SET outcome = 'delivered' FROM overruled o
    WHERE a.transaction_id = o.transaction_id AND a.leg = o.leg AND a.number = :number
""")


async def cancel(connection: AsyncConnection, requests: Sequence[DeliveryCancelRequested]) -> list[Cancelled]:
    """Stop the deliveries that still can be, and report them.

    One that has ended, or that may have been seen, goes on as if nobody had asked; so does one never ordered.
    """
    if not requests:
        return []
    wanted = {(request.transaction_id, request.leg): request for request in reversed(requests)}
    asked = {"ids": [identifier for identifier, _ in wanted], "legs": [leg for _, leg in wanted]}
    await connection.execute(_LOCK, asked)
    now = utc_now()
    stopped = (await connection.execute(_STOP, {**asked, "now": now})).all()
    await connection.execute(_END_ATTEMPTS, {**asked, "now": now})
    return [
        Reports(
            DeliveryOrdered.model_validate({**row.order, "id": row.order_id, "time": row.ordered_at}), row.attempts
        ).cancelled(now, wanted[row.transaction_id, row.leg].requested_by)
        for row in stopped
    ]


async def overrule(connection: AsyncConnection, keys: Mapping[str, object], number: int) -> bool:
    """Note that a cancelled delivery's recipient has the document all the same; False where it was not cancelled.

    `keys` name the delivery, with the fence of the worker that found out in its attempt of this number.
    """
    found = await connection.execute(_OVERRULE, {**keys, "number": number, "now": utc_now()})
    return found.rowcount == 1
