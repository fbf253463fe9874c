"""gzip in both directions (RFC 9110, section 8.4): requests are unpacked as they are read, answers packed where asked.

What is unpacked is handed on in small pieces, so whoever reads it counts it and stops at its own limit: a request that
would become gigabytes costs no more than one of that limit's size.
"""

import asyncio
import gzip
import zlib
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import problems
from gateway.api.problems import answer
from hub.errors import Refused

_PIECE = 65_536
_GZIP = 31  # zlib's window bits for gzip's framing
_LEVEL = 5
_WORTH_IT = 1_000
_IN_THREAD = 100_000  # bytes from which packing would hold up the others' requests
_ENDED: Mapping[str, object] = {"type": "http.request", "body": b"", "more_body": False}


class Encoding:
    """Unpacks requests that are sent as gzip, and packs answers for callers that accept it.

    `most` bounds the packed bytes (unpacked ones are counted where they are read).
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as its sender meant it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("content-encoding", "identity").strip().lower()
        if given not in ("identity", "gzip", ""):
            await answer(problems.content_encoding(given))(scope, receive, send)
            return
        if given == "gzip":
            receive = _Unpacked(receive, self._most)
        if "gzip" in headers.get("accept-encoding", "").lower():
            send = _Packed(send)
        await self._app(scope, receive, send)


class _Unpacked:
    """Receives the request's body unpacked, piece by piece; raises Refused for what is no gzip, or too long a one."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._stream = zlib.decompressobj(wbits=_GZIP)
        self._waiting = b""
        self._taken = 0
        self._more = True

    async def __call__(self) -> Message:
        while True:
            if self._waiting:
                piece = self._unpack()
                if piece:
                    return {"type": "http.request", "body": piece, "more_body": True}
            elif not self._more:
                if not self._stream.eof:
                    raise Refused(problems.NO_GZIP)
                return dict(_ENDED)
            else:
                message = await self._receive()
                if message["type"] != "http.request":
                    return message
                self._take(message)

    def _take(self, message: Message) -> None:
        self._waiting = message.get("body", b"")
        self._more = message.get("more_body", False)
        self._taken += len(self._waiting)
        if self._taken > self._most:  # empty blocks unpack to nothing, without end
            raise Refused(problems.too_large(self._most))

    def _unpack(self) -> bytes:
        if self._stream.eof:
            raise Refused(problems.NO_GZIP)
        try:
            piece = self._stream.decompress(self._waiting, _PIECE)
        except zlib.error as error:
            raise Refused(problems.NO_GZIP) from error
        self._waiting = self._stream.unconsumed_tail or self._stream.unused_data
        return piece


class _Packed:
    """Sends answers that come in one piece packed, where that makes them smaller."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            whole = message["type"] == "http.response.body" and not message.get("more_body", False)
            if whole and len(message.get("body", b"")) >= _WORTH_IT:
                message = await _packed(start, message)
            await self._send(start)
        await self._send(message)


async def _packed(start: Message, message: Message) -> Message:
    headers = MutableHeaders(raw=start["headers"])
    headers.add_vary_header("Accept-Encoding")
    body: bytes = message["body"]
    if len(body) > _IN_THREAD:
        body = await asyncio.to_thread(gzip.compress, body, _LEVEL)
    else:
        body = gzip.compress(body, _LEVEL)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    if etag := headers.get("etag"):  # a strong one would promise other bytes (RFC 9110, section 8.8.1)
        headers["ETag"] = f"W/{etag.removeprefix('W/')}"
    start["headers"] = headers.raw
    return {**message, "body": body}
