"""Become another program that dies with its parent: `python launch.py PARENT SIGNAL UID:GID|- COMMAND…`.

Run by its path, with the standard library only, between the fork and the program that is wanted: a process that runs
threads must not run Python of its own after a fork, and the kernel forgets the wish when the user changes, so the
order is user, wish, program. Linux only.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(how: signal.Signals, parent: int) -> None:
    """Have the kernel send `how` to this process when the thread that started it ends, however it ends.

    `parent` is the process id of the starter, which may have died before this call; then this process ends at once.
    A pool's workers call it so that a killed service leaves none behind.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os.kill(os.getpid(), how)


def _main(parent: str, how: str, account: str, *command: str) -> None:
    if account != "-":
        user, group = map(int, account.split(":"))
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    die_with_parent(signal.Signals(int(how)), int(parent))
    try:
        os.execvp(command[0], command)  # noqa: S606 - the program comes from the stack, not from outside
    except OSError as error:
        sys.exit(f"Cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
