"""The guard for every outbound address that a customer or the outside world names.

A host is resolved once, every address it has is checked, and the connection goes to an address that was checked: so a
name that answers differently the second time gains nothing. The operator alone can allow more, by `HUB_NET_ALLOW`:
`host`, `host:port`, an address, `[address]:port` or a network (`10.20.0.0/16`), separated by commas.

Ranges after the IANA special-purpose address registries (RFC 6890 and its updates).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from hub.errors import Problem, Refused, Unavailable

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

RESOLVE_SECONDS = 10
MAX_HOST = 253

_CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and a cloud's metadata (100.100.100.200)
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata at a public address
        "169.254.0.0/16",  # link-local, metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Only global unicast is open at all; so loopback, mapped, NAT64, unique local (metadata too), link-local, multicast and
# whatever is reserved is closed without being named. Inside it, the ranges that carry IPv4 or belong to nobody.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


def is_public(address: IPAddress) -> bool:
    """Tell whether the address is one of the open internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if address.scope_id is not None or address not in _OPEN_V6:
        return False
    return not any(address in network for network in _CLOSED_V6)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that was checked, to connect to as it is."""

    address: IPAddress
    port: int

    @property
    def family(self) -> socket.AddressFamily:
        """AF_INET or AF_INET6."""
        return socket.AF_INET if self.address.version == 4 else socket.AF_INET6

    @property
    def sockaddr(self) -> tuple[str, int]:
        """What `socket.connect` takes."""
        return str(self.address), self.port


@dataclass(frozen=True, slots=True)
class _Rule:
    """One entry of the allow-list: a name or a network, at one port or at all."""

    host: str | None
    network: IPNetwork | None
    port: int | None

    def allows(self, host: str, address: IPAddress, port: int) -> bool:
        if self.port not in (None, port):
            return False
        if self.network is not None:
            return address.version == self.network.version and address in self.network
        return self.host == host


def _network(text: str) -> IPNetwork | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _rule(entry: str) -> _Rule:
    """Read one entry; raises ValueError, so that a mistake stops the start instead of opening or closing something."""
    whole = _network(entry.strip("[]"))
    if whole is not None:
        return _Rule(None, whole, None)
    host, colon, port = entry.rpartition(":")
    if not colon:
        host, port = entry, ""
    if (colon and not port.isdecimal()) or not host:
        raise ValueError(f"HUB_NET_ALLOW: {entry!r} is neither host, host:port, address nor network")
    network = _network(host.strip("[]"))
    return _Rule(None if network else _normal(host), network, int(port) if port else None)


def _normal(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
_RESOLVERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver gives; raises OSError, TimeoutError after ten seconds."""

    def ask() -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    asked = asyncio.get_running_loop().run_in_executor(_RESOLVERS, ask)
    return await asyncio.wait_for(asked, RESOLVE_SECONDS)


class NetGuard:
    """Resolves, checks and connects. `allow` is the operator's `HUB_NET_ALLOW`; raises ValueError when malformed."""

    def __init__(self, allow: str = "", *, lookup: Lookup = system_lookup) -> None:
        self._rules = tuple(_rule(entry.strip()) for entry in allow.split(",") if entry.strip())
        self._lookup = lookup

    def check(self, host: str, address: IPAddress, port: int) -> Endpoint:
        """Return the address to connect to; raises Refused when it is closed and nobody allowed it."""
        if is_public(address) or any(rule.allows(_normal(host), address, port) for rule in self._rules):
            return Endpoint(address, port)
        raise Refused(closed_address(host, address))

    async def endpoints(self, host: str, port: int) -> Sequence[Endpoint]:
        """Resolve and check: one closed address among them closes the name.

        Raises Refused for a closed or impossible address, Unavailable when the name does not resolve.
        """
        name = _normal(host)
        if not 0 < len(name) <= MAX_HOST or any(mark.isspace() or mark in "/%@\0" for mark in name):
            raise Refused(impossible_host(host))
        try:
            found = await self._lookup(name, port)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise Unavailable(f"{host} does not resolve: {error!r}", problem=unknown_host(host)) from error
        if not found:
            raise Unavailable(f"{host} has no address", problem=unknown_host(host))
        return [self.check(host, ip_address(address), port) for address in found]

    async def connect(self, host: str, port: int, *, within: timedelta) -> socket.socket:
        """Return a connected, blocking TCP socket, for libraries that take one.

        Raises Refused as `endpoints`; Unavailable when nothing answers in time (nothing was sent).
        """
        return await self.dial(host, await self.endpoints(host, port), within=within)

    async def dial(self, host: str, endpoints: Sequence[Endpoint], *, within: timedelta) -> socket.socket:
        """Connect to the first of the checked addresses that answers; the time is shared among them."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + within.total_seconds()
        error: Exception = OSError("no address")
        for left, endpoint in zip(range(len(endpoints), 0, -1), endpoints, strict=True):
            connection = socket.socket(endpoint.family, socket.SOCK_STREAM)
            try:
                connection.setblocking(False)
                limit = max(0.0, ends - loop.time()) / left
                await asyncio.wait_for(loop.sock_connect(connection, endpoint.sockaddr), limit)
                connection.setblocking(True)
            except (OSError, TimeoutError) as failure:
                connection.close()
                error = failure
            except BaseException:
                connection.close()
                raise
            else:
                return connection
        port = endpoints[0].port if endpoints else 0
        raise Unavailable(f"{host}:{port}: {error!r}", problem=no_answer(host, port)) from error


def closed_address(host: str, address: IPAddress) -> Problem:
    """Say that the address leads into a closed network."""
    return Problem(
        code="address-closed",
        field="host",
        nb=f"Adressen {host} fører til {address}, som ligger i et lukket nett og ikke på det åpne Internett. "
        "Oppgi tjenerens offentlige adresse, eller be sentralens drift om å tillate den.",
        en=f"The address {host} leads to {address}, which is in a closed network and not on the open internet. "
        "Give the server's public address, or ask the hub's operators to allow it.",
    )


def impossible_host(host: str) -> Problem:
    """Say that what was given is no host name."""
    return Problem(
        code="host-invalid",
        field="host",
        nb=f"«{host[:80]}» er ikke et gyldig tjenernavn. Oppgi bare navnet, for eksempel sftp.eksempel.no.",
        en=f"“{host[:80]}” is not a valid host name. Give the name only, for example sftp.example.com.",
    )


def unknown_host(host: str) -> Problem:
    """Say that the name does not resolve."""
    return Problem(
        code="host-unknown",
        field="host",
        nb=f"Fant ikke tjeneren {host}. Kontroller at navnet er skrevet riktig.",
        en=f"The server {host} was not found. Check that its name is spelled correctly.",
    )


def no_answer(host: str, port: int) -> Problem:
    """Say that nothing answers there."""
    return Problem(
        code="host-no-answer",
        field="host",
        nb=f"Tjeneren {host} svarer ikke på port {port}. Kontroller navn og port, og at tjeneren er i drift "
        "og slipper sentralen gjennom brannmuren.",
        en=f"The server {host} does not answer on port {port}. Check name and port, and that the server runs "
        "and lets the hub through its firewall.",
    )
