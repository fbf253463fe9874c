"""One SFTP session, blocking: each method runs in a thread, bounded by time-outs on every wait for the server.

paramiko's errors leave here as the hub's: TryLater for what a person must change, Unavailable for a server that is
down. All paths are the target's folder and a name.
"""

import contextlib
import hashlib
import io
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from paramiko import AuthenticationException, SFTPClient, SSHException, Transport

from ftp_sender import problems
from ftp_sender.targets import Target, algorithms_of, fingerprint, is_pinned
from hub.errors import HubError, TryLater, Unavailable

WAIT_SECONDS = 15.0
_CHUNK = 1 << 16
PART = ".part"


@dataclass(frozen=True, slots=True)
class File:
    """What is to lie at the recipient: final name, and the content's size and hash."""

    name: str
    size: int
    sha256: str

    @property
    def part(self) -> str:
        """The name while it is not whole."""
        return self.name + PART


@dataclass(frozen=True, slots=True)
class HostKey:
    """What the server showed."""

    public_key: str
    fingerprint: str


class Session:
    """A connection to one target, from handshake to close."""

    def __init__(self, connection: socket.socket, target: Target) -> None:
        self.target = target
        self._socket = connection
        try:
            self._transport = Transport(connection)
        except (SSHException, OSError):
            connection.close()
            raise
        self._transport.banner_timeout = WAIT_SECONDS
        self._transport.auth_timeout = WAIT_SECONDS
        self._transport.channel_timeout = WAIT_SECONDS
        self._client: SFTPClient | None = None

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as we know."""
        return self._transport.is_active()

    @property
    def identity(self) -> str:
        """The server's own name and version."""
        return str(self._transport.remote_version)

    @property
    def _sftp(self) -> SFTPClient:
        if self._client is None:
            raise RuntimeError("no SFTP session is open")
        return self._client

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (SSHException, EOFError, OSError) as error:
            raise explain(error, self.target, alive=self.alive) from error

    def abort(self) -> None:
        """Cut the connection at once, from any thread: whatever waits for it fails."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if not self._transport.is_alive():
            self._socket.close()

    def close(self) -> None:
        """End the session."""
        self._transport.close()
        self._socket.close()

    def handshake(self) -> HostKey:
        """Agree on a connection and return the key that the server showed and proved to hold."""
        wanted = algorithms_of(self.target.host_key)
        if wanted:
            self._transport.get_security_options().key_types = tuple(wanted)
        try:
            self._transport.start_client(timeout=WAIT_SECONDS)
            key = self._transport.get_remote_server_key()
        except (SSHException, EOFError, OSError) as error:
            if wanted and "no acceptable host key" in str(error):
                shown = problems.host_key_changed(self.target.address, "?")
                raise TryLater(f"{self.target.address}: {error}", problem=shown) from error
            problem = problems.not_ssh(self.target.address)
            raise Unavailable(f"{self.target.address}: {error!r}", problem=problem) from error
        return HostKey(f"{key.get_name()} {key.get_base64()}", fingerprint(key.asbytes()))

    def verify(self, shown: HostKey) -> None:
        """Raise TryLater unless the server is the one that was confirmed."""
        pinned, address = self.target.host_key, self.target.address
        if pinned is None:
            unconfirmed = problems.host_key_unconfirmed(address, shown.fingerprint)
            raise TryLater(f"{address}: no host key confirmed", problem=unconfirmed)
        key = self._transport.get_remote_server_key()
        if not is_pinned(pinned, key.get_name(), key.asbytes()):
            changed = problems.host_key_changed(address, shown.fingerprint)
            raise TryLater(f"{address}: host key {shown.fingerprint}, not the confirmed one", problem=changed)

    def log_in(self) -> None:
        """Log in by key or password, and open SFTP."""
        secret = self.target.secret
        key = secret.key()
        with self._explained():
            if key is not None:
                self._transport.auth_publickey(self.target.user, key)
            elif secret.password is not None:
                self._transport.auth_password(self.target.user, secret.password.get_secret_value(), fallback=False)
            self._client = SFTPClient.from_transport(self._transport)
            channel = self._sftp.get_channel()
            if channel is not None:
                channel.settimeout(WAIT_SECONDS)

    def check_folder(self) -> None:
        """Raise unless the folder is there; also tells whether an idle session still lives."""
        with self._explained():
            self._sftp.stat(self.target.folder)

    def size(self, name: str) -> int | None:
        """Return a file's size, None when it is absent."""
        with self._explained():
            try:
                found = self._sftp.stat(self.target.path(name)).st_size
            except FileNotFoundError:
                return None
        return found or 0

    def holds(self, file: File) -> bool:
        """Tell whether the final name is there with our content; raises TryLater when it holds other content."""
        size = self.size(file.name)
        if size is None:
            return False
        if size == file.size and self._sha256(file.name) == file.sha256:
            return True
        problem = problems.other_file(self.target.address, file.name)
        raise TryLater(f"{self.target.address}: {file.name} has other content", problem=problem)

    def _sha256(self, name: str) -> str:
        digest = hashlib.sha256()
        with self._explained(), self._sftp.open(self.target.path(name), "rb") as remote:
            remote.prefetch()
            while chunk := remote.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file and see that the server has all of it."""
        path = self.target.path(name)
        with self._explained():
            self._sftp.putfo(io.BytesIO(data), path, len(data), confirm=False)
        size = self.size(name)
        if size != len(data):
            problem = problems.not_taken(self.target.address, self.target.folder)
            raise TryLater(f"{path}: {size} of {len(data)} bytes arrived", problem=problem)

    def rename(self, old: str, new: str) -> None:
        """Give a file its final name in one step (posix-rename: a plain one shows both names for a moment)."""
        source, goal = self.target.path(old), self.target.path(new)
        with self._explained():
            try:
                self._sftp.posix_rename(source, goal)
            except OSError as error:
                if error.errno is not None or not self.alive or "unsupported" not in str(error).lower():
                    raise
                self._sftp.rename(source, goal)

    def remove(self, name: str) -> bool:
        """Remove a file; False when it was not there."""
        with self._explained():
            try:
                self._sftp.remove(self.target.path(name))
            except FileNotFoundError:
                return False
        return True


def explain(error: Exception, target: Target, *, alive: bool) -> HubError:
    """Return the hub's failure for one of paramiko's.

    SFTP 3 knows 'no such file', 'permission denied' and a general failure (a full disk among them), which paramiko
    raises as OSError with ENOENT, EACCES or no number; without a number it may also be a closed socket.
    """
    reason = f"{target.address}: {error!r}"
    if isinstance(error, AuthenticationException):
        if alive and "timeout" not in str(error).lower():
            return TryLater(reason, problem=problems.login_refused(target.address, target.user))
    elif isinstance(error, FileNotFoundError):
        return TryLater(reason, problem=problems.folder_missing(target.address, target.folder))
    elif isinstance(error, PermissionError):
        return TryLater(reason, problem=problems.not_permitted(target.address, target.folder))
    elif alive and isinstance(error, OSError) and error.errno is None and not isinstance(error, TimeoutError):
        return TryLater(reason, problem=problems.not_taken(target.address, target.folder))
    return Unavailable(reason, problem=problems.connection_lost(target.address))
