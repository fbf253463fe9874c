"""Keeping programs running: all start at once, a dead one comes back after half a second, then after ever longer."""

import asyncio
import contextlib
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from hub.stack import process
from hub.stack.errors import StackError

Say = Callable[[str], None]
FIRST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=30)
STABLE = timedelta(
    seconds=30
)  # who ran this long, or so many times the pause now due, starts again after the first one
STABLE_PAUSES = 5
PATIENCE = timedelta(seconds=10)


class Member(Protocol):
    """A program that is kept running."""

    @property
    def name(self) -> str:
        """What to call it."""

    async def start(self) -> None:
        """Start it; raises StackError."""

    async def wait(self) -> int:
        """Wait until it ends; gives its exit code."""

    async def stop(self) -> None:
        """End it in good order, or by force when it does not."""


@dataclass(frozen=True)
class ServiceSpec:
    """A service to run as `python -m <module> <arguments>`.

    `name` is its deploy name (`ehf-builder`), `port` where it will serve HTTP on 127.0.0.1 (None: nowhere),
    `environment` what it gets beside what every service gets, `secrets` the variables that hold 32 random bytes
    (base64) of its own, kept in the data folder, `more_ports` where further instances of it serve, side by side,
    `started` the path that answers 200 once it has what it needs (None: it listens no earlier).
    """

    name: str
    module: str
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    secrets: Sequence[str] = ()
    more_ports: Sequence[int] = ()
    started: str | None = None

    @property
    def ports(self) -> Sequence[int | None]:
        """The port of each instance, by ordinal."""
        return (self.port, *self.more_ports)


class Service:
    """One instance of a service as a member; its output goes to the end of `log`."""

    def __init__(self, spec: ServiceSpec, ordinal: int, *, environment: Mapping[str, str], logs: Path) -> None:
        self.spec = spec
        self.name = spec.name if ordinal == 0 else f"{spec.name}-{ordinal}"
        self.log = logs / f"{self.name}.log"
        self._environment = {**environment, **spec.environment, "HUB_ORDINAL": str(ordinal), "PYTHONUNBUFFERED": "1"}
        self.port = spec.ports[ordinal]
        if self.port is not None:
            self._environment["HUB_PORT"] = str(self.port)
        self._process: process.Process | None = None

    @property
    def pid(self) -> int | None:
        """Its process id, None when it is not running."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it; whether it serves is another question."""
        process.make_room(self.log)
        # -P: a folder of the working directory must not stand in for a module.
        command = [sys.executable, "-P", "-m", self.spec.module, *self.spec.arguments]
        self._process = process.spawn(command, log=self.log, environment=self._environment, folder=Path.cwd())

    async def wait(self) -> int:
        """Wait until it ends; gives its exit code."""
        return await process.ended(self._process) if self._process else 0

    async def stop(self) -> None:
        """Ask it to end (SIGTERM), and after ten seconds end it with its workers."""
        if self._process:
            await process.stop(self._process, signal.SIGTERM, PATIENCE)


class Supervisor:
    """Keeps its members running while the `async with` block lasts. `deaths` counts the ends nobody asked for.

    `say` is told of deaths and restarts; without `restart` the dead stay dead.
    """

    def __init__(
        self, members: Sequence[Member], *, say: Say, restart: bool = True, first_pause: timedelta = FIRST_PAUSE
    ) -> None:
        self._members = members
        self._say = say
        self._restart = restart
        self._first_pause = first_pause
        self._keepers: list[asyncio.Task[None]] = []
        self.deaths: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        """Start all at once; if one cannot, end the others and say why."""
        starting = [asyncio.create_task(member.start()) for member in self._members]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            await self._stop_members()
            raise
        if self._restart:
            self._keepers = [asyncio.create_task(self._keep(member)) for member in self._members]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop restarting, then end all members at once."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await self._stop_members()

    async def _stop_members(self) -> None:
        results = await asyncio.gather(*(member.stop() for member in self._members), return_exceptions=True)
        for member, result in zip(self._members, results, strict=True):
            if isinstance(result, BaseException):
                self._say(f"{member.name} could not be stopped in good order: {result!r}")

    async def _keep(self, member: Member) -> None:
        pause = self._first_pause
        while True:
            started = time.monotonic()
            code = await member.wait()
            self.deaths[member.name] += 1
            if time.monotonic() - started > _stable(pause).total_seconds():
                pause = self._first_pause
            self._say(f"{member.name} {_in_words(code)}; starting it again in {pause.total_seconds():g} s")
            await asyncio.sleep(pause.total_seconds())
            pause = min(pause * 2, LONGEST_PAUSE)
            while not await self._restarted(member):
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _restarted(self, member: Member) -> bool:
        try:
            await member.start()
        except (StackError, OSError) as error:
            self._say(f"{member.name} does not start: {error}")
            return False
        return True


def _stable(pause: timedelta) -> timedelta:
    """Tell how long a program must have run to be no crash loop: its pauses then cost it little of its time.

    Who is killed now and then from outside is not made to wait for ever longer.
    """
    return min(STABLE, STABLE_PAUSES * pause)


def _in_words(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


async def _serves(started: str | None, port: int) -> bool:
    return await process.accepts(port) and (started is None or await process.answers(port, started))


async def until_serving(services: Sequence[Service], supervisor: Supervisor, patience: timedelta) -> None:
    """Wait until every service that has a port accepts connections there, and has started.

    Raises StackError, with the end of its log, for one that keeps dying or does not get there in time.
    """
    deadline = process.Deadline(patience)
    waiting = [service for service in services if service.port is not None]
    while waiting:
        service = waiting[0]
        if await _serves(service.spec.started, service.port or 0):
            waiting.pop(0)
        elif supervisor.deaths[service.name] >= 3 or deadline.passed:
            raise StackError(
                f"The service {service.name} does not start; the end of {service.log}:\n"
                f"{process.last_lines(service.log)}"
            )
        else:
            await asyncio.sleep(0.05)
