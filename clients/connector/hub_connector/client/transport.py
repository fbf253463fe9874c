"""One HTTPS connection pool: certificates and proxy as the system has them, every wait bounded, nothing repeated."""

import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import truststore
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from hub_connector import __version__
from hub_connector.client.errors import Unreachable

LARGEST_ANSWER = 150_000_000  # bytes; a document is at most 100 MB
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class AddressError(ValueError):
    """The hub's address cannot be used. `nb` says it in Norwegian."""

    def __init__(self, nb: str, en: str) -> None:
        super().__init__(en)
        self.nb = nb
        self.en = en


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the hub is and how it is reached; raises AddressError where secrets would travel in the clear.

    `proxy`: `system` (environment; on Windows also its settings), `none`, or an address, which may hold user and
    password. `ca_file`: certificates to trust beside the system's (PEM), for a company that opens its own TLS traffic.
    Times are seconds.
    """

    url: str
    key: str = field(repr=False)
    proxy: str = field(default="system", repr=False)
    ca_file: Path | None = None
    allow_http: bool = False
    connect_timeout: float = 10
    read_timeout: float = 60

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise AddressError(
                f"«{self.url}» er ingen adresse. Skriv den som https://meldingssentral.example.",
                f"`{self.url}` is no address. Write it as https://hub.example.",
            )
        if parts.scheme == "http" and parts.hostname not in _LOCAL and not self.allow_http:
            raise AddressError(
                f"{self.url} er ikke kryptert, så nøkkelen ville gått i klartekst. Bruk https://.",
                f"{self.url} is not encrypted, so that the key would travel in the clear. Use https://.",
            )

    def proxy_used(self) -> str | None:
        """Return the address of the proxy that the hub is reached through, None for directly."""
        if self.proxy == "none":
            return None
        if self.proxy != "system":
            return self.proxy
        parts = urlsplit(self.url)
        if urllib.request.proxy_bypass(parts.hostname or ""):
            return None
        return urllib.request.getproxies().get(parts.scheme)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. Header names are as urllib3 keeps them: case does not matter."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Method = Literal["GET", "POST", "PUT"]


class Transport:
    """Sends one request and returns its answer; threads may share it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._base = connection.url.rstrip("/")
        self._pool = _pool(connection)

    def ask(
        self,
        method: Method,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        wait: float = 0,
    ) -> Answer:
        """Ask; `wait` is how much longer than usual the answer may take (seconds). Raises Unreachable.

        A connection that lay idle may be closed by the other side at the moment when it is used again. That is worth
        nobody's attention: every request is one that may be made twice, so it is made again, once, on a new one.
        """
        timeout = urllib3.Timeout(connect=self.connection.connect_timeout, read=self.connection.read_timeout + wait)
        own = {
            "Authorization": f"Bearer {self.connection.key}",
            "User-Agent": f"hub-connector/{__version__}",
            "Accept-Encoding": "gzip",
        }
        request = {"body": body, "headers": {**own, **(headers or {})}, "timeout": timeout}
        try:
            try:
                return self._once(method, path, request)
            except ProtocolError:
                return self._once(method, path, request)
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    def _once(self, method: Method, path: str, request: Mapping[str, Any]) -> Answer:
        response = self._pool.request(
            method, self._base + path, retries=False, redirect=False, preload_content=False, **request
        )
        try:
            answered = response.read(LARGEST_ANSWER + 1)
        finally:
            response.release_conn()
        if len(answered) > LARGEST_ANSWER:
            raise Unreachable("read", "Svaret er for stort.", "The answer is too large.")
        return Answer(response.status, response.headers, answered)

    def close(self) -> None:
        """Close what is open."""
        self._pool.clear()

    def _unreachable(self, error: Exception) -> Unreachable:
        where = urlsplit(self._base).netloc
        if isinstance(error, ProxyError):
            step, proxy = "proxy", urlsplit(self.connection.proxy_used() or "")
            nb = f"Proxyen {proxy.hostname}:{proxy.port} slipper oss ikke gjennom ({_cause(error)}). Rett «proxy»."
            en = f"The proxy {proxy.hostname}:{proxy.port} does not let us through ({_cause(error)}). Correct `proxy`."
        elif isinstance(error, NameResolutionError):
            step = "name"
            nb = f"Navnet {where} finnes ikke i DNS. Er adressen riktig, og er maskinen på nett?"
            en = f"The name {where} is not found in DNS. Is the address right, and is this machine on line?"
        elif isinstance(error, SSLError):
            step = "tls"
            nb = f"Sertifikatet til {where} godtas ikke ({_cause(error)}). Er klokken riktig? Bruker dere eget "
            nb += "sertifikat i proxy eller brannmur, må det oppgis i «ca_file»."
            en = f"The certificate of {where} is not accepted ({_cause(error)}). Is the clock right? A certificate of "
            en += "your own proxy or firewall must be given in `ca_file`."
        elif isinstance(error, ConnectTimeoutError | NewConnectionError):
            step = "connect"
            nb = f"{where} svarer ikke. Er maskinen på nett, og slipper brannmuren utgående trafikk dit gjennom?"
            en = f"{where} does not answer. Is this machine on line, and does the firewall let traffic out to it?"
        else:
            step = "timeout" if isinstance(error, ReadTimeoutError) else "lost"
            nb = f"Forbindelsen til {where} ble brutt før svaret kom. Det samme sendes igjen."
            en = f"The connection to {where} was lost before the answer came. The same is sent again."
        return Unreachable(step, nb, en)


def _cause(error: BaseException) -> str:
    """Return the innermost reason, without the objects that urllib3 prints with it."""
    reason: object = error
    while isinstance(reason, BaseException):
        inner = getattr(reason, "original_error", None) or (reason.args[0] if reason.args else None)
        if not isinstance(inner, BaseException):
            break
        reason = inner
    return str(reason).rpartition(">: ")[2][:200]


def _pool(connection: Connection) -> urllib3.PoolManager:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if connection.ca_file is not None:
        context.load_verify_locations(connection.ca_file)
    proxy = connection.proxy_used()
    if proxy is None:
        return urllib3.PoolManager(ssl_context=context, maxsize=4)
    parts = urlsplit(proxy)
    headers = {}
    if parts.username:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=user)
    return urllib3.ProxyManager(proxy, proxy_headers=headers, ssl_context=context, proxy_ssl_context=context, maxsize=4)


def is_success(status: int) -> bool:
    """Tell whether a status is one of the 200s."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
