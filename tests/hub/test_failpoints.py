"""A fail point ends a process only where a test has asked for it twice."""

import os
import signal
import subprocess
import sys

import pytest

from hub.failpoints import ALLOWED, POINT, SWITCH, ForbiddenFailPointError, Point, arm

REACHES_TWICE = """
import os
from hub import failpoints
failpoints.arm(os.environ)
for _ in range(2):
    failpoints.reach(failpoints.Point.RELAY_BEFORE_ACK)
    failpoints.reach(failpoints.Point.RELAY_AFTER_DELETE)
    print("passed", flush=True)
"""


def ran(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", REACHES_TWICE]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def test_nothing_is_armed_where_nothing_is_asked_for() -> None:
    assert arm({}) is None
    assert ran().stdout == "passed\npassed\n"


def test_a_process_dies_at_the_hit_that_was_asked_for() -> None:
    at_once = ran(**{POINT: "relay.before-ack", SWITCH: ALLOWED})
    second = ran(**{POINT: "relay.before-ack:2", SWITCH: ALLOWED})
    third = ran(**{POINT: "relay.before-ack:3", SWITCH: ALLOWED})
    assert (at_once.returncode, at_once.stdout) == (-signal.SIGKILL, "")
    assert (second.returncode, second.stdout) == (-signal.SIGKILL, "passed\n")
    assert (third.returncode, third.stdout) == (0, "passed\npassed\n")


def test_a_fail_point_alone_is_refused() -> None:
    with pytest.raises(ForbiddenFailPointError, match="Remove it"):
        arm({POINT: Point.RELAY_BEFORE_ACK})
    assert "ForbiddenFailPointError" in ran(**{POINT: "relay.before-ack"}).stderr


@pytest.mark.parametrize("given", ["relay", "relay.before-ack:0", "relay.before-ack:x", "relay.before-ack:1:go"])
def test_what_is_no_fail_point_is_refused(given: str) -> None:
    with pytest.raises(ForbiddenFailPointError, match="is none of"):
        arm({POINT: given, SWITCH: ALLOWED})
