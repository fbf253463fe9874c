"""The blob store: one contract over the local folder and an object store."""

import asyncio
import errno
import os
from pathlib import Path

import obstore
import pytest

from hub.blobs import BlobStore, CorruptBlobError, _Objects
from hub.errors import Unavailable


@pytest.fixture(params=["folder", "objects"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    made = BlobStore(f"file://{tmp_path}/blobs%20here")
    if request.param == "objects":
        made._backend = _Objects(obstore.store.MemoryStore())
    return made


async def test_what_was_put_is_given_back_under_its_owner_and_hash(store: BlobStore) -> None:
    ref = await store.put("310000019", b"<Invoice/>")
    assert ref.key == f"310000019/{ref.sha256}"
    assert ref.size == 10
    assert await store.get(ref) == b"<Invoice/>"


async def test_the_same_content_may_be_put_at_once_by_many(store: BlobStore) -> None:
    refs = await asyncio.gather(*(store.put("310000019", b"same") for _ in range(20)))
    assert len(set(refs)) == 1
    assert await store.get(refs[0]) == b"same"


async def test_a_copy_belongs_to_its_new_owner(store: BlobStore) -> None:
    ref = await store.put("310000019", b"content")
    copy = await store.copy(ref, "310000027")
    assert copy.key == f"310000027/{ref.sha256}"
    assert await store.get(copy) == b"content"


async def test_a_copy_is_made_once_and_stays_when_the_first_one_goes(store: BlobStore, tmp_path: Path) -> None:
    ref = await store.put("310000019", b"content")
    copies = await asyncio.gather(*(store.copy(ref, "310000027") for _ in range(5)))
    assert len(set(copies)) == 1
    if isinstance(store._backend, _Objects):
        await obstore.delete_async(store._backend._store, ref.key)
    else:
        (tmp_path / "blobs here" / ref.key).unlink()
    assert await store.get(copies[0]) == b"content"


async def test_what_was_changed_is_not_copied(tmp_path: Path) -> None:
    store = BlobStore(f"file://{tmp_path}")
    ref = await store.put("310000019", b"content")
    (tmp_path / ref.key).write_bytes(b"c0ntent")
    with pytest.raises(CorruptBlobError):
        await store.copy(ref, "310000027")


async def test_what_is_gone_is_told_and_never_empty(store: BlobStore) -> None:
    ref = await store.put("310000019", b"content")
    with pytest.raises(CorruptBlobError):
        await store.get(ref.model_copy(update={"key": "310000019/" + "0" * 64}))


@pytest.mark.parametrize("owner", ["", "../x", "a/b", ".", "x" * 65])
async def test_an_owner_cannot_lead_out_of_the_store(store: BlobStore, owner: str) -> None:
    with pytest.raises(ValueError, match="not a blob owner"):
        await store.put(owner, b"x")


async def test_a_changed_file_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    store = BlobStore(f"file://{tmp_path}")
    ref = await store.put("310000019", b"content")
    (tmp_path / ref.key).write_bytes(b"c0ntent")
    with pytest.raises(CorruptBlobError):
        await store.get(ref)


async def test_a_store_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")
    with pytest.raises(Unavailable):
        await BlobStore(f"file://{tmp_path}/blobs").put("310000019", b"content")


async def test_a_store_that_is_away_is_unavailable(tmp_path: Path) -> None:
    store = BlobStore(f"file://{tmp_path}/blobs")
    ref = await store.put("310000019", b"content")
    (tmp_path / "blobs").rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        await store.get(ref)
    with pytest.raises(Unavailable):
        await store.put("310000027", b"content")
    assert not (tmp_path / "blobs").exists()


LEFT = pytest.mark.parametrize("left", [None, b"", b"cont", b"content"], ids=["nothing", "empty", "torn", "whole"])


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The inodes that were made durable."""
    found: set[int] = set()
    fsync = os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        found.add(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    return found


@LEFT
async def test_what_is_put_is_durable_whatever_a_death_left_there(
    tmp_path: Path, synced: set[int], left: bytes | None
) -> None:
    store = BlobStore(f"file://{tmp_path}")
    ref = await store.put("310000019", b"content")
    file = tmp_path / ref.key
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    synced.clear()
    assert await store.put("310000019", b"content") == ref
    assert {file.stat().st_ino, file.parent.stat().st_ino} <= synced
    assert await store.get(ref) == b"content"
    assert list(file.parent.iterdir()) == [file]


@LEFT
async def test_a_copy_is_durable_whatever_a_death_left_there(
    tmp_path: Path, synced: set[int], left: bytes | None
) -> None:
    store = BlobStore(f"file://{tmp_path}")
    ref = await store.put("310000019", b"content")
    await store.put("310000027", b"the folder is there")
    file = tmp_path / "310000027" / ref.sha256
    if left is not None:
        file.write_bytes(left)
    synced -= {file.parent.stat().st_ino}
    copy = await store.copy(ref, "310000027")
    assert {file.stat().st_ino, file.parent.stat().st_ino} <= synced
    assert await store.get(copy) == b"content"


async def test_what_is_there_stays_until_its_replacement_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BlobStore(f"file://{tmp_path}")
    ref = await store.put("310000019", b"content")

    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(Unavailable):
        await store.put("310000019", b"content")
    assert await store.get(ref) == b"content"
    assert list((tmp_path / "310000019").iterdir()) == [tmp_path / ref.key]
