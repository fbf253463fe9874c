"""HTTP through the net guard: the addresses that aiohttp connects to are those that were checked."""

import socket
from ipaddress import ip_address

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from hub.errors import Unavailable
from hub.net import NetGuard

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class GuardedResolver(AbstractResolver):
    """Gives aiohttp checked addresses only. Literal addresses never come here: `guarded_session` checks those."""

    def __init__(self, guard: NetGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the checked addresses; raises Refused or Unavailable through aiohttp."""
        return [
            ResolveResult(
                hostname=host,
                host=str(endpoint.address),
                port=port,
                family=endpoint.family,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for endpoint in await self._guard.endpoints(host, port)
            if family in (socket.AF_UNSPEC, endpoint.family)
        ]

    async def close(self) -> None:
        """Hold nothing."""


def guarded_session(guard: NetGuard, *, total: float = 30, connect: float = 10) -> ClientSession:
    """Return a session that connects to checked addresses only, follows no redirect and uses no proxy.

    `total` and `connect` are seconds. Requests raise Refused (closed address), Unavailable (unknown name, a
    redirect) and aiohttp's own errors.
    """

    async def checked(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        host, port = request.url.host or "", request.url.port or 0
        try:
            literal = ip_address(host)
        except ValueError:
            literal = None
        if literal is not None:  # aiohttp asks no resolver about these
            guard.check(host, literal, port)
        response = await send(request)
        if response.status in _REDIRECTS:
            response.close()
            raise Unavailable(f"{host} redirects to {response.headers.get('Location', '')!r}; not followed")
        return response

    connector = TCPConnector(resolver=GuardedResolver(guard), use_dns_cache=False)
    timeout = ClientTimeout(total=total, connect=connect)
    return ClientSession(connector=connector, timeout=timeout, middlewares=(checked,), trust_env=False)
