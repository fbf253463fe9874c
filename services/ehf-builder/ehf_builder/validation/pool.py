"""The pool: worker processes that build and judge, seen from asyncio as two awaitable calls.

A standard process pool breaks as a whole when one worker dies, so this one keeps its own: each worker works through its
jobs in order, the one that it was at when it died is the suspect, and only that one is tried again, alone; the others
just go to another worker. A worker gets its next job while it is at a small one, so that it need not wait for us.
"""

import asyncio
import contextlib
import os
from collections import deque
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from ehf_builder.validation import rules, wire
from ehf_builder.validation.verdict import BuiltVerdict, Verdict
from ehf_builder.validation.workers import Worker, WorkerStartError, start_worker
from hub.parties import CustomerEntry, RegisterEntry

log = structlog.get_logger(__name__)

SMALL = 64 * 1024  # bytes: judged in milliseconds, so the next job may wait behind it
RESTART_PAUSE = timedelta(seconds=0.5)


class KillsWorkerError(Exception):
    """This document ended two workers, the second time alone: by a crash or by the time limit. A bug: park it."""


class ValidatorBugError(Exception):
    """Something raised while the document was judged that should not; the worker's traceback is the message."""


@dataclass(slots=True, eq=False)
class _Task:
    job: wire.Job
    answer: asyncio.Future[wire.Answer]
    suspect: bool = False


class Pool:
    """Worker processes with compiled rules. `async with Pool(cache_folder) as pool:` starts and stops them.

    `size` is the number of cores unless given; `limit` ends a document that takes longer.
    """

    def __init__(
        self, cache: Path, *, size: int | None = None, limit: timedelta = timedelta(seconds=30), today: date
    ) -> None:
        self._cache = cache
        self._size = size or os.cpu_count() or 1
        self._limit = limit
        self._today = today
        self._waiting: deque[_Task] = deque()
        self._workers: dict[Worker, deque[_Task]] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._closing = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the workers and wait until they have compiled today's rules.

        Raises StackError where the rules cannot be fetched, WorkerStartError where a worker does not start.
        """
        await asyncio.to_thread(rules.load, self._cache)  # here, so that the workers find everything in place
        workers = await asyncio.gather(*(self._new_worker() for _ in range(self._size)), return_exceptions=True)
        started = [worker for worker in workers if isinstance(worker, Worker)]
        self._keepers = [asyncio.create_task(self._keep(worker)) for worker in started]
        if failed := [worker for worker in workers if isinstance(worker, BaseException)]:
            await self.close()
            raise failed[0]

    async def close(self) -> None:
        """Stop the workers; jobs still waiting are cancelled."""
        self._closing = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for task in (*self._waiting, *(task for tasks in self._workers.values() for task in tasks)):
            task.answer.cancel()
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        self._workers.clear()
        self._waiting.clear()

    @property
    def depth(self) -> int:
        """How many documents are waiting or being judged."""
        return len(self._waiting) + sum(len(tasks) for tasks in self._workers.values())

    @property
    def pids(self) -> tuple[int, ...]:
        """The workers' process ids."""
        return tuple(worker.pid for worker in self._workers)

    async def validate(self, document: bytes, today: date, seller: RegisterEntry | None = None) -> Verdict:
        """Judge UBL bytes; raises KillsWorkerError or ValidatorBugError."""
        answer = await self._ask(wire.Validate(document, today, seller))
        assert isinstance(answer, Verdict)
        return answer

    async def build(
        self, received: bytes, seller: RegisterEntry, customer: CustomerEntry | None, today: date
    ) -> BuiltVerdict:
        """Build UBL from a JSON invoice and judge it; raises KillsWorkerError or ValidatorBugError."""
        answer = await self._ask(wire.Build(received, seller, customer, today))
        assert isinstance(answer, BuiltVerdict)
        return answer

    async def _ask(self, job: wire.Job) -> wire.Answer:
        if self._closing:
            raise RuntimeError("the pool is closed")
        self._today = job.today
        task = _Task(job, asyncio.get_running_loop().create_future())
        self._waiting.append(task)
        self._dispatch()
        answer = await task.answer
        if isinstance(answer, wire.Bug):
            raise ValidatorBugError(answer.traceback)
        return answer

    def _dispatch(self) -> None:
        """Give waiting jobs to idle workers first, then to those with one small job in hand."""
        for in_hand in (0, 1):
            for worker, tasks in self._workers.items():
                if len(tasks) == in_hand and self._waiting and _may_follow(tasks, self._waiting[0]):
                    task = self._waiting.popleft()
                    tasks.append(task)
                    worker.send(task.job)

    async def _new_worker(self) -> Worker:
        worker = await start_worker(self._cache, self._limit, self._today)
        self._workers[worker] = deque()
        return worker

    async def _keep(self, worker: Worker) -> None:
        """Hand out one worker's answers; when it dies, see to its jobs and put another in its place."""
        while True:
            tasks = self._workers[worker]
            while (answer := await worker.answer()) is not None:
                task = tasks.popleft()
                if not task.answer.done():  # else the asker has given up
                    task.answer.set_result(answer)
                self._dispatch()
            del self._workers[worker]
            self._recover(tasks, await worker.ended())
            self._dispatch()
            worker = await self._successor()
            self._dispatch()

    async def _successor(self) -> Worker:
        while True:
            with contextlib.suppress(WorkerStartError):
                return await self._new_worker()
            log.error("validation_worker_does_not_start")
            await asyncio.sleep(RESTART_PAUSE.total_seconds())

    def _recover(self, tasks: deque[_Task], code: int) -> None:
        log.warning("validation_worker_died", exit_code=code, jobs=len(tasks))
        if not tasks:
            return
        suspect, *innocent = tasks
        self._waiting.extendleft(reversed(innocent))
        if suspect.suspect:
            if not suspect.answer.done():
                suspect.answer.set_exception(KillsWorkerError(f"ended two workers, the last one with code {code}"))
            return
        suspect.suspect = True
        self._waiting.appendleft(suspect)


def _may_follow(tasks: deque[_Task], next_task: _Task) -> bool:
    """Whether a worker with these jobs may get that one too: never beside a suspect, nor behind a large one."""
    return not tasks or not (next_task.suspect or tasks[0].suspect or tasks[0].job.size > SMALL)
