"""The stack as an operator meets it: in a process of its own, stopped by signals."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from hub.stack.process import PORTS_VARIABLE as PORTS
from hub.stack.process import free_ports

Start = Callable[[], "Running"]
TOY_STACK = Path(__file__).with_name("toy_stack.py")


class Running:
    """A started stack: its lines so far, and the processes below it."""

    def __init__(self, folder: Path, port: int) -> None:
        command = [sys.executable, str(TOY_STACK), str(folder), str(port)]
        environment = {name: os.environ[name] for name in os.environ if name == PORTS or not name.startswith("HUB_")}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        self.lines: list[str] = []

    def until(self, word: str) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if word in line:
                return line.strip()
        raise AssertionError("\n".join(self.lines))

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how: signal.Signals) -> int:
        assert self.process.stdout
        self.process.send_signal(how)
        self.lines += [line.strip() for line in self.process.stdout]
        return self.process.wait(30)


@pytest.fixture
def start(module_folder: Path) -> Iterator[Start]:
    started: list[Running] = []
    port = free_ports([], 1)[0]

    def start() -> Running:
        started.append(Running(module_folder, port))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()
        if running.process.stdout:
            running.process.stdout.close()


def _left_of(processes: list[psutil.Process], patience: float) -> list[str]:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        left = [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        if not left:
            return []
        time.sleep(0.05)
    return [p.name() for p in left]


async def _execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_ctrl_c_stops_everything_and_the_data_are_there_at_the_next_start(start: Start) -> None:
    first = start()
    url = first.until("serving").split()[1]
    await _execute(url, "CREATE TABLE kept (id int)")
    processes = first.below()
    assert {"java", "postgres"} <= {process.name() for process in processes}
    assert first.end(signal.SIGINT) == 0
    assert _left_of(processes, 0.1) == []
    assert "SIGINT: stopping" in first.lines
    assert 'toy-1: {"event": "ended"}' in first.lines

    second = start()
    assert second.until("serving").split()[1] == url
    assert await _execute(url, "SELECT count(*) FROM kept") == 0
    assert second.end(signal.SIGTERM) == 0


async def test_when_the_supervisor_is_killed_nothing_outlives_it_and_the_next_start_recovers(start: Start) -> None:
    first = start()
    first.until("serving")
    processes = first.below()
    assert {int(number) for number in re.findall(r'"worker": (\d+)', "".join(first.lines))} < {p.pid for p in processes}
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert _left_of(processes, 5) == []
    second = start()
    url = second.until("serving").split()[1]
    assert await _execute(url, "SELECT 1") == 1
    assert second.end(signal.SIGINT) == 0
