"""Showing logs as they grow. Programs write to their files themselves, so a slow terminal never holds one up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

LOOK_SECONDS = 0.1
CHUNK = 1024 * 1024  # bytes; what is more is shown at the next look


class _Tail:
    """One log: where we are in it, and the line that is not finished yet."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = log.stat().st_size if log.exists() else 0
        self._rest = b""

    def news(self) -> list[str]:
        """Give the lines that came since the last look."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as content:
            if self._log.stat().st_size < self._at:  # moved aside at a restart
                self._at, self._rest = 0, b""
            content.seek(self._at)
            read = content.read(CHUNK)
        self._at += len(read)
        *lines, self._rest = (self._rest + read).split(b"\n")
        return [line.decode(errors="replace") for line in lines]


@asynccontextmanager
async def follow(logs: Mapping[str, Path], echo: Callable[[str, str], None] | None) -> AsyncIterator[None]:
    """Hand each new line of the logs (by name) to `echo(name, line)` while the block lasts, the last at its end."""
    if echo is None:
        yield
        return
    tails = {name: _Tail(log) for name, log in logs.items()}

    def show() -> None:
        for name, tail in tails.items():
            for line in tail.news():
                echo(name, line)

    async def watch() -> None:
        while True:
            show()
            await asyncio.sleep(LOOK_SECONDS)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        show()
