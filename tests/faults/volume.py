"""A small disk of its own for the blob store, that can be full, read-only, or not answer for a while."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 96 * 1024 * 1024
FREEZE, THAW = 0xC0045877, 0xC0045878  # FIFREEZE and FITHAW of linux/fs.h


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


class Volume:
    """An ext4 file system in a file, mounted at `place`."""

    def __init__(self, image: Path, place: Path) -> None:
        self.place = place
        with image.open("wb") as file:
            file.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-m", "0", "-N", "30000", image)
        place.mkdir(parents=True)
        _run("mount", "-o", "loop", image, place)

    @classmethod
    def mounted(cls, image: Path, place: Path) -> "Volume | None":
        """Mount one, or return None where this machine does not let us (no root, no loop devices)."""
        try:
            return cls(image, place)
        except (OSError, subprocess.CalledProcessError):
            return None

    def unmount(self) -> None:
        _run("umount", "--lazy", self.place)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Take every block that is left."""
        filler = self.place / ".filler"
        try:
            with filler.open("wb", buffering=0) as file:
                for size in (1 << 20, 1 << 12, 1):
                    _write_all(file.fileno(), bytes(size))
            yield
        finally:
            filler.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        _run("mount", "--bind", self.place, self.place)
        try:
            _run("mount", "-o", "remount,bind,ro", self.place)
            yield
        finally:
            _run("umount", self.place)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let every write wait until the end of the block."""
        handle = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, FREEZE, 0)
            try:
                yield
            finally:
                fcntl.ioctl(handle, THAW, 0)
        finally:
            os.close(handle)


def _write_all(file: int, piece: bytes) -> None:
    try:
        while True:
            os.write(file, piece)
    except OSError:
        return
