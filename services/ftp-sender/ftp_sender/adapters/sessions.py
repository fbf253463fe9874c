"""Sessions for the event loop: connected through the net guard, run in threads, kept a while for the next file."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import NamedTuple, Self, TypeVar
from uuid import UUID

from ftp_sender.adapters.session import Session
from ftp_sender.targets import Target
from hub.errors import HubError, Refused, TryLater
from hub.net import NetGuard

CONNECT = timedelta(seconds=10)
IDLE = timedelta(seconds=20)
KEPT = 2
THREADS = 24

_Result = TypeVar("_Result")
_Key = tuple[UUID, datetime]


class _Idle(NamedTuple):
    session: Session
    since: float


class Sessions:
    """Use as an async context manager. A connecting host takes no thread; a standing one takes one while it works."""

    def __init__(self, guard: NetGuard, *, threads: int = THREADS, idle: timedelta = IDLE) -> None:
        self.guard = guard
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="sftp")
        self._idle: defaultdict[_Key, list[_Idle]] = defaultdict(list)
        self._keep = idle.total_seconds()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for idle in self._idle.values():
            for one in idle:
                one.session.abort()
                self._threads.submit(one.session.close)
        self._idle.clear()
        await asyncio.to_thread(self._threads.shutdown)

    async def call(self, session: Session, work: Callable[[], _Result]) -> _Result:
        """Run a blocking step of the session in a thread; when we stop waiting, its connection is cut."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except asyncio.CancelledError:
            session.abort()  # so that no abandoned thread goes on writing or renaming
            raise

    async def connect(self, target: Target) -> Session:
        """Return a session whose handshake is still to come; raises TryLater (closed address) or Unavailable."""
        try:
            connection = await self.guard.connect(target.host, target.port, within=CONNECT)
        except Refused as refused:  # a person can change the target, or the operator the list: not the document's end
            raise TryLater(str(refused), problem=refused.problems[0]) from refused
        return Session(connection, target)

    @asynccontextmanager
    async def of(self, target: Target) -> AsyncIterator[Session]:
        """Give a session that is logged in, kept from before or new; after an error it is thrown away."""
        session = await self._kept(target) or await self._new(target)
        try:
            yield session
        except BaseException:
            self.discard(session)
            raise
        self._release(session)

    def discard(self, session: Session) -> None:
        """Cut and close."""
        session.abort()
        self._threads.submit(session.close)

    async def _new(self, target: Target) -> Session:
        session = await self.connect(target)

        def open_() -> None:
            session.verify(session.handshake())
            session.log_in()

        try:
            await self.call(session, open_)
        except BaseException:
            self.discard(session)
            raise
        return session

    async def _kept(self, target: Target) -> Session | None:
        """Return a kept session that still answers."""
        self._expire()
        idle = self._idle[target.id, target.changed_at]
        while idle:
            session = idle.pop().session
            try:
                await self.call(session, session.check_folder)
            except HubError:
                self.discard(session)
            except BaseException:
                self.discard(session)
                raise
            else:
                return session
        return None

    def _release(self, session: Session) -> None:
        idle = self._idle[session.target.id, session.target.changed_at]
        if len(idle) < KEPT and session.alive:
            loop = asyncio.get_running_loop()
            idle.append(_Idle(session, loop.time()))
            loop.call_later(self._keep + 1, self._expire)
        else:
            self.discard(session)

    def _expire(self) -> None:
        """Close what was kept long enough (and with it the sessions of a target's former versions)."""
        oldest = asyncio.get_running_loop().time() - self._keep
        for key, idle in list(self._idle.items()):
            for one in [one for one in idle if one.since < oldest]:
                idle.remove(one)
                self.discard(one.session)
            if not idle:
                del self._idle[key]
