"""How much of a request is read: counted while it arrives, never after."""

from collections.abc import Collection

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import problems
from gateway.api.problems import answer
from hub.errors import Refused


class _TooLargeError(HTTPException):
    """Passes through the framework's body parsing, which turns other errors into 400."""

    def __init__(self) -> None:
        super().__init__(413)


class BodyLimit:
    """Refuses larger bodies with 413 while they arrive; the routes that take documents have limits of their own."""

    def __init__(self, app: ASGIApp, limit: int, exempt: Collection[str]) -> None:
        self._app = app
        self._limit = limit
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with what arrives counted."""
        if scope["type"] != "http" or (scope["method"] == "POST" and scope["path"] in self._exempt):
            await self._app(scope, receive, send)
            return
        counted = 0
        exceeded = started = False

        async def count() -> Message:
            nonlocal counted, exceeded
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > self._limit:
                exceeded = True
                raise _TooLargeError
            return message

        async def reply(message: Message) -> None:
            nonlocal started
            if started or not exceeded:
                started = True
                await send(message)

        await self._app(scope, count, reply)
        if exceeded and not started:
            await answer(problems.too_large(self._limit))(scope, receive, send)


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body; raises Refused as soon as it is larger than the limit (bytes)."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise Refused(problems.too_large(limit))
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Refused(problems.too_large(limit))
        chunks.append(chunk)
    return b"".join(chunks)
