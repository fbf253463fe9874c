"""The hub's processes, and what can befall them: kills, stand-stills, and an operator's hand on the data folder."""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import httpx
import psutil

from hub.stack.catalogue import SERVICES
from hub.stack.postgres import Postgres
from hub.stack.process import free_ports, read_private
from hub.stack.supervisor import Service, ServiceSpec
from tests.e2e.hub import RunningHub

KAFKA, POSTGRES = "kafka", "postgres"
SERVERS = (KAFKA, POSTGRES)
MEMBERS = (*SERVICES, *SERVERS)
PATIENCE = 60.0


class Machine:
    """A started hub's processes, by name of their service or server."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self.data = hub.data
        self.kills = 0

    @property
    def gateways(self) -> Sequence[str]:
        return list(self.addresses["gateway"])

    @property
    def addresses(self) -> Mapping[str, Sequence[str]]:
        return read_private(self.data / "services.json")

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{read_private(self.data / 'kafka.json')['ports'][0]}"

    def members(self) -> dict[str, list[psutil.Process]]:
        """Return the processes of each service and server that live now; workers of theirs not among them."""
        found: dict[str, list[psutil.Process]] = {name: [] for name in MEMBERS}
        for process in self._hub.supervisor.children():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if name := _name_of(process):
                    found[name].append(process)
        return found

    def kill(self, name: str, most: int = 1, place: int = 0) -> int:
        """Kill so many of a service or server from this place on, if they live; return how many."""
        killed = 0
        for process in self.members()[name][place : place + most]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
        self.kills += killed
        return killed

    async def kill_when_there(self, name: str) -> None:
        """Kill one of a service or server as soon as one lives."""
        await until(lambda: bool(self.members()[name]), f"{name} lives")
        self.kill(name)

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """Let a service or server stand still (SIGSTOP) while the block lasts, everything below it too."""
        members = self.members()
        tops = [top for name in names for top in members[name]]
        _signal(tops, signal.SIGSTOP)  # first, so that it starts nothing more below it
        below = [one for top in tops for one in top.children(recursive=True)]
        _signal(below, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal([*below, *tops], signal.SIGCONT)

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """Let nothing be started again while the block lasts."""
        supervisor = self._hub.supervisor
        supervisor.suspend()
        try:
            yield
        finally:
            supervisor.resume()

    async def until_gone(self, *names: str) -> None:
        """Wait until of these nothing lives, children included."""

        def gone() -> bool:
            members = self.members()
            return not any(members[name] for name in names) and not (POSTGRES in names and self._backends())

        await until(gone, f"{', '.join(names)} gone")

    def _backends(self) -> bool:
        folder = self.data / "postgres"
        for entry in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error, OSError):
                if entry.info["name"] == "postgres" and Path(entry.cwd()) == folder.resolve():
                    return entry.status() != psutil.STATUS_ZOMBIE
        return False

    async def until_ready(self) -> None:
        """Wait until every instance says that it is ready."""
        async with httpx.AsyncClient(timeout=5) as client:

            async def ready(url: str) -> bool:
                with contextlib.suppress(httpx.HTTPError):
                    return (await client.get(f"{url}/health/ready")).status_code == 200
                return False

            deadline = asyncio.get_running_loop().time() + PATIENCE
            for url in [url for urls in self.addresses.values() for url in urls]:
                while not await ready(url):
                    assert asyncio.get_running_loop().time() < deadline, f"{url} never became ready"
                    await asyncio.sleep(0.1)

    @asynccontextmanager
    async def another_of_each(self, ordinal: int) -> AsyncIterator[None]:
        """Run one more instance of every service while the block lasts; then it is stopped in good order."""
        members = self.members()
        ports = free_ports([], len(SERVICES))
        added = []
        for name, port in zip(SERVICES, ports, strict=True):
            environment = members[name][0].environ()
            spec = ServiceSpec(name, name.replace("-", "_"), port, more_ports=[port] * ordinal)
            added.append(Service(spec, ordinal, environment=environment, logs=self.data / "logs"))
        try:
            for member in added:
                await member.start()
            async with httpx.AsyncClient(timeout=5) as client:
                for port in ports:
                    await until_answers(client, f"http://127.0.0.1:{port}/health/ready")
            yield
        finally:
            await asyncio.gather(*(member.stop() for member in added))

    @asynccontextmanager
    async def database(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Connect as the operator who may do anything."""
        connection = await asyncpg.connect(Postgres(self.data).url("hub", driver="postgresql"))
        try:
            yield connection
        finally:
            await connection.close()


def _name_of(process: psutil.Process) -> str | None:
    command = process.cmdline()
    if command[-2:-1] == ["-m"]:
        return command[-1].replace("_", "-")
    if "kafka.Kafka" in command:
        return KAFKA
    return POSTGRES if any(Path(word).name == "postgres" for word in command[:8]) else None


def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


async def until(condition: object, what: str, seconds: float = PATIENCE) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():  # type: ignore[operator]
        assert asyncio.get_running_loop().time() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.05)


async def until_answers(client: httpx.AsyncClient, url: str) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if (await client.get(url)).status_code == 200:
                return
        assert asyncio.get_running_loop().time() < deadline, f"{url} never answered"
        await asyncio.sleep(0.1)


def copy_folder(source: Path | str, target: Path) -> None:
    """Copy a folder with owners, times and holes (index files are mostly holes)."""
    subprocess.run(["cp", "-a", "--sparse=always", source, target], check=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Have the folder on a disk of its own size (`256m`) while the block lasts; who uses it must be stopped meanwhile.

    Raises PermissionError where nothing can be mounted.
    """
    aside = folder.with_name(folder.name + ".aside")
    folder.rename(aside)
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
    if mounted.returncode != 0:
        folder.rmdir()
        aside.rename(folder)
        raise PermissionError("a disk of its own can only be mounted by root")
    copy_folder(f"{aside}/.", folder)
    subprocess.run(["rm", "-r", aside], check=True)
    try:
        yield
    finally:
        copy_folder(folder, aside)
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()
        aside.rename(folder)


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1 << 16))
