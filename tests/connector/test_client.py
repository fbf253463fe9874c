"""The Python client: what is repeated and what never is, errors by type, feed and inbox acknowledged after storing."""

import asyncio
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub_connector.client import (
    Attachment,
    Busy,
    Conflict,
    Connection,
    Forbidden,
    Hub,
    NotFound,
    NotTheHub,
    Passing,
    Patience,
    Refusal,
    Submission,
    Unauthorized,
    Unreachable,
)
from hub_connector.client.multipart import multipart
from hub_connector.client.retrying import ONCE, backoff
from hub_connector.client.transport import AddressError
from hub_connector.watching import now
from tests.connector.premises import Door
from tests.gateway.world import ALFA, DELTA, GAMMA, invoice


def hub_at(door: Door, who: str) -> Hub:
    return Hub(Connection(door.url, door.world.keys[who], proxy="none"), ONCE)


def to_gamma(number: str) -> Submission:
    return Submission.of_json(invoice(number, buyer={"organisation_number": GAMMA}))


async def test_the_same_submission_gets_the_same_answer_and_the_hub_has_one(door: Door) -> None:
    submission = to_gamma("1")

    def send() -> list[UUID]:
        hub = hub_at(door, "delta")
        return [hub.submit(submission).transaction_id for _ in range(2)]

    first, second = await asyncio.to_thread(send)
    assert first == second
    assert [one.id for one in await door.transactions()] == [first]


async def test_a_transaction_is_read_listed_fetched_and_cancelled(door: Door) -> None:
    def use() -> tuple[Any, list[str], bytes, str]:
        hub = hub_at(door, "delta")
        identifier = hub.submit(to_gamma("1")).transaction_id
        hub.submit(to_gamma("2"))
        listed = [one.number for one in hub.transactions(client=DELTA)]
        return hub.transaction(identifier), listed, hub.received(identifier), hub.cancel(identifier)

    one, listed, received, cancelled = await asyncio.to_thread(use)
    assert (one.status, one.client, one.number, one.direction) == ("accepted", DELTA, "1", "outbound")
    assert (listed, cancelled) == (["2", "1"], "cancelled")
    assert b'"number": "1"' in received


async def test_each_refusal_has_its_type_and_tells_field_and_remedy(door: Door) -> None:
    def refused(who: str, submission: Submission) -> Refusal:
        with pytest.raises(Refusal) as caught:
            hub_at(door, who).submit(submission)
        return caught.value

    def use() -> list[Refusal]:
        hub_at(door, "delta").submit(to_gamma("1"))
        with pytest.raises(Unauthorized):
            Hub(Connection(door.url, "sentral_nonsense"), ONCE).feed_page(0)
        with pytest.raises(NotFound):
            hub_at(door, "delta").transaction(UUID(int=1))
        return [
            refused("delta", Submission.of_json(invoice("2", buyer={"organisation_number": ALFA}), client=GAMMA)),
            refused("delta", to_gamma("1")),
            refused("delta", Submission.of_json({"type": "invoice", "number": "3", "linjer": []})),
        ]

    forbidden, conflict, invalid = await asyncio.to_thread(use)
    assert isinstance(forbidden, Forbidden)
    assert forbidden.code == "client-not-allowed"
    assert isinstance(conflict, Conflict)
    assert [conflict.transaction_id] == [one.id for one in await door.transactions()]
    assert invalid.status == 422
    assert {finding.field for finding in invalid.findings} >= {"issue_date", "buyer", "lines", "linjer"}
    assert all(finding.nb and finding.en for finding in invalid.findings)


async def test_the_feed_is_acknowledged_when_the_caller_comes_back_for_more(door: Door) -> None:
    def use() -> list[int]:
        numbers = []
        for entry in hub_at(door, "delta").feed(after=0, wait=0):
            numbers.append(entry.number)
            if len(numbers) == 3:
                break
        return numbers

    async def acknowledged() -> int:
        [counter] = await door.world.sql(
            "SELECT acknowledged FROM feed_counter WHERE install = :id", id=door.world.ids["delta"]
        )
        return int(counter.acknowledged)

    hub = hub_at(door, "delta")
    await asyncio.to_thread(hub.submit, to_gamma("1"))
    await door.deliver()
    assert await asyncio.to_thread(use) == [1, 2, 3]
    assert await acknowledged() == 0  # the third may not be stored yet, so its page is not acknowledged
    page = await asyncio.to_thread(hub.feed_page, 3)
    assert (page.entries, page.last, await acknowledged()) == ([], 3, 3)


async def test_an_inbox_item_at_which_the_caller_stops_stays_in_the_inbox(door: Door) -> None:
    await door.fill_inbox(DELTA, "77")
    await door.fill_inbox(DELTA, "78")

    def use() -> list[str]:
        hub = hub_at(door, "delta")
        for item in hub.inbox():
            assert hub.inbox_document(item.id) == b"<Invoice/>"
            if item.number == "78":
                break  # the caller could not store it
        return [item.number for item in hub.inbox()]

    assert await asyncio.to_thread(use) == ["78"]
    rows = await door.world.sql("SELECT acknowledged_at FROM inbox_item")
    assert [row.acknowledged_at is not None for row in rows] == [True, True]


# What no gateway does on demand: a server that answers as a script says, to see what is sent again and when.

Scripted = tuple[int, dict[str, str], bytes] | None


@dataclass
class Script:
    """Answers to give in order (None: hang up), and the requests that came."""

    answers: list[Scripted]
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        script = cast("Any", self.server).script
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        script.requests.append((self.path, dict(self.headers), body))
        answer = script.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_CONNECT = _answer  # noqa: N815 - the names that http.server asks for

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def scripted(*answers: Scripted, tls: ssl.SSLContext | None = None) -> Iterator[Script]:
    script = Script(list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.script = script  # type: ignore[attr-defined]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    script.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ACCEPTED: Scripted = (202, {"Content-Type": "application/json"}, b'{"transaction_id": "%s"}' % (b"0" * 32))
BUSY: Scripted = (429, {"Retry-After": "7"}, b"")
DOWN: Scripted = (503, {}, b"")
REFUSED: Scripted = (422, {"Content-Type": "application/problem+json"}, b'{"type": "urn:x:invalid", "detail": "No."}')


@dataclass
class Naps:
    taken: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def submit(script: Script, naps: Naps, patience: Patience | None = None) -> UUID:
    hub = Hub(Connection(script.url, "key", proxy="none"), patience, naps)
    try:
        return hub.submit(Submission(b"{}", "application/json", DELTA)).transaction_id
    finally:
        hub.close()


def test_what_passes_is_sent_again_under_the_same_key() -> None:
    naps = Naps()
    # A connection that is cut is tried once more at once; cut again, it counts.
    with scripted(BUSY, DOWN, None, None, ACCEPTED) as script:
        assert submit(script, naps) == UUID(int=0)
    assert len({headers["Idempotency-Key"] for _, headers, _ in script.requests}) == 1
    assert len(script.requests) == 5
    assert len(naps.taken) == 3
    assert naps.taken[0] == 7.0  # as Retry-After asks
    assert 1 <= naps.taken[1] <= 2
    assert 2 <= naps.taken[2] <= 4


def test_what_the_hub_refuses_is_never_sent_again() -> None:
    with scripted(REFUSED) as script, pytest.raises(Refusal, match="No"):
        submit(script, Naps())
    assert len(script.requests) == 1


def test_patience_ends() -> None:
    naps = Naps()
    with scripted(*[DOWN] * 3) as script, pytest.raises(Busy) as caught:
        submit(script, naps, Patience(attempts=3))
    assert (len(script.requests), len(naps.taken), caught.value.status) == (3, 2, 503)


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<html>Sign in"),
        (403, {"Content-Type": "text/html"}, b""),
        (302, {"Location": "/"}, b""),
    ],
)
def test_an_answer_of_somebody_else_says_nothing_about_the_invoice(answer: Scripted) -> None:
    with scripted(answer) as script, pytest.raises(NotTheHub) as caught:
        submit(script, Naps(), ONCE)
    assert isinstance(caught.value, Passing)
    assert len(script.requests) == 1


def test_waiting_grows_to_its_limit_and_keeps_to_what_is_asked() -> None:
    first, most = timedelta(seconds=1), timedelta(seconds=60)
    lowest = [backoff(made, first, most, chance=lambda: 0.0) for made in range(1, 10)]
    assert lowest == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff(1, first, most, asked=9) == 9
    assert backoff(1, first, most, asked=900) == 60
    assert backoff(10_000, first, most, chance=lambda: 1.0) == 60


def test_a_proxy_is_asked_with_its_password_and_the_hub_with_the_key() -> None:
    with scripted(ACCEPTED) as script:
        proxy = f"http://ola:p%40ss@127.0.0.1:{script.port}"
        hub = Hub(Connection("http://hub.example", "key", proxy, allow_http=True), ONCE)
        hub.submit(Submission(b"{}", "application/json"))
        hub.close()
    path, headers, _ = script.requests[0]
    assert path == "http://hub.example/v1/transactions"
    assert headers["proxy-authorization"] == "Basic b2xhOnBAc3M="
    assert headers["Authorization"] == "Bearer key"


def test_a_proxy_that_wants_a_password_is_named_as_what_stands_in_the_way() -> None:
    with scripted((407, {}, b"")) as script:
        hub = Hub(Connection("https://hub.example", "key", script.url), ONCE)
        with pytest.raises(Unreachable) as caught:
            hub.feed_page(0)
        hub.close()
    assert caught.value.step == "proxy"
    assert "407" in caught.value.nb


def test_the_systems_proxy_is_used_unless_it_is_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    used = [
        Connection(url, "key", proxy).proxy_used()
        for url, proxy in (
            ("https://hub.example", "system"),
            ("https://inside.example", "system"),
            ("https://hub.example", "none"),
            ("https://hub.example", "http://other:1"),
        )
    ]
    assert used == ["http://proxy.example:3128", None, None, "http://other:1"]


@pytest.mark.parametrize("url", ["http://hub.example", "hub.example", "ftp://hub.example", "https://", ""])
def test_an_address_over_which_the_key_would_travel_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        Connection(url, "key")


def test_no_key_is_shown_where_a_connection_is() -> None:
    assert "secret" not in repr(Connection("https://hub.example", "secret", "http://a:secret@proxy"))


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate of our own for 127.0.0.1, as a company that opens its own TLS traffic has one."""
    from ipaddress import IPv4Address  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Own proxy")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def test_a_certificate_that_the_system_does_not_know_is_refused_until_it_is_given(tmp_path: Path) -> None:
    context, public = certificate(tmp_path)
    with scripted(ACCEPTED, tls=context) as script:
        url = f"https://127.0.0.1:{script.port}"
        stranger = Hub(Connection(url, "key", proxy="none"), ONCE)
        with pytest.raises(Unreachable) as caught:
            stranger.submit(Submission(b"{}", "application/json"))
        known = Hub(Connection(url, "key", proxy="none", ca_file=public), ONCE)
        assert known.submit(Submission(b"{}", "application/json")).transaction_id == UUID(int=0)
        stranger.close()
        known.close()
    assert caught.value.step == "tls"
    assert "ca_file" in caught.value.en
    assert len(script.requests) == 1


def test_nobody_at_the_address_is_told_from_a_name_that_does_not_exist() -> None:
    steps = []
    for url in ("http://127.0.0.1:1", "https://nobody.invalid"):
        with pytest.raises(Unreachable) as caught:
            Hub(Connection(url, "key", proxy="none"), ONCE).feed_page(0)
        steps.append(caught.value.step)
    assert steps == ["connect", "name"]


def test_multipart_is_the_same_bytes_each_time_it_is_made() -> None:
    attachments: Sequence[Attachment] = [Attachment('fak"tura\n.pdf', b"%PDF")]
    submission = Submission(b"<Invoice/>", "application/xml", attachments=attachments, key="k")
    body, content_type = multipart(submission)
    assert (body, content_type) == multipart(submission)
    boundary = content_type.partition("boundary=")[2].encode()
    assert body.count(boundary) == 3
    assert b'name="attachment"; filename="fak%22tura%0A.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n' in body
