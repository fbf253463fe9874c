"""The blob store: documents and evidence, named by owner and content (`<organisation number>/<sha256>`).

Create-only: what exists under a hash is the same content, so AlreadyExists is success. Written before the transaction
that refers to it, verified by hash on every read. The local folder fsyncs file and directory before it answers.
"""

import asyncio
import hashlib
import itertools
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlparse

import obstore
from obstore.exceptions import AlreadyExistsError, NotFoundError

from hub import failpoints
from hub.errors import Unavailable
from hub.failpoints import Point
from hub.pipeline import BlobRef

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_OWNER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


class CorruptBlobError(Exception):
    """What was written is gone from a store that answers, or is something else now. Waiting would not bring it back."""


class _Backend(Protocol):
    async def create(self, key: str, data: bytes) -> None: ...
    async def read(self, key: str) -> bytes: ...
    async def copy(self, source: str, target: str) -> None: ...


class _Folder:
    """A local folder whose files are durable before `create` returns.

    It is made here and never later: a store that has gone away must not be begun anew in its place.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with suppress(OSError):  # told as Unavailable by whoever uses it
            root.mkdir(parents=True, exist_ok=True)
        self._counter = itertools.count()

    def _create(self, key: str, data: bytes) -> None:
        """Write aside, make it durable, give it its name, make that durable. Few system calls: each costs a switch."""
        target = self._root / key
        if target.exists():  # it got its name only after its content was durable, so it is whole
            return
        aside = f"{target.parent}/.{os.getpid()}-{next(self._counter)}"
        try:
            handle = os.open(aside, _NEW, 0o600)
        except FileNotFoundError:
            self._make_folder(target.parent)
            handle = os.open(aside, _NEW, 0o600)
        try:
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(handle, left) :]
                failpoints.reach(Point.BLOB_BEFORE_SYNC)
                os.fsync(handle)
            finally:
                os.close(handle)
            failpoints.reach(Point.BLOB_BEFORE_NAME)
            Path(aside).rename(target)  # over the same content, if somebody was faster
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise
        failpoints.reach(Point.BLOB_AFTER_NAME)
        _sync_folder(target.parent)

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)

    async def create(self, key: str, data: bytes) -> None:
        await asyncio.to_thread(self._create, key, data)

    async def read(self, key: str) -> bytes:
        return await asyncio.to_thread(self._read, key)

    async def copy(self, source: str, target: str) -> None:
        await asyncio.to_thread(self._copy, source, target)

    def _copy(self, source: str, target: str) -> None:
        """Give durable content another name: nothing is written twice, and one name may go without the other."""
        folder = (self._root / target).parent
        if not folder.is_dir():
            self._make_folder(folder)
        try:
            os.link(self._root / source, self._root / target)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            self._create(target, self._read(source))
        else:
            _sync_folder(folder)

    def _read(self, key: str) -> bytes:
        try:
            return (self._root / key).read_bytes()
        except FileNotFoundError as error:
            if self._root.is_dir():
                raise CorruptBlobError(f"{key} is gone") from error
            raise  # the whole store is away


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

    async def read(self, key: str) -> bytes:
        try:
            result = await obstore.get_async(self._store, key)
        except (FileNotFoundError, NotFoundError) as error:
            raise CorruptBlobError(f"{key} is gone") from error
        return bytes(await result.bytes_async())

    async def copy(self, source: str, target: str) -> None:
        try:
            await obstore.copy_async(self._store, source, target, overwrite=False)
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
            data = await self._backend.read(ref.key)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Unavailable(f"the blob store did not give {ref.key}: {error}") from error
        if hashlib.sha256(data).hexdigest() != ref.sha256:
            raise CorruptBlobError(f"{ref.key} does not match its hash")
        return data

    async def copy(self, ref: BlobRef, owner: str) -> BlobRef:
        """Give another owner a copy of its own (in-hub delivery), of what is verified; raises as `get` and `put` do."""
        key = _key(owner, ref.sha256)
        await self.get(ref)
        try:
            await self._backend.copy(ref.key, key)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Unavailable(f"the blob store did not copy {ref.key}: {error}") from error
        failpoints.reach(Point.INBOX_AFTER_COPY)
        return ref.model_copy(update={"key": key})


def _key(owner: str, digest: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise ValueError(f"not a blob owner: {owner!r}")
    return f"{owner}/{digest}"
