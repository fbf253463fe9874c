"""The connection test: every step of a delivery with a small file of our own, and which of them failed, and why."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from ftp_sender import problems
from ftp_sender.adapters.session import HostKey, Session
from ftp_sender.adapters.sessions import CONNECT, Sessions
from ftp_sender.targets import Target
from hub.errors import HubError, Problem, Refused
from hub.net import Endpoint

WHOLE_TEST = timedelta(seconds=40)
_CONTENT = b"Sentral: proeve av forbindelsen / connection test\n"
_Result = TypeVar("_Result")


class Step(StrEnum):
    """The steps, in their order."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    HOST_KEY = "host_key"
    LOG_IN = "log_in"
    FOLDER = "folder"
    WRITE = "write"
    RENAME = "rename"
    DELETE = "delete"


_LABELS = {
    Step.RESOLVE: ("Finner tjenerens adresse", "Find the server's address"),
    Step.CONNECT: ("Kobler til", "Connect"),
    Step.HOST_KEY: ("Kontrollerer tjenerens nøkkel", "Check the server's key"),
    Step.LOG_IN: ("Logger inn", "Log in"),
    Step.FOLDER: ("Finner mappen", "Find the folder"),
    Step.WRITE: ("Skriver en prøvefil", "Write a test file"),
    Step.RENAME: ("Gir prøvefilen nytt navn", "Rename the test file"),
    Step.DELETE: ("Sletter prøvefilen", "Delete the test file"),
}


class _Stopped(Exception):
    """A step failed; those after it are not tried."""


@dataclass(slots=True)
class Report:
    """What came of the steps tried so far."""

    done: dict[Step, Problem | None] = field(default_factory=dict)
    host_key: HostKey | None = None

    def as_json(self) -> dict[str, Any]:
        """Return `{"ok", "host_key", "steps": [{"step", "nb", "en", "ok", "problem"}]}`; ok null: not tried."""
        return {
            "ok": len(self.done) == len(Step) and not any(self.done.values()),
            "host_key": self.host_key
            and {"public_key": self.host_key.public_key, "fingerprint": self.host_key.fingerprint},
            "steps": [self._step(step) for step in Step],
        }

    def _step(self, step: Step) -> dict[str, Any]:
        problem = self.done.get(step)
        nb, en = _LABELS[step]
        ok = problem is None if step in self.done else None
        told = None if problem is None else {"type": problem.type, **problem.model_dump(exclude_none=True)}
        return {"step": step, "nb": nb, "en": en, "ok": ok, "problem": told}

    async def step(self, step: Step, work: Callable[[], Awaitable[_Result]]) -> _Result:
        """Run one step and note its outcome; raises _Stopped when it failed."""
        try:
            result = await work()
        except HubError as error:
            self.done[step] = _problem_of(error)
            raise _Stopped from error
        self.done[step] = None
        return result


def _problem_of(error: HubError) -> Problem:
    if isinstance(error, Refused):
        return error.problems[0]
    problem = getattr(error, "problem", None)
    return problem if isinstance(problem, Problem) else problems.connection_lost("")


async def run(target: Target, sessions: Sessions) -> Report:
    """Try the target; never raises for what the customer's server does. Leaves nothing there when all goes well."""
    report = Report()
    session: Session | None = None
    try:
        async with asyncio.timeout(WHOLE_TEST.total_seconds()):
            session = await _connect(report, target, sessions)
            await _use(report, session, sessions)
    except _Stopped:
        pass
    except TimeoutError:
        late = next(step for step in Step if step not in report.done)
        report.done[late] = problems.connection_lost(target.address)
    finally:
        if session is not None:
            sessions.discard(session)
    return report


async def _connect(report: Report, target: Target, sessions: Sessions) -> Session:
    guard = sessions.guard
    endpoints: list[Endpoint] = list(await report.step(Step.RESOLVE, lambda: guard.endpoints(target.host, target.port)))
    connection = await report.step(Step.CONNECT, lambda: guard.dial(target.host, endpoints, within=CONNECT))
    return Session(connection, target)


async def _use(report: Report, session: Session, sessions: Sessions) -> None:
    """Run the steps of a connected session. Without a confirmed key the test ends there: no secret is sent."""

    async def host_key() -> None:
        report.host_key = await sessions.call(session, session.handshake)
        session.verify(report.host_key)

    def in_thread(work: Callable[[], object]) -> Callable[[], Awaitable[object]]:
        return partial(sessions.call, session, work)

    written = f".sentral-test-{secrets.token_hex(8)}"
    renamed = f"{written}.done"
    await report.step(Step.HOST_KEY, host_key)
    await report.step(Step.LOG_IN, in_thread(session.log_in))
    await report.step(Step.FOLDER, in_thread(session.check_folder))
    await report.step(Step.WRITE, in_thread(lambda: session.write(written, _CONTENT)))
    try:
        await report.step(Step.RENAME, in_thread(lambda: session.rename(written, renamed)))
    except _Stopped:
        await _tidy(session, sessions, written)
        raise
    await report.step(Step.DELETE, in_thread(lambda: session.remove(renamed)))


async def _tidy(session: Session, sessions: Sessions, name: str) -> None:
    """Take the test file away again, where that is possible."""
    try:
        await sessions.call(session, lambda: session.remove(name))
    except HubError:
        return
