"""Parked messages: by cause with evidence, one with everything, replay and discard singly or by cause.

A replay runs the same handler over the same message, so events keep their ids and a repeated replay changes nothing.
"""

from typing import Annotated, Any

import orjson
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.ids import utc_now
from hub.ops import audit, parked_store
from hub.ops.answers import OpsError, OpsJSON
from hub.ops.asked import Asked, Explained, Noted, Reason, body_of, count_of, text_of
from hub.ops.desk import Desk
from hub.ops.guard import changer

AT_ONCE = 500
_SHOWN_BYTES = 200_000
_STATES = ("dead", "retry", "waiting")


class ByCause(Asked):
    """Every message that failed by this cause; `expected` is how many the operator saw, so that none slips in."""

    consumer: str
    cause: str
    expected: Annotated[int, Field(ge=0)]


class ReplayByCause(ByCause):
    """`rate` is how many a second become due."""

    rate: Annotated[float, Field(ge=0.01, le=1000)] = 10.0
    reason: Reason | None = None


class DiscardByCause(ByCause):
    """Discarding needs a reason."""

    reason: Reason


def _readable(body: bytes) -> Any:
    """Return a message's body as JSON, or as text where it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:_SHOWN_BYTES].decode("utf-8", "replace")


def _seq(request: Request) -> int:
    given: str = request.path_params["seq"]
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise OpsError(422, "invalid", "A parked message is named by its number.")
    return int(given)


def _unknown(seq: int) -> OpsError:
    return OpsError(404, "unknown-message", f"There is no parked message {seq} here.")


def _ended(row: Any) -> OpsError:
    told = f"Message {row.seq} was {row.state} at {row.settled_at:%Y-%m-%d %H:%M:%S} UTC; nothing is left to do."
    return OpsError(409, f"already-{row.state}", told)


async def _counted(desk: Desk, asked: ByCause) -> None:
    """Raise OpsError (409) unless there are as many as the operator saw."""
    async with desk.database.begin() as connection:
        there = await parked_store.count(connection, asked.consumer, asked.cause)
    if there != asked.expected:
        told = (
            f"{there} messages of {asked.consumer} have this cause now, not {asked.expected}. Look again, then repeat."
        )
        raise OpsError(409, "other-count", told, count=there)


class _Room:
    """The operations over one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def listed(self, request: Request) -> Response:
        """Give the groups by cause, or, with any of cause, consumer, state and after, a page of messages."""
        cause, consumer, state = (text_of(request, name) for name in ("cause", "consumer", "state"))
        if not request.query_params:
            return OpsJSON({"causes": await self._desk.rows(parked_store.GROUPS)})
        if state is not None and state not in _STATES:
            raise OpsError(422, "invalid", f"state must be one of {', '.join(_STATES)}.")
        most = count_of(request, "limit", default=100, most=1000)
        after = count_of(request, "after", default=0, most=audit.NEWEST)
        asked = {"cause": cause, "consumer": consumer, "state": state, "after": after, "most": most}
        rows = await self._desk.rows(parked_store.PAGE, asked)
        return OpsJSON({"parked": rows, "next": rows[-1]["seq"] if len(rows) == most else None})

    async def shown(self, request: Request) -> Response:
        seq = _seq(request)
        async with self._desk.database.begin() as connection:
            row = await parked_store.one(connection, seq)
            if row is None:
                raise _unknown(seq)
            ahead, behind = await parked_store.ahead_of(connection, row), await parked_store.behind(connection, row)
        fields = {**row._mapping, "body": _readable(row.body)}  # noqa: SLF001 - public by its documentation
        return OpsJSON({**fields, "waits_for": ahead, "waiting_behind": behind})

    async def replay(self, request: Request) -> Response:
        actor, seq, asked = changer(request), _seq(request), await body_of(request, Noted)
        async with self._desk.database.begin() as connection:
            row = await parked_store.one(connection, seq)
            if row is None:
                raise _unknown(seq)
            if row.state == "discarded":
                raise _ended(row)
            if row.state == "waiting":
                first = await parked_store.ahead_of(connection, row)
                raise OpsError(
                    409, "waits", f"Message {seq} waits for {first} of the same transaction: replay that one."
                )
            if await parked_store.due_now(connection, seq, utc_now()):
                detail = {"consumer": row.consumer, "event_id": row.event_id, "was": row.state}
                await audit.record(connection, actor, "parked.replay", str(seq), reason=asked.reason, detail=detail)
        return OpsJSON({"seq": seq, "state": "replayed" if row.state == "replayed" else "retry"})

    async def discard(self, request: Request) -> Response:
        actor, seq, asked = changer(request), _seq(request), await body_of(request, Explained)
        async with self._desk.database.begin() as connection:
            row = await parked_store.one(connection, seq)
            if row is None:
                raise _unknown(seq)
            if row.state == "replayed":
                raise _ended(row)
            if await parked_store.discard(connection, row.consumer, [(seq, row.key)], utc_now()):
                detail = {"consumer": row.consumer, "event_id": row.event_id, "was": row.state}
                await audit.record(connection, actor, "parked.discard", str(seq), reason=asked.reason, detail=detail)
            elif row.state != "discarded":  # replayed a moment ago
                raise _ended(await parked_store.one(connection, seq))
        return OpsJSON({"seq": seq, "state": "discarded"})

    async def replay_cause(self, request: Request) -> Response:
        actor, asked = changer(request), await body_of(request, ReplayByCause)
        await _counted(self._desk, asked)
        async with self._desk.database.begin() as connection:
            done = await parked_store.spread(connection, asked.consumer, asked.cause, asked.rate, utc_now())
            if done:
                detail = {"consumer": asked.consumer, "count": done, "rate": asked.rate}
                await audit.record(connection, actor, "parked.replay", asked.cause, reason=asked.reason, detail=detail)
        return OpsJSON({"replaying": done, "seconds": round(done / asked.rate, 1)})

    async def discard_cause(self, request: Request) -> Response:
        """Discard in portions, each with its row in the audit trail; what is parked meanwhile stays."""
        actor, asked = changer(request), await body_of(request, DiscardByCause)
        await _counted(self._desk, asked)
        async with self._desk.database.begin() as connection:
            last = await parked_store.last_seq(connection)
        done = 0
        while True:
            async with self._desk.database.begin() as connection:
                found = await parked_store.portion(connection, asked.consumer, asked.cause, last, AT_ONCE)
                ended = await parked_store.discard(connection, asked.consumer, found, utc_now()) if found else []
                if not ended:
                    return OpsJSON({"discarded": done})
                detail = {"consumer": asked.consumer, "count": len(ended), "seqs": ended}
                await audit.record(connection, actor, "parked.discard", asked.cause, reason=asked.reason, detail=detail)
            done += len(ended)


def routes(desk: Desk) -> list[Route]:
    """Return `GET /parked[/{seq}]`, `POST /parked/replay|discard` by cause and `POST /parked/{seq}/replay|discard`."""
    room = _Room(desk)
    return [
        Route("/parked", room.listed),
        Route("/parked/replay", room.replay_cause, methods=["POST"]),
        Route("/parked/discard", room.discard_cause, methods=["POST"]),
        Route("/parked/{seq}", room.shown),
        Route("/parked/{seq}/replay", room.replay, methods=["POST"]),
        Route("/parked/{seq}/discard", room.discard, methods=["POST"]),
    ]
