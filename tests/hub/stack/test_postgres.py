import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from hub.stack import accounts
from hub.stack.errors import StackError
from hub.stack.postgres import Postgres

STARTS_AND_IS_KILLED = """
import asyncio, os, pathlib, sys
from hub.stack.postgres import Postgres
server = Postgres(pathlib.Path(sys.argv[1]))
asyncio.run(server.start())
print(server.pid, flush=True)
os.kill(os.getpid(), 9)
"""


async def _run(server: Postgres, *statements: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(server.url(driver="postgresql"))
    try:
        return [tuple(row) for statement in statements for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def _alive(pid: int) -> bool:
    # An orphan's zombie stays until the system's first process looks after it.
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_data_and_port_survive_a_stop_a_kill_and_a_restart(folder: Path, server: Postgres) -> None:
    await server.start()
    port = server.port
    await _run(server, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('stopped')")
    await server.stop()
    assert server.pid is None

    await server.start()
    await _run(server, "INSERT INTO kept VALUES ('killed')")
    server.kill()
    await server.start()

    again = Postgres(folder)
    assert await _run(again, "SELECT word FROM kept ORDER BY word") == [("killed",), ("stopped",)]
    assert again.port == port


async def test_the_settings_are_those_of_the_hub_and_only_the_local_machine_gets_in(postgres: Postgres) -> None:
    shown = await _run(
        postgres, "SHOW max_connections", "SHOW jit", "SHOW fsync", "SHOW listen_addresses", "SHOW server_version_num"
    )
    assert [row[0] for row in shown[:4]] == ["200", "off", "on", "127.0.0.1"]
    assert str(shown[4][0]).startswith("18")


async def test_nobody_gets_in_without_the_password(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1", port=postgres.port, user="postgres", password="guess", database="postgres"
        )


def test_the_password_is_readable_by_this_user_only(postgres: Postgres, session_folder: Path) -> None:
    assert stat.S_IMODE((session_folder / "postgres.json").stat().st_mode) == 0o600


async def test_a_server_whose_starter_was_killed_ends_and_the_next_start_works(folder: Path, server: Postgres) -> None:
    command = [sys.executable, "-c", STARTS_AND_IS_KILLED, str(folder)]
    starter = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    out, _ = await starter.communicate()
    assert starter.returncode == -signal.SIGKILL
    await server.start()
    assert not _alive(int(out))
    assert await _run(server, "SELECT 1") == [(1,)]


async def test_a_pid_file_that_names_another_process_does_not_keep_the_server_from_starting(
    folder: Path, server: Postgres
) -> None:
    await server.start()
    claim = (folder / "postgres" / "postmaster.pid").read_text()
    server.kill()
    first, _, rest = claim.partition("\n")
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{rest}")
    assert first != str(os.getpid())
    await server.start()


async def test_a_port_that_was_taken_meanwhile_is_replaced(server: Postgres) -> None:
    await server.start()
    before = server.port
    await server.stop()
    with socket.create_server(("127.0.0.1", before)):
        await server.start()
        assert server.port != before


async def test_a_server_that_cannot_start_says_why(folder: Path, server: Postgres) -> None:
    await server.start()
    await server.stop()
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StackError, match=r"(?s)did not start.*incompatible"):
        await server.start()


async def test_a_lost_password_is_told_with_the_remedy(folder: Path, server: Postgres) -> None:
    await server.start()
    await server.stop()
    (folder / "postgres.json").unlink()
    with pytest.raises(StackError, match="Restore it, or remove the whole data folder"):
        await server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another user")
def test_roots_closed_folders_are_opened_for_passing_through_only_and_it_is_said(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    account = accounts.server_account()
    assert account
    said: list[str] = []
    accounts.make_reachable([closed / "data"], account, said.append)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert said == [f"Let the system user pgserver pass through {closed} (chmod o+x)"]
