"""Cancelling: one transaction, or everything unsent of a batch, an install or a company."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import problems
from gateway.api.parts import Caller, Parts, Sender, Wired
from gateway.api.views import Cancellation, Cancellations, CancelMany, links
from gateway.domain.cancelling import Asker, cancel
from gateway.domain.progress import Progress
from gateway.store import cancellations
from gateway.store.progress import progress_of
from hub import outbox
from hub.errors import Refused
from hub.pipeline import Cancelled, CancelRequested

PATH = "/v1/transactions"
AT_ONCE = 500

router = APIRouter(prefix=PATH, tags=["transactions"])
log = structlog.get_logger(__name__)

Asked = Sequence[Cancelled | CancelRequested]


@router.post(
    "/{transaction_id}/cancel",
    summary="Cancel a transaction",
    responses={
        202: {"model": Cancellation, "description": "Under way; it is stopped unless it is too late."},
        409: {"description": "It has ended (problem details say what to do instead), or it came from outside."},
    },
)
async def cancel_transaction(parts: Wired, caller: Sender, transaction_id: UUID, response: Response) -> Cancellation:
    """Stop a document that nobody has received.

    200 `cancelled`: nothing was or will be sent, and the number is free. 202 `cancelling`: it is on its way and is
    stopped if nothing of it can have been seen yet; follow the transaction, which ends as `cancelled` or goes on.
    Asking again does no harm.
    """
    now = parts.clock()
    async with parts.database.begin() as connection:
        row = await cancellations.locked(connection, caller.who, transaction_id)
        if row is None:
            raise Refused(problems.NOT_FOUND)
        progress = progress_of(row)
        event = cancel(
            progress, waiting=row.released_at is None, asked_by=Asker(caller.install, caller.who.initiator), now=now
        )
        await _ask(parts, connection, {progress.transaction_id: progress}, [event] if event else [])
    under_way = isinstance(event, CancelRequested)
    if event is not None:
        parts.committed()
        log.info(
            "asked to cancel", transaction_id=str(transaction_id), install=str(caller.install), waited=not under_way
        )
    response.status_code = 202 if under_way else 200
    status: Literal["cancelled", "cancelling"] = "cancelling" if under_way else "cancelled"
    return Cancellation(transaction_id=transaction_id, status=status, links=links(transaction_id))


@router.post("/cancel", summary="Cancel everything unsent")
async def cancel_many(parts: Wired, caller: Sender, given: CancelMany) -> Cancellations:
    """Stop everything of a batch, this install or the company (Hub-Client) that nobody has received.

    Each is stopped as if it were cancelled by itself, and is told of in the feed. What has ended stays as it is. If the
    call breaks off, what it did stays done, and asking again does the rest.
    """
    scope = cancellations.Scope(
        batch=given.batch_id if given.scope == "batch" else None,
        client=caller.client().organisation_number if given.scope == "company" else None,
    )
    if given.scope == "batch":
        async with parts.database.begin() as connection:
            if not await cancellations.known(connection, caller.who, scope):
                raise Refused(problems.NOT_FOUND)
    counted = Cancellations(cancelled=0, cancelling=0)
    after: UUID | None = cancellations.FIRST
    while after is not None:
        after, asked = await _portion(parts, caller, scope, after)
        counted.cancelled += sum(isinstance(event, Cancelled) for event in asked)
        counted.cancelling += sum(isinstance(event, CancelRequested) for event in asked)
    log.info("asked to cancel all", scope=given.scope, install=str(caller.install), **counted.model_dump())
    return counted


async def _portion(parts: Parts, caller: Caller, scope: cancellations.Scope, after: UUID) -> tuple[UUID | None, Asked]:
    """Cancel the next ones in a transaction of their own; return where to go on, None at the end."""
    now = parts.clock()
    asker = Asker(caller.install, caller.who.initiator)
    async with parts.database.begin() as connection:
        rows = await cancellations.unsent(connection, caller.who, scope, after, AT_ONCE)
        known = {row.id: progress_of(row) for row in rows}
        events = [
            event
            for row in rows
            if (event := cancel(known[row.id], waiting=row.released_at is None, asked_by=asker, now=now)) is not None
        ]
        await _ask(parts, connection, known, events)
    parts.committed()
    return (rows[-1].id if len(rows) == AT_ONCE else None), events


async def _ask(parts: Parts, connection: AsyncConnection, known: dict[UUID, Progress], events: Asked) -> None:
    """End what still waits here, and tell whoever has to know."""
    ended = [event for event in events if isinstance(event, Cancelled)]
    if ended:
        waiting = {event.transaction_id: known[event.transaction_id] for event in ended}
        parts.bell.remember(await cancellations.end(connection, waiting, ended, ended[0].time))
    await outbox.emit(connection, list(events))
