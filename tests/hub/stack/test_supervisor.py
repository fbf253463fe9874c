import asyncio
import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from hub.stack.errors import StackError
from hub.stack.process import free_ports, last_lines, read_private, write_private
from hub.stack.supervisor import STABLE_PAUSES, Service, ServiceSpec, Supervisor, until_serving
from hub.stack.tail import follow

QUICK = timedelta(seconds=0.05)
PATIENCE = timedelta(seconds=10)


def _toy(folder: Path, ordinal: int = 0, **environment: str) -> Service:
    port, *more = free_ports([], 1 + ordinal)
    spec = ServiceSpec("toy", "toy_service", port, environment, more_ports=more)
    base = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    return Service(spec, ordinal, environment=base, logs=folder / "logs")


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def _gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_a_dead_service_is_started_again_and_its_workers_die_with_it(folder: Path) -> None:
    toy = _toy(folder)
    said: list[str] = []
    async with Supervisor([toy], say=said.append, first_pause=QUICK) as supervisor:
        await until_serving([toy], supervisor, PATIENCE)
        before = toy.pid
        assert before is not None
        worker = json.loads(last_lines(toy.log, 1))["worker"]
        psutil.Process(before).kill()
        await _until(lambda: toy.pid not in (None, before))
        await until_serving([toy], supervisor, PATIENCE)
        assert _gone(worker)
        after = toy.pid
        assert after is not None
    assert said == ["toy was ended by SIGKILL; starting it again in 0.05 s"]
    assert _gone(after)
    assert json.loads(last_lines(toy.log, 1)) == {"event": "ended"}


async def test_the_pauses_grow_while_a_service_keeps_dying_and_its_last_words_are_told(folder: Path) -> None:
    toy = _toy(folder, TOY_FAILS="1")
    said: list[str] = []
    with pytest.raises(StackError, match=r'(?s)The service toy does not start.*"cannot work"'):
        async with Supervisor([toy], say=said.append, first_pause=QUICK) as supervisor:
            await until_serving([toy], supervisor, PATIENCE)
    assert said[:3] == [f"toy ended with exit code 3; starting it again in {pause} s" for pause in (0.05, 0.1, 0.2)]


async def test_who_is_killed_after_steady_work_does_not_wait_for_ever_longer(folder: Path) -> None:
    toy = _toy(folder)
    said: list[str] = []
    async with Supervisor([toy], say=said.append, first_pause=QUICK) as supervisor:
        for kill in range(1, 4):
            await _until(lambda: toy.pid is not None)
            await until_serving([toy], supervisor, PATIENCE)
            await asyncio.sleep((2 * STABLE_PAUSES * QUICK).total_seconds())  # the second pause would be twice as long
            psutil.Process(toy.pid).kill()
            await _until(lambda kill=kill: supervisor.deaths["toy"] == kill)  # type: ignore[misc]
    assert said == ["toy was ended by SIGKILL; starting it again in 0.05 s"] * 3


async def test_a_service_that_does_not_listen_to_reason_is_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.stack.supervisor.PATIENCE", timedelta(seconds=0.2))
    toy = _toy(folder, TOY_IS_STUBBORN="1")
    async with Supervisor([toy], say=print) as supervisor:
        await until_serving([toy], supervisor, PATIENCE)
        pid = toy.pid
        assert pid is not None
    assert _gone(pid)


async def test_each_instance_has_its_ordinal_and_its_log(folder: Path) -> None:
    members = [_toy(folder, ordinal) for ordinal in range(2)]
    async with Supervisor(members, say=print) as supervisor:
        await until_serving(members, supervisor, PATIENCE)
    assert [member.log.name for member in members] == ["toy.log", "toy-1.log"]
    assert json.loads(members[1].log.read_text().splitlines()[0])["ordinal"] == "1"


class Broken:
    name = "broken"

    async def start(self) -> None:
        raise StackError("it is broken")

    async def wait(self) -> int:
        raise AssertionError

    async def stop(self) -> None:
        """Nothing to stop."""


async def test_when_one_cannot_start_the_others_are_stopped(folder: Path) -> None:
    toy = _toy(folder)
    with pytest.raises(StackError, match="it is broken"):
        async with Supervisor([toy, Broken()], say=print):
            raise AssertionError
    assert toy.pid is None


async def test_log_lines_are_shown_whole_and_the_last_ones_too(folder: Path) -> None:
    log = folder / "a.log"
    log.write_text("old\n")
    shown: list[tuple[str, str]] = []
    async with follow({"a": log}, lambda name, line: shown.append((name, line))):
        with log.open("a") as writing:
            writing.write("first ha")
            writing.flush()
            await asyncio.sleep(0.15)
            writing.write("lf\nsecond\n")
    assert shown == [("a", "first half"), ("a", "second")]


def test_a_private_file_is_whole_and_closed_to_others(folder: Path) -> None:
    file = folder / "secrets.json"
    assert read_private(file) == {}
    write_private(file, {"a": "1"})
    write_private(file, {"a": "2"})
    assert read_private(file) == {"a": "2"}
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("{")
    with pytest.raises(StackError, match="is damaged"):
        read_private(file)
