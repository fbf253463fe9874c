"""Points where the connector can be made to die exactly, so that a test can prove what its next start does.

Off unless a test arms one: `HUB_CONNECTOR_FAIL_POINT=send.answered` (`send.answered:3` dies at the third hit), together
with `HUB_CONNECTOR_FAIL_POINTS=for-tests-only`, without which a connector that finds a fail point refuses to start.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub_connector.texts import Text, Trouble

POINT = "HUB_CONNECTOR_FAIL_POINT"
SWITCH = "HUB_CONNECTOR_FAIL_POINTS"
ALLOWED = "for-tests-only"


class Point(StrEnum):
    """Every place where the connector may be made to die; each has a case in tests/connector/test_killed.py."""

    TAKE_BEFORE_COMMIT = "take.before-commit"  # the file is read
    TAKE_AFTER_COMMIT = "take.after-commit"  # the file is in the journal, and still in the out-folder
    KEEP_AFTER_COPY = "keep.after-copy"  # it lies among those being sent as well
    KEEP_AFTER_REMOVAL = "keep.after-removal"  # it is out of the out-folder; the journal does not know
    SEND_ANNOUNCED = "send.announced"  # the attempt is recorded, the hub has not been asked
    SEND_ANSWERED = "send.answered"  # the hub has it; the journal does not know
    SEND_RECORDED = "send.recorded"
    FEED_READ = "feed.read"
    FEED_RECORDED = "feed.recorded"
    MOVE_RENAMED = "move.renamed"  # the file is in its new folder; the journal does not know
    RECEIPT_WRITTEN = "receipt.written"  # the journal thinks that it is to be written
    STAGE_WRITTEN = "stage.written"  # a file for the ERP is there under its unfinished name
    STAGE_RECORDED = "stage.recorded"  # the journal knows that it is to get its name
    STAGE_NAMED = "stage.named"  # the ERP can see it; the journal does not know
    ACK_ASKED = "ack.asked"  # the hub has the acknowledgement; the journal does not know


@dataclass(slots=True)
class _Armed:
    point: Point | None = None
    passes: int = 0


_armed = _Armed()


def arm(environment: Mapping[str, str]) -> None:
    """Arm what the environment names; raises Trouble where none may be."""
    given = environment.get(POINT)
    if not given:
        return
    name, _, hit = given.partition(":")
    if environment.get(SWITCH) != ALLOWED or name not in list(Point) or not (hit or "1").isdecimal():
        raise Trouble(
            Text(
                f"Miljøvariabelen {POINT} er bare for tester. Fjern den.",
                f"The environment variable {POINT} is for tests only. Remove it.",
            )
        )
    _armed.point, _armed.passes = Point(name), int(hit or "1") - 1


def reach(point: Point) -> None:
    """Die here if this is the point that was armed: at once and unannounced."""
    if _armed.point is not point:
        return
    if _armed.passes:
        _armed.passes -= 1
        return
    # Windows has no SIGKILL; there SIGTERM ends a process just as abruptly.
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
