"""Starts services that die often: each is forked from a process that has imported everything already.

To import a service takes longer than all that a fault test wants of it. What is forked is a process like any other,
with an environment, a log and a session of its own; `python -m`, and a supervisor's own starts, are proved by whole
hubs.

`python -m tests.faults.nursery` reads a request a line and answers each with a line. `{"module", "environment", "log"}`
starts a process (`{"pid"}`); `{"pid"}` asks whether it has ended (`{"code"}`: null while it lives, then its exit code,
or minus the number of the signal that ended it).
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from hub.stack.catalogue import SERVICES
from hub.stack.launch import die_with_parent
from hub.stack.supervisor import Service, ServiceSpec
from tests.e2e.hub import ROOT

LOOK_SECONDS = 0.01


class Nursery:
    """Starts and reaps as long as the `with` block lasts, and leaves nothing behind."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        command, pipe = [sys.executable, "-m", __name__], subprocess.PIPE
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True, cwd=ROOT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def start(self, module: str, environment: Mapping[str, str], log: Path) -> int:
        """Start `python -m module` and return its process id."""
        log.parent.mkdir(parents=True, exist_ok=True)
        return int(self._ask(module=module, environment=dict(environment), log=str(log))["pid"])

    def ended(self, pid: int) -> int | None:
        """Return the exit code of a process that has ended (once), None of one that lives."""
        code = self._ask(pid=pid)["code"]
        return None if code is None else int(code)

    def _ask(self, **request: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self._log.read_text()
        return dict(json.loads(answer))


class Child(Service):
    """One instance of a service, started by the nursery."""

    def __init__(
        self, nursery: Nursery, spec: ServiceSpec, ordinal: int, *, environment: Mapping[str, str], logs: Path
    ) -> None:
        super().__init__(spec, ordinal, environment=environment, logs=logs)
        self._nursery = nursery
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int | None:
        """Its process id until it was waited for."""
        return self._pid if self._code is None else None

    async def start(self) -> None:
        self._pid = self._nursery.start(self.spec.module, self._environment, self.log)

    async def wait(self) -> int:
        assert self._pid is not None
        while self._code is None:
            self._code = self._nursery.ended(self._pid)
            await asyncio.sleep(LOOK_SECONDS)
        return self._code


def _main() -> None:
    for service in SERVICES:
        importlib.import_module(f"{service.replace('-', '_')}.app")
    importlib.import_module("uvloop")
    gc.collect()
    gc.freeze()  # so that what is shared stays shared
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"code": _ended(request["pid"])} if "pid" in request else {"pid": _start(**request)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _start(module: str, environment: dict[str, str], log: str) -> int:
    parent, child = os.getpid(), os.fork()
    if not child:
        _live(parent, module, environment, log)
    return child


def _live(parent: int, module: str, environment: dict[str, str], log: str) -> NoReturn:
    code = 1
    try:
        os.setsid()
        die_with_parent(signal.SIGKILL, parent)
        _become(environment, log)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - it must not go on as a second nursery
        traceback.print_exc()
    finally:
        os._exit(code)


def _become(environment: dict[str, str], log: str) -> None:
    """Take the environment, input and output that a new process would have."""
    os.environ.clear()
    os.environ.update(environment)
    nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for ours, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(ours, place)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _ended(pid: int) -> int | None:
    """Reap a child, if it has ended, after what it started in its group."""
    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return None
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    _main()
