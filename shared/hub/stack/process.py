"""Starting and stopping the programs of the stack, and what they share: accounts, ports, small files, logs."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hub.stack.errors import StackError

LAUNCHER = Path(__file__).with_name("launch.py")
LOOK_SECONDS = 0.05  # how often an ended process is noticed
PORTS = range(21000, 32000)  # below the range from which Linux gives ports to outgoing connections
PORTS_VARIABLE = "HUB_PORTS"  # other ones: `21000-21999`
LOG_LIMIT = 20 * 1024 * 1024  # bytes; a log that is longer when its program starts makes room, one older is kept

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Account:
    """A system user that a program runs as."""

    name: str
    uid: int
    gid: int


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str],
    folder: Path,
    account: Account | None = None,
    orphaned: signal.Signals = signal.SIGKILL,
) -> Process:
    """Start a program in a session of its own, so that the terminal's Ctrl-C reaches the supervisor alone.

    Standard output and error go to the end of `log`; `orphaned` is the signal it gets when this process dies. Call
    from the main thread: the kernel ties the child to the thread that started it.
    """
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    who = f"{account.uid}:{account.gid}" if account else "-"
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - no shell, and the command is the stack's own
            [sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), str(int(orphaned)), who, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )


async def ended(process: Process) -> int:
    """Wait until the process has ended, clear its group, and give its exit code (minus the number of a signal).

    By looking now and then: no child watcher, hence no tie to one event loop. It is reaped only after its group was
    cleared, so that its number cannot belong to anyone else yet.
    """
    while True:
        if _has_ended(process):
            return kill(process)
        await asyncio.sleep(LOOK_SECONDS)


def _has_ended(process: Process) -> bool:
    """Look without reaping."""
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, look) is not None


async def stop(process: Process, how: signal.Signals, patience: timedelta) -> int:
    """Ask a process to end, wait, then kill what is left of its process group. Gives the exit code."""
    if process.returncode is None:
        process.send_signal(how)
    try:
        return await asyncio.wait_for(ended(process), patience.total_seconds())
    except TimeoutError:
        return kill(process)


def kill(process: Process) -> int:
    """Kill a process and whatever it started in its group (a service's pool workers), if they have not ended."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # a zombie, or one that is not yet the leader
            os.killpg(process.pid, signal.SIGKILL)
        if not _has_ended(process):
            process.kill()
    return process.wait()


def make_room(log: Path) -> None:
    """Move a long log aside (`<name>.1`), at a start of its program."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.rename(log.with_name(log.name + ".1"))


def last_lines(log: Path, count: int = 15) -> str:
    """Give the end of a log, for an error message."""
    if not log.exists():
        return "(nothing was logged)"
    with log.open("rb") as content:
        content.seek(max(0, log.stat().st_size - 8192))
        return "\n".join(content.read().decode(errors="replace").splitlines()[-count:])


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_given: set[int] = set()  # by this process; who got them may not listen yet


def free_ports(remembered: Sequence[int], count: int) -> list[int]:
    """Give the remembered ports where they are still free, and otherwise new ones that nobody else was given here."""
    if len(remembered) == count and all(map(is_free, remembered)):
        return list(remembered)
    among = _ports(os.environ)
    drawn = sorted(random.sample(among, min(200, len(among))), key=_given.__contains__)
    ports = [port for port in drawn if is_free(port)][:count]
    if len(ports) < count:
        raise StackError(
            f"{count} free ports are needed on 127.0.0.1 between {among.start} and {among.stop - 1}; stop what uses "
            f"them, or name others ({PORTS_VARIABLE}=21000-21999)."
        )
    _given.update(ports)
    return ports


def _ports(environment: Mapping[str, str]) -> range:
    given = environment.get(PORTS_VARIABLE)
    if not given:
        return PORTS
    first, _, last = given.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 1024 <= int(first) <= int(last) < 65536):
        raise StackError(f"{PORTS_VARIABLE}={given} is no range of ports, such as 21000-21999.")
    return range(int(first), int(last) + 1)


async def accepts(port: int) -> bool:
    """Whether something accepts TCP connections on this port of 127.0.0.1."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def answers(port: int, path: str) -> bool:
    """Whether an HTTP server on this port of 127.0.0.1 answers 200 to `GET path`, within five seconds."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split(b" ")[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def read_private(file: Path) -> dict[str, Any]:
    """Read a small JSON file that `write_private` wrote; {} if there is none."""
    if not file.exists():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StackError(f"{file} is damaged ({error}). Restore it, or remove the whole data folder.") from error
    return dict(content)


def write_private(file: Path, content: Mapping[str, Any]) -> None:
    """Write a small JSON file that only this user may read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        json.dump(content, handle, indent=2)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)


def check_space(folder: Path, needed: int) -> None:
    """Refuse to start on a disk with less than `needed` bytes free, where servers would only fail half-way."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StackError(
            f"Only {free // 2**20} MB are free on the disk of {folder}; at least {needed // 2**20} MB are needed. "
            "Free some, or give a folder on another disk with --data."
        )


class Deadline:
    """A moment until which something may take."""

    def __init__(self, patience: timedelta) -> None:
        self._at = time.monotonic() + patience.total_seconds()

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._at
