"""The system user that PostgreSQL runs as when we are root (it refuses to be root), and what that user may reach."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from hub.stack.errors import StackError
from hub.stack.process import Account

NAME = "pgserver"  # as the wheel's own tools call it, so that they can share a data folder
OTHERS_READ = stat.S_IROTH
OTHERS_ENTER = stat.S_IXOTH


def server_account() -> Account | None:
    """Give the account for PostgreSQL, created if need be; None when we are not root and simply run it ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _create()
        entry = pwd.getpwnam(NAME)
    return Account(NAME, entry.pw_uid, entry.pw_gid)


def _create() -> None:
    tool = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    command = [tool or "useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", NAME]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError) as error:
        # Another start may have made it in the meantime.
        if any(entry.pw_name == NAME for entry in pwd.getpwall()):
            return
        reason = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else error
        raise StackError(
            f"PostgreSQL does not run as root, and the system user {NAME} could not be created ({reason}). Create it "
            "(`useradd --system pgserver`), start Sentral as an ordinary user, or set HUB_DATABASE_URL."
        ) from error


def give(folder: Path, account: Account) -> None:
    """Make the account the owner of a folder that was just made for it."""
    os.chown(folder, account.uid, account.gid)


def make_reachable(paths: Iterable[Path], account: Account, say: Callable[[str], None]) -> None:
    """Let the account enter every folder above these paths.

    Only the right to pass through is given, never the one to list or read, and it is said aloud: root's own home is
    usually closed.
    """
    closed = {parent for path in paths for parent in path.resolve().parents if not _may_enter(parent.stat(), account)}
    for folder in sorted(closed):
        try:
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | OTHERS_ENTER)
        except OSError as error:
            raise StackError(
                f"The system user {account.name}, as whom PostgreSQL runs, cannot pass through {folder} "
                f"({error.strerror}). Run `chmod o+x {folder}`, or give a data folder elsewhere with --data."
            ) from error
        say(f"Let the system user {account.name} pass through {folder} (chmod o+x)")


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & OTHERS_ENTER)


def make_readable(installation: Path) -> None:
    """Let every user read and run an installed program; a strict umask at installation keeps it to root."""
    probes = [installation, *installation.iterdir(), installation / "bin" / "postgres"]
    if all(probe.stat().st_mode & OTHERS_READ for probe in probes):
        return
    for path in [installation, *installation.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            enter = OTHERS_ENTER if mode & stat.S_IXUSR else 0
            path.chmod(stat.S_IMODE(mode) | OTHERS_READ | enter)
