"""The guard of outbound addresses, with real sockets and a real HTTP server."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from ipaddress import ip_address

import pytest

from hub.errors import Refused, Unavailable
from hub.net import Lookup, NetGuard, is_public

SECOND = timedelta(seconds=1)
CLOSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
]


def answering(*addresses: str) -> Lookup:
    async def lookup(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return lookup


@pytest.mark.parametrize("address", CLOSED)
async def test_an_address_outside_the_open_internet_is_closed(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(Refused) as refused:
        await NetGuard(lookup=answering(address)).endpoints("sftp.example.com", 22)
    assert refused.value.problems[0].code == "address-closed"
    assert refused.value.problems[0].field == "host"


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a02:2a0::1", "2620:fe::fe"])
async def test_an_address_of_the_open_internet_is_open(address: str) -> None:
    (endpoint,) = await NetGuard(lookup=answering(address)).endpoints("sftp.example.com", 22)
    assert endpoint.sockaddr == (address, 22)


async def test_one_closed_address_among_open_ones_closes_the_name() -> None:
    with pytest.raises(Refused):
        await NetGuard(lookup=answering("8.8.8.8", "10.0.0.1")).endpoints("sftp.example.com", 22)


@pytest.mark.parametrize("spelling", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "LOCALHOST."])
async def test_other_spellings_of_loopback_are_closed(spelling: str) -> None:
    with pytest.raises(Refused):
        await NetGuard().endpoints(spelling, 22)


@pytest.mark.parametrize(
    ("allow", "host", "port", "allowed"),
    [
        ("inside.example.com", "inside.example.com", 22, True),
        ("Inside.Example.com", "INSIDE.example.com.", 22, True),
        ("inside.example.com", "other.example.com", 22, False),
        ("inside.example.com:2222", "inside.example.com", 2222, True),
        ("inside.example.com:2222", "inside.example.com", 22, False),
        ("10.0.0.0/8", "anything.example.com", 22, True),
        ("10.0.0.5", "anything.example.com", 22, True),
        ("10.0.0.6", "anything.example.com", 22, False),
        ("10.0.0.5:22", "anything.example.com", 22, True),
        ("10.0.0.5:23", "anything.example.com", 22, False),
        ("fd00::/8, 10.0.0.0/30", "anything.example.com", 22, False),
        ("", "inside.example.com", 22, False),
    ],
)
async def test_only_the_operators_list_opens_a_closed_address(allow: str, host: str, port: int, allowed: bool) -> None:
    guard = NetGuard(allow, lookup=answering("10.0.0.5"))
    if allowed:
        assert await guard.endpoints(host, port)
    else:
        with pytest.raises(Refused):
            await guard.endpoints(host, port)


@pytest.mark.parametrize("entry", ["host:port", ":22", "[fd00::1]:x"])
def test_a_mistake_in_the_list_stops_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match="HUB_NET_ALLOW"):
        NetGuard(entry)


async def test_an_ipv6_address_with_a_port_can_be_allowed() -> None:
    assert await NetGuard("[fd00::1]:22", lookup=answering("fd00::1")).endpoints("x.example.com", 22)


@pytest.mark.parametrize("host", ["", " ", "a b", "http://x", "user@x", "fe80::1%lo", "x" * 254])
async def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(Refused) as refused:
        await NetGuard().endpoints(host, 22)
    assert refused.value.problems[0].code == "host-invalid"


async def test_a_name_that_does_not_resolve_is_unavailable() -> None:
    async def lookup(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    with pytest.raises(Unavailable) as unavailable:
        await NetGuard(lookup=lookup).endpoints("nowhere.example.com", 22)
    assert unavailable.value.problem is not None
    assert unavailable.value.problem.code == "host-unknown"


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    asked = []

    async def lookup(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        guard = NetGuard(f"sftp.example.com:{port}", lookup=lookup)
        with await guard.connect("sftp.example.com", port, within=SECOND) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
            assert connection.getblocking()
    assert asked == ["sftp.example.com"]


async def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        guard = NetGuard("127.0.0.0/8", lookup=answering("127.0.0.9", "127.0.0.1"))
        with await guard.connect("sftp.example.com", port, within=SECOND) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"


async def test_nothing_that_answers_is_unavailable_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unavailable) as unavailable:
        await NetGuard("127.0.0.1").connect("127.0.0.1", port, within=SECOND)
    assert unavailable.value.problem is not None
    assert unavailable.value.problem.code == "host-no-answer"


async def test_a_connection_that_never_comes_is_bounded() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        guard = NetGuard("127.0.0.1")
        with ExitStack() as fillers, pytest.raises(Unavailable):  # noqa: PT012 - the queue's length is the system's
            for _ in range(10):
                fillers.enter_context(await guard.connect("127.0.0.1", port, within=SECOND / 4))
