"""The blob store: documents and evidence, named by owner and content (`<organisation number>/<sha256>`).

Written before the transaction that refers to it, verified by hash on every read. An object store only creates: what
exists under a hash is the same content, so AlreadyExists is success. The local folder fsyncs file and directory before
it answers, and replaces what it finds, since a death may have left it half written.
"""

import asyncio
import hashlib
import itertools
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import unquote, urlparse

import obstore
from obstore.exceptions import AlreadyExistsError, NotFoundError

from hub import failpoints
from hub.errors import Unavailable
from hub.failpoints import Point
from hub.pipeline import BlobRef
from hub.together import Together

R = TypeVar("R")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_OWNER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


class CorruptBlobError(Exception):
    """What was written is gone from a store that answers, or is something else now. Waiting would not bring it back."""


class _Backend(Protocol):
    async def create(self, key: str, data: bytes) -> None: ...
    async def read(self, ref: BlobRef) -> bytes: ...
    async def copy(self, ref: BlobRef, target: str) -> None: ...


class _Copy(NamedTuple):
    """What is to get another name, and which."""

    ref: BlobRef
    target: str


class _Folder:
    """A local folder whose files are durable, names and contents, before `create` and `copy` return.

    It is made here and never later: a store that has gone away must not be begun anew in its place.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with suppress(OSError):  # told as Unavailable by whoever uses it
            root.mkdir(parents=True, exist_ok=True)
        self._counter = itertools.count()
        # What a batch of messages asks for goes to few threads: the way there costs more than reading a document.
        self._reads = Together(self._read_all, most=16)
        self._copies = Together(self._copy_all)

    def _create(self, key: str, data: bytes) -> None:
        """Write straight under the name: written aside, the file system's journal would be committed twice.

        So a name alone proves nothing: what bears it already may be what a death or a full disk left, and is replaced.
        """
        target = self._root / key
        try:
            handle = self._open(target)
        except FileExistsError:
            self._replace(target, data)
            return
        failpoints.reach(Point.BLOB_NAMED)
        _write(handle, data)
        failpoints.reach(Point.BLOB_AFTER_SYNC)
        _sync_folder(target.parent)

    def _open(self, target: Path) -> int:
        try:
            return os.open(target, _NEW, 0o600)
        except FileNotFoundError:
            self._make_folder(target.parent)
            return os.open(target, _NEW, 0o600)

    def _replace(self, target: Path, data: bytes) -> None:
        """Keep what is there until the new content is durable: it may be whole, and in use."""
        aside = target.with_name(f".{os.getpid()}-{next(self._counter)}")
        try:
            _write(os.open(aside, _NEW, 0o600), data)
            aside.rename(target)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)

    async def create(self, key: str, data: bytes) -> None:
        await asyncio.to_thread(self._create, key, data)

    async def read(self, ref: BlobRef) -> bytes:
        return await self._reads.ask(ref)

    async def copy(self, ref: BlobRef, target: str) -> None:
        await self._copies.ask(_Copy(ref, target))

    async def _read_all(self, refs: Sequence[BlobRef]) -> list[bytes | Exception]:
        return await asyncio.to_thread(lambda: [_outcome(partial(self._read, ref)) for ref in refs])

    async def _copy_all(self, copies: Sequence[_Copy]) -> list[Exception | None]:
        return await asyncio.to_thread(self._copied, copies)

    def _copied(self, copies: Sequence[_Copy]) -> list[Exception | None]:
        """Make each copy, and then the names of all durable, those in one folder at once."""
        done = [_outcome(partial(self._copy, *copy)) for copy in copies]
        for folder in {
            (self._root / copy.target).parent for copy, error in zip(copies, done, strict=True) if not error
        }:
            _sync_folder(folder)
        return done

    def _copy(self, ref: BlobRef, target: str) -> None:
        """Give durable content another name: nothing is written twice, and one name may go without the other."""
        data = self._read(ref)
        try:
            os.link(self._root / ref.key, self._root / target)
        except OSError:  # the first one for this owner, something is there already, or a file system without links
            self._create(target, data)

    def _read(self, ref: BlobRef) -> bytes:
        try:
            data = (self._root / ref.key).read_bytes()
        except FileNotFoundError as error:
            if self._root.is_dir():
                raise CorruptBlobError(f"{ref.key} is gone") from error
            raise  # the whole store is away
        return _verified(ref, data)


def _outcome(work: Callable[[], R]) -> R | Exception:
    """Return what one of many came to, so that its failure is its own."""
    try:
        return work()
    except (OSError, CorruptBlobError) as error:
        return error


def _write(handle: int, data: bytes) -> None:
    """Write the whole content durably, and close the file."""
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        failpoints.reach(Point.BLOB_BEFORE_SYNC)
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Objects:
    """S3, Azure or Google Cloud Storage through obstore."""

    def __init__(self, store: obstore.store.ObjectStore) -> None:
        self._store = store

    async def create(self, key: str, data: bytes) -> None:
        try:
            await obstore.put_async(self._store, key, data, mode="create")
        except AlreadyExistsError:
            return

    async def read(self, ref: BlobRef) -> bytes:
        try:
            result = await obstore.get_async(self._store, ref.key)
        except (FileNotFoundError, NotFoundError) as error:
            raise CorruptBlobError(f"{ref.key} is gone") from error
        return _verified(ref, bytes(await result.bytes_async()))

    async def copy(self, ref: BlobRef, target: str) -> None:
        await self.read(ref)
        try:
            await obstore.copy_async(self._store, ref.key, target, overwrite=False)
        except AlreadyExistsError:
            return


class BlobStore:
    """Documents by owner and content."""

    def __init__(self, url: str) -> None:
        parsed = urlparse(url)
        self._backend: _Backend = (
            _Folder(Path(unquote(parsed.path))) if parsed.scheme == "file" else _Objects(obstore.store.from_url(url))
        )

    async def put(self, owner: str, data: bytes) -> BlobRef:
        """Store the bytes durably under the owner's organisation number; raises Unavailable when that fails."""
        digest = hashlib.sha256(data).hexdigest()
        key = _key(owner, digest)
        try:
            await self._backend.create(key, data)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Unavailable(f"the blob store did not take {key}: {error}") from error
        return BlobRef(key=key, sha256=digest, size=len(data))

    async def get(self, ref: BlobRef) -> bytes:
        """Return the bytes, verified against their hash; raises Unavailable, or CorruptBlobError."""
        try:
            return await self._backend.read(ref)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Unavailable(f"the blob store did not give {ref.key}: {error}") from error

    async def copy(self, ref: BlobRef, owner: str) -> BlobRef:
        """Give another owner a copy of its own (in-hub delivery), of what is verified; raises as `get` and `put` do."""
        key = _key(owner, ref.sha256)
        try:
            await self._backend.copy(ref, key)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Unavailable(f"the blob store did not copy {ref.key}: {error}") from error
        failpoints.reach(Point.INBOX_AFTER_COPY)
        return ref.model_copy(update={"key": key})


def _verified(ref: BlobRef, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != ref.sha256:
        raise CorruptBlobError(f"{ref.key} does not match its hash")
    return data


def _key(owner: str, digest: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise ValueError(f"not a blob owner: {owner!r}")
    return f"{owner}/{digest}"
