"""Small helpers around asyncio's tasks: work beside a block, and waits and endings that a cancellation treats well."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` beside the block and end it with the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def woken(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, or so long; `wait_for` could swallow a cancellation that comes with the event."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def finish(work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Await `work`; when we are cancelled meanwhile, it is given so long to come to its end."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
