"""What the server's clients see: a folder, the faults that a test ordered, and a log of what arrived."""

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from paramiko import ServerInterface, SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface
from paramiko.sftp import SFTP_FAILURE, SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED

from hub.ids import utc_now

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

UNFINISHED = ".part"


@dataclass(slots=True)
class Faults:
    """How the server misbehaves; change it at any time.

    `cut_after` closes the connection when that many bytes of a file have come, `full_after` answers that the disk is
    full. `before_rename` and `after_rename` close the connection around the rename, so that its answer is lost.
    """

    refuse_login: bool = False
    refuse_write: bool = False
    refuse_rename: bool = False
    no_posix_rename: bool = False
    cut_after: int | None = None
    full_after: int | None = None
    before_rename: bool = False
    after_rename: bool = False
    slow: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Received:
    """A file that got its final name: `name` as the client gave it, from the root."""

    name: str
    size: int
    sha256: str
    received_at: datetime


@dataclass(slots=True)
class Site:
    """The folder, shared by all connections. `log` gets a JSON line for each file received."""

    root: Path
    log: Path | None = None
    faults: Faults = field(default_factory=Faults)
    received: list[Received] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def real(self, path: str) -> Path:
        """Return where a client's path is; raises PermissionError outside the folder."""
        root = self.root.resolve()
        found = (root / os.path.normpath("/" + path).lstrip("/")).resolve()
        if not found.is_relative_to(root):
            raise PermissionError(path)
        return found

    def note(self, name: str, data: bytes) -> None:
        """Note a file that got its final name (hidden and unfinished ones have none yet)."""
        file = Path(name).name
        if file.startswith(".") or file.endswith(UNFINISHED):
            return
        entry = Received(name, len(data), hashlib.sha256(data).hexdigest(), utc_now())
        with self._lock:
            self.received.append(entry)
            if self.log is not None:
                with self.log.open("ab") as log:
                    log.write(orjson.dumps(entry) + b"\n")


class _File(SFTPHandle):
    """An open file."""

    def __init__(self, flags: int, descriptor: int, site: Site, cut: Callable[[], None]) -> None:
        super().__init__(flags)
        self._descriptor = descriptor
        self._site = site
        self._cut = cut

    def read(self, offset: int, length: int) -> bytes | int:
        """Return the bytes at an offset."""
        return os.pread(self._descriptor, length, offset)

    def write(self, offset: int, data: "ReadableBuffer") -> int:
        """Write at an offset, or misbehave."""
        data, faults = bytes(data), self._site.faults
        time.sleep(faults.slow.total_seconds())
        if faults.full_after is not None and offset + len(data) > faults.full_after:
            return SFTP_FAILURE  # what OpenSSH answers to ENOSPC
        if faults.cut_after is not None and offset + len(data) > faults.cut_after:
            os.pwrite(self._descriptor, data[: max(0, faults.cut_after - offset)], offset)
            self._cut()
            return SFTP_FAILURE
        os.pwrite(self._descriptor, data, offset)
        return SFTP_OK

    def stat(self) -> SFTPAttributes | int:
        """Return the file's attributes."""
        return SFTPAttributes.from_stat(os.fstat(self._descriptor))

    def close(self) -> None:
        """Close the file, once."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def _answer(action: Callable[[], Any]) -> Any:
    """Return what the action gives, or the SFTP code of its failure."""
    try:
        result = action()
    except FileNotFoundError:
        return SFTP_NO_SUCH_FILE
    except PermissionError:
        return SFTP_PERMISSION_DENIED
    except OSError as error:
        return SFTPServer.convert_errno(error.errno or 0)
    return SFTP_OK if result is None else result


class FolderInterface(SFTPServerInterface):
    """One connection's view of the site (paramiko calls it from the connection's thread)."""

    def __init__(self, server: ServerInterface, *, site: Site, cut: Callable[[], None]) -> None:
        super().__init__(server)
        self._site = site
        self._cut = cut

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        """Open a file."""
        del attr
        if self._site.faults.refuse_write and flags & (os.O_WRONLY | os.O_RDWR):
            return SFTP_PERMISSION_DENIED

        def opened() -> SFTPHandle:
            return _File(flags, os.open(self._site.real(path), flags, 0o644), self._site, self._cut)

        result: SFTPHandle | int = _answer(opened)
        return result

    def stat(self, path: str) -> SFTPAttributes | int:
        """Return a file's attributes."""
        result: SFTPAttributes | int = _answer(lambda: SFTPAttributes.from_stat(self._site.real(path).stat()))
        return result

    lstat = stat

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        """Return what a folder holds."""

        def listed() -> list[SFTPAttributes]:
            return [SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in self._site.real(path).iterdir()]

        result: list[SFTPAttributes] | int = _answer(listed)
        return result

    def remove(self, path: str) -> int:
        """Remove a file."""
        result: int = _answer(lambda: self._site.real(path).unlink())
        return result

    def rename(self, oldpath: str, newpath: str) -> int:
        """Rename without overwriting (SFTP 3)."""
        if self._site.real(newpath).exists():
            return SFTP_FAILURE
        return self._rename(oldpath, newpath)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """Rename as `rename(2)`."""
        if self._site.faults.no_posix_rename:
            return SFTP_OP_UNSUPPORTED
        return self._rename(oldpath, newpath)

    def _rename(self, old: str, new: str) -> int:
        faults = self._site.faults
        time.sleep(faults.slow.total_seconds())
        if faults.refuse_rename:
            return SFTP_PERMISSION_DENIED
        if faults.before_rename:
            self._cut()
            return SFTP_FAILURE
        result: int = _answer(lambda: self._renamed(old, new))
        if faults.after_rename:
            self._cut()
        return result

    def _renamed(self, old: str, new: str) -> None:
        data = self._site.real(old).read_bytes()  # afterwards somebody may have taken the file away
        self._site.real(old).rename(self._site.real(new))
        self._site.note(new, data)
