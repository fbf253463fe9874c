"""One worker process as the pool sees it: started, asked, answering, ended."""

import asyncio
import socket
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from ehf_builder.validation import wire

START_LIMIT = timedelta(minutes=2)
STOP_LIMIT = timedelta(seconds=2)
STANDARD_ERROR = 2


class WorkerStartError(Exception):
    """A worker ended before it had compiled its rules; it has said why on its standard error."""


class Worker:
    """A started process and its end of the socket pair."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, job: wire.Job) -> None:
        """Queue a job; a dead worker's job stays with the pool, which sees the end of its answers."""
        if not self._writer.is_closing():
            self._writer.write(wire.frame(job))

    async def answer(self) -> wire.Answer | None:
        """Wait for the next answer; None when the worker has ended."""
        try:
            size = wire.LENGTH.unpack(await self._reader.readexactly(wire.LENGTH.size))[0]
            message = wire.unframe(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        assert not isinstance(message, wire.Validate | wire.Build)
        return message

    async def ended(self) -> int:
        """Clean up after a worker whose socket has ended, and give its exit code (negative: the signal)."""
        self._writer.close()
        try:
            return await asyncio.wait_for(self._process.wait(), STOP_LIMIT.total_seconds())
        except TimeoutError:
            return await self._finish(self._process.kill)

    async def stop(self) -> None:
        """End the worker, whatever it is doing."""
        self._writer.close()
        await self._finish(self._process.kill)

    async def _finish(self, signal: Callable[[], None]) -> int:
        if self._process.returncode is None:
            signal()
        return await self._process.wait()


async def start_worker(cache: Path, limit: timedelta, today: date) -> Worker:
    """Start a worker and wait until it is ready; raises WorkerStartError."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ehf_builder.validation.worker"),
            *(str(theirs.fileno()), str(cache), str(limit.total_seconds()), today.isoformat()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=STANDARD_ERROR,
            pass_fds=(theirs.fileno(),),
        )
    reader, writer = await asyncio.open_connection(sock=ours)
    worker = Worker(process, reader, writer)
    try:
        ready = await asyncio.wait_for(worker.answer(), START_LIMIT.total_seconds())
    except TimeoutError as error:
        await worker.stop()
        raise WorkerStartError(f"a validation worker was not ready within {START_LIMIT}") from error
    except asyncio.CancelledError:
        await worker.stop()
        raise
    if not isinstance(ready, wire.Ready):
        code = await worker.ended()
        raise WorkerStartError(f"a validation worker did not start (exit code {code})")
    return worker
