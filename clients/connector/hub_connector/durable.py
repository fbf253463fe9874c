"""Files that are whole or not there at all, also after the power went."""

import errno
import os
from pathlib import Path

PART = ".part"


def write(path: Path, content: bytes) -> None:
    """Write a file durably, in place of one that is there; its folder is made if need be. Raises OSError."""
    part = write_part(path, content)
    part.replace(path)
    sync_folder(path.parent)


def write_part(path: Path, content: bytes) -> Path:
    """Write a file durably under its unfinished name, which is hidden where a leading dot hides; return that."""
    make_folder(path.parent)
    part = part_of(path)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        part.unlink(missing_ok=True)  # a full disk needs the space more
        raise
    return part


def part_of(path: Path) -> Path:
    """Return the unfinished name of a file."""
    return path.with_name(f".{path.name}{PART}")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make what was renamed or removed in a folder durable. Windows journals that by itself and opens no folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move(source: Path, target: Path) -> None:
    """Move a file durably, also to another disk. Moved before, it stays moved. Raises OSError."""
    make_folder(target.parent)
    try:
        source.replace(target)
    except FileNotFoundError:
        if not target.exists():
            raise
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write(target, source.read_bytes())
        source.unlink()
    sync_folder(target.parent)
    if source.parent != target.parent and source.parent.is_dir():
        sync_folder(source.parent)
