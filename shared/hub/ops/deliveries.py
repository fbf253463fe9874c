"""A sender's deliveries: listing them, one with its attempts, asking again, and settling what is in doubt."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.delivery import reading, settling
from hub.ids import utc_now
from hub.ops import audit
from hub.ops.answers import OpsError, OpsJSON
from hub.ops.asked import Explained, Noted, body_of, count_of, text_of
from hub.ops.desk import Desk
from hub.ops.guard import changer

_STATES = (*reading.OPEN_STATES, *reading.ENDED_STATES)


class Settled(Explained):
    """How a delivery in doubt ended. `nothing_sent` (with failed): there is proof that the recipient got nothing."""

    result: settling.Result
    nothing_sent: bool = False


def _key(given: str) -> tuple[UUID, int]:
    transaction_id, _, leg = given.partition("/")
    try:
        identifier, number = UUID(transaction_id), int(leg)
    except ValueError:
        identifier, number = UUID(int=0), 0
    if not 0 < number < 32_768:
        raise OpsError(422, "invalid", "A delivery is named <transaction id>/<leg>.")
    return identifier, number


def _named(request: Request) -> tuple[UUID, int]:
    return _key(f"{request.path_params['transaction']}/{request.path_params['leg']}")


def _unknown() -> OpsError:
    return OpsError(404, "unknown-delivery", "There is no such delivery here; another sender may have it.")


class _Room:
    """The operations over one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def listed(self, request: Request) -> Response:
        state, after = text_of(request, "state"), text_of(request, "after")
        if state is not None and state not in _STATES:
            raise OpsError(422, "invalid", f"state must be one of {', '.join(_STATES)}.")
        most = count_of(request, "limit", default=100, most=1000)
        async with self._desk.database.begin() as connection:
            rows = await reading.page(
                connection,
                utc_now(),
                state=state,
                destination=text_of(request, "destination"),
                after=_key(after) if after else None,
                most=most,
            )
        following = f"{rows[-1]['transaction_id']}/{rows[-1]['leg']}" if len(rows) == most else None
        return OpsJSON({"deliveries": rows, "next": following})

    async def _found(self, transaction_id: UUID, leg: int) -> dict[str, Any]:
        async with self._desk.database.begin() as connection:
            delivery = await reading.one(connection, transaction_id, leg, utc_now())
        if delivery is None:
            raise _unknown()
        return delivery

    async def shown(self, request: Request) -> Response:
        return OpsJSON(await self._found(*_named(request)))

    async def ask(self, request: Request) -> Response:
        """Ask after one in doubt, or try one that waits for its next attempt, at once."""
        actor, key, asked = changer(request), _named(request), await body_of(request, Noted)
        async with self._desk.database.begin() as connection:
            if await settling.now_due(connection, *key, utc_now()):
                target = f"{key[0]}/{key[1]}"
                await audit.record(connection, actor, "delivery.ask", target, reason=asked.reason)
        await self._desk.changed()
        return OpsJSON(await self._found(*key))

    async def settle(self, request: Request) -> Response:
        actor, key, asked = changer(request), _named(request), await body_of(request, Settled)
        if asked.nothing_sent and asked.result != "failed":
            raise OpsError(422, "invalid", "nothing_sent: goes with the result failed only.")
        settlement = settling.Settlement(asked.result, asked.nothing_sent, actor.name, asked.reason)
        try:
            async with self._desk.database.begin() as connection:
                if await settling.settle(connection, *key, settlement, utc_now()):
                    detail = {"result": asked.result, "nothing_sent": asked.nothing_sent}
                    target = f"{key[0]}/{key[1]}"
                    await audit.record(connection, actor, "delivery.settle", target, reason=asked.reason, detail=detail)
        except settling.UnknownDeliveryError as error:
            raise _unknown() from error
        except settling.UnsettleableError as error:
            raise OpsError(409, error.code, str(error)) from error
        await self._desk.changed()
        return OpsJSON(await self._found(*key))


def routes(desk: Desk) -> list[Route]:
    """Return `GET /deliveries[/{transaction}/{leg}]` and `POST …/ask` and `…/settle`: senders only."""
    if desk.sender is None:
        return []
    room = _Room(desk)
    one = "/deliveries/{transaction}/{leg}"
    return [
        Route("/deliveries", room.listed),
        Route(one, room.shown),
        Route(f"{one}/ask", room.ask, methods=["POST"]),
        Route(f"{one}/settle", room.settle, methods=["POST"]),
    ]
