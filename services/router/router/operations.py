"""Operators' view of decisions, and rerouting, under /ops (whose token the hub checks)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub import outbox
from hub.auth import Actor
from hub.db import Database
from hub.errors import Problem
from hub.ops import audit
from hub.ops.answers import OpsError, OpsJSON
from hub.ops.asked import Explained, body_of
from hub.ops.guard import changer
from hub.parties import Channel
from hub.peer import NotThereError, Peer
from hub.pipeline import Cancelled, DeliveryOrdered
from router import store
from router.domain import reasons, rerouting
from router.domain.decision import Decision, Facts
from router.domain.rerouting import Standing, Wanted
from router.models import decision

_COLUMNS = [str(column.name) for column in decision.columns]


class RerouteForm(Explained):
    """Which way the next leg goes; `leg` is its number, so that a repetition is known as one."""

    channel: Channel
    to: Annotated[str | None, Field(max_length=100)] = None
    leg: Annotated[int | None, Field(ge=2, le=32_000)] = None
    confirm: bool = False

    @property
    def wanted(self) -> Wanted:
        """What is ordered."""
        return Wanted(channel=self.channel, to=self.to, confirmed=self.confirm)


def _refused(problem: Problem) -> OpsError:
    return OpsError(409, problem.code, problem.en, nb=problem.nb, field=problem.field)


def _other_leg(leg: int, last: int) -> OpsError:
    return OpsError(409, "other-leg", f"The next leg is {last + 1}, not {leg}: look at the transaction again.")


def _identifier(request: Request) -> UUID:
    try:
        return UUID(request.path_params["id"])
    except ValueError as error:
        raise OpsError(422, "invalid", "A transaction is named by its id (a UUID).") from error


class _Room:
    """The operations over the decisions."""

    def __init__(
        self, database: Database, gateway: Peer, clock: Callable[[], datetime], committed: Callable[[], None]
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._clock = clock
        self._committed = committed

    async def shown(self, request: Request) -> Response:
        """Give every leg's decision: the channel, the facts, why not the others, and the event it gave."""
        async with self._database.begin() as connection:
            rows = await store.legs(connection, _identifier(request))
        if not rows:
            raise OpsError(404, "unknown-transaction", "Nothing was decided for a transaction of this id.")
        return OpsJSON({"legs": [dict(zip(_COLUMNS, row, strict=True)) for row in rows]})

    async def reroute(self, request: Request) -> Response:
        """Order the next leg, once the last one has ended without delivery."""
        actor, identifier, form = changer(request), _identifier(request), await body_of(request, RerouteForm)
        async with self._database.begin() as connection:
            rows = await store.legs(connection, identifier)
        if not rows:
            raise OpsError(404, "unknown-transaction", "Nothing was decided for a transaction of this id.")
        if (known := _repeated(rows, form)) is not None:
            return _told(known, repeated=True)
        former = store.decided(rows[-1])
        if form.leg not in (None, former.leg + 1):
            raise _other_leg(form.leg or 0, former.leg)
        if (problem := rerouting.not_over(former, await self._standing(identifier), form.wanted)) is not None:
            raise _refused(problem)
        async with self._database.begin() as connection:
            rows = await store.locked_legs(connection, identifier)
            if (known := _repeated(rows, form)) is not None:  # ordered while the gateway was asked
                return _told(known, repeated=True)
            if rows[-1].leg != former.leg:
                raise _other_leg(former.leg + 1, rows[-1].leg)
            order = await self._order(connection, actor, form, rows[-1])
        self._committed()
        return _told(order, repeated=False)

    async def _standing(self, identifier: UUID) -> Standing:
        try:
            return Standing.model_validate(
                await self._gateway.call("GET", f"/ops/transactions/{identifier}", self._clock())
            )
        except NotThereError as error:
            raise OpsError(409, "unknown-at-gateway", "The gateway does not know this transaction yet.") from error

    async def _order(self, connection: AsyncConnection, actor: Actor, form: RerouteForm, last: Any) -> DeliveryOrdered:
        """Decide and record the leg after the one whose row is `last`."""
        former = store.decided(last)
        if isinstance(former, Cancelled) or not last.facts.get("document"):
            raise _refused(reasons.never_routed())
        facts = rerouting.addressed(await self._facts(connection, last.facts, former), form.wanted)
        if (problem := rerouting.unreachable(former, facts, form.wanted)) is not None:
            raise _refused(problem)
        order = rerouting.next_leg(former, facts, form.wanted)
        chosen = Decision(form.channel, "operator", None, ())
        await store.record(connection, [store.Made(facts, chosen, order)])
        detail = {"channel": form.channel, "to": form.to, "confirmed": form.confirm, "event_id": order.id}
        target = f"{order.transaction_id}/{order.leg}"
        await audit.record(connection, actor, "transaction.reroute", target, reason=form.reason, detail=detail)
        await outbox.emit(connection, [order])
        return order

    async def _facts(self, connection: AsyncConnection, known: Mapping[str, Any], former: store.Decided) -> Facts:
        """Return what was known of the document, with what the register says of the parties now."""
        parties = former.parties
        recipient = (await store.recipients(connection, [parties.recipient])).get(parties.recipient.lower())
        sending = await store.sending(connection, [parties.client])
        return Facts.model_validate(known).model_copy(
            update={
                "at": self._clock(),
                "company": recipient and recipient.company,
                "receiving": recipient and recipient.receiving,
                "sending": sending.get(parties.client),
            }
        )


def _repeated(rows: Any, form: RerouteForm) -> DeliveryOrdered | None:
    """Return the leg that this very request ordered before; raises OpsError where that leg went another way."""
    row = next((row for row in rows if row.leg == form.leg), None)
    if row is None:
        return None
    order = store.decided(row)
    if row.chosen_by == "operator" and isinstance(order, DeliveryOrdered) and row.channel == form.channel:
        return order
    raise OpsError(409, "leg-exists", f"Leg {form.leg} was decided before, as {row.channel or 'no delivery'}.")


def _told(order: DeliveryOrdered, *, repeated: bool) -> Response:
    told = {
        "transaction_id": order.transaction_id,
        "leg": order.leg,
        "channel": order.where.channel,
        "product": order.product,
        "where": order.where.model_dump(mode="json"),
        "repeated": repeated,
    }
    return OpsJSON(told, 200 if repeated else 201)


def routes(
    database: Database, gateway: Peer, clock: Callable[[], datetime], committed: Callable[[], None]
) -> list[Route]:
    """Return `GET /transactions/{id}` and `POST /transactions/{id}/reroute`."""
    room = _Room(database, gateway, clock, committed)
    return [
        Route("/transactions/{id}", room.shown),
        Route("/transactions/{id}/reroute", room.reroute, methods=["POST"]),
    ]
