"""Asking the database for many at once: what is asked while enough batches are under way goes together in the next one.

Alone, a question goes at once; under load a statement, its round trip and its commit are shared by all who wait.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class Together(Generic[A, R]):
    """Runs `answer` on up to `most` questions at a time, in `at_once` batches side by side.

    `answer` gives one result per question, in their order; an exception among them is raised for its asker alone, one
    that it raises for all of the batch.
    """

    def __init__(
        self, answer: Callable[[Sequence[A]], Awaitable[Sequence[R | Exception]]], *, most: int = 64, at_once: int = 3
    ) -> None:
        self._answer = answer
        self._most = most
        self._at_once = at_once
        self._waiting: deque[tuple[A, asyncio.Future[R]]] = deque()
        self._working: set[asyncio.Task[None]] = set()

    async def ask(self, question: A) -> R:
        """Return the answer to this question, or raise what it met."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if len(self._working) < self._at_once:
            task = asyncio.create_task(self._work())
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return await future

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            results: Sequence[R | Exception]
            try:
                results = await self._answer([question for question, _ in batch])
            except Exception as error:  # noqa: BLE001 - each asker gets it
                results = [error] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():  # the asker has gone
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
