"""The server: accepts connections in a thread of its own, and keeps port and host key over restarts."""

import contextlib
import socket
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko import Ed25519Key, PKey, ServerInterface, SFTPServer, SSHException, Transport
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from hub.testing.sftp_server.folder import Faults, FolderInterface, Received, Site


def host_key_at(path: Path) -> PKey:
    """Return the host key kept at the path, generated (ed25519) at the first time."""
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return Ed25519Key(filename=str(path))


def _cut(connection: socket.socket) -> None:
    """Cut a connection as a pulled cable would: no goodbye."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Door(ServerInterface):
    """Lets one user in, by password or by one of its keys, to SFTP only."""

    def __init__(self, user: str, password: str | None, keys: Sequence[PKey], faults: Faults) -> None:
        self._user = user
        self._password = password
        self._keys = tuple(keys)
        self._faults = faults

    def _verdict(self, fits: bool) -> int:
        return AUTH_SUCCESSFUL if fits and not self._faults.refuse_login else AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        """Compare user and password."""
        return self._verdict(username == self._user and password == self._password)

    def check_auth_publickey(self, username: str, key: PKey) -> int:
        """Look the key up (paramiko has checked that the client holds it)."""
        return self._verdict(username == self._user and key in self._keys)

    def get_allowed_auths(self, username: str) -> str:
        """Name what is worth trying."""
        del username
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Open sessions only."""
        del chanid
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class SftpServer:
    """Use as a context manager, or `start` and `stop`; `port` 0 takes a free one and keeps it for restarts."""

    def __init__(
        self,
        folder: Path,
        user: str,
        password: str | None,
        *,
        host_key: PKey,
        keys: Sequence[PKey] = (),
        port: int = 0,
        log: Path | None = None,
    ) -> None:
        self.site = Site(folder, log)
        self.host_key = host_key
        self.host = "127.0.0.1"
        self.port = port
        self._door = _Door(user, password, keys, self.site.faults)
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._transports: set[Transport] = set()

    @property
    def faults(self) -> Faults:
        """How it misbehaves."""
        return self.site.faults

    @property
    def received(self) -> Sequence[Received]:
        """What got its final name since this object was made, restarts included."""
        return tuple(self.site.received)

    @property
    def public_key(self) -> str:
        """The host key as a line of known_hosts has it: `ssh-ed25519 AAAA…`."""
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"

    @property
    def fingerprint(self) -> str:
        """The host key's fingerprint, `SHA256:…`."""
        return self.host_key.fingerprint

    def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        self.site.root.mkdir(parents=True, exist_ok=True)
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, args=(self._listener,), name="sftp-server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and drop every connection; `start` brings the server back on the same port."""
        if self._listener is None or self._thread is None:
            return
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
        self._thread.join()
        self._listener.close()
        self._listener = self._thread = None
        for transport in tuple(self._transports):
            transport.close()
        self._transports.clear()

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(SSHException, OSError, EOFError):
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        """Begin a connection; negotiation and all requests go on in paramiko's threads."""
        self._transports = {transport for transport in self._transports if transport.is_active()}
        transport = Transport(connection)
        transport.daemon = True
        transport.add_server_key(self.host_key)
        transport.set_subsystem_handler(
            "sftp", SFTPServer, sftp_si=FolderInterface, site=self.site, cut=partial(_cut, connection)
        )
        self._transports.add(transport)
        transport.start_server(event=threading.Event(), server=self._door)
