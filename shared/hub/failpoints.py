"""Points in the code where a process can be made to die exactly, so that a test can prove what its successor does.

Off unless the runner arms one: `HUB_FAIL_POINT=relay.before-ack` (`relay.before-ack:3` dies at the third hit,
`relay.before-ack:3:stop` stands still there until it gets SIGCONT) in the environment of one process, together with
`HUB_FAIL_POINTS=for-tests-only`. Without that second word a process that finds a fail point refuses to start, so that
none can slip into production unseen. What is not armed costs a comparison.
"""

import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

POINT = "HUB_FAIL_POINT"
SWITCH = "HUB_FAIL_POINTS"
ALLOWED = "for-tests-only"


class Point(StrEnum):
    """Every place where a process may be made to die. Its own test is found by its name (tests/faults)."""

    CONSUMER_BEFORE_POSITION = "consumer.before-position"  # results and events are written, the position is not
    CONSUMER_BEFORE_COMMIT = "consumer.before-commit"
    CONSUMER_AFTER_COMMIT = "consumer.after-commit"  # Kafka's own offsets know nothing yet
    PARKING_BEFORE_COMMIT = "parking.before-commit"
    REPLAYER_BEFORE_COMMIT = "replayer.before-commit"
    REPLAYER_AFTER_COMMIT = "replayer.after-commit"
    RELAY_BEFORE_PUBLISH = "relay.before-publish"
    RELAY_BEFORE_ACK = "relay.before-ack"  # the batch is with the producer, and perhaps with the broker
    RELAY_BEFORE_DELETE = "relay.before-delete"  # all acked
    RELAY_AFTER_DELETE = "relay.after-delete"
    BLOB_NAMED = "blob.named"  # nothing is written under its name yet
    BLOB_BEFORE_SYNC = "blob.before-sync"  # written, not durable
    BLOB_AFTER_SYNC = "blob.after-sync"  # its name is not durable
    ACCEPT_BEFORE_COMMIT = "accept.before-commit"  # the blob is stored
    ACCEPT_AFTER_COMMIT = "accept.after-commit"  # the sender has no answer
    RELEASE_BEFORE_COMMIT = "release.before-commit"
    RELEASE_AFTER_COMMIT = "release.after-commit"
    INBOX_AFTER_COPY = "inbox.after-copy"  # the recipient's copy is stored, its item is not
    INBOX_BEFORE_COMMIT = "inbox.before-commit"
    DELIVERY_CLAIMED = "delivery.claimed"
    DELIVERY_PREPARED = "delivery.prepared"
    DELIVERY_COMMITTING = "delivery.committing"  # recorded; the outside has seen nothing
    DELIVERY_DONE = "delivery.done"  # the outside has it, with its evidence stored; no result
    DELIVERY_ENDED = "delivery.ended"  # the result is committed
    FTP_UPLOADED = "ftp.uploaded"  # all of it is there under its unfinished name
    FTP_RENAMED = "ftp.renamed"  # the recipient has it; nothing is known of that here
    PEPPOL_SUBMITTED = "peppol.submitted"  # answered by the access point; nothing is known of that here
    INBOUND_BEFORE_COMMIT = "inbound.before-commit"  # document and envelope are stored
    INBOUND_AFTER_COMMIT = "inbound.after-commit"  # the access point has no answer


class ForbiddenFailPointError(Exception):
    """A fail point was given where none may be, or one that does not exist."""


@dataclass(slots=True)
class _Armed:
    """The one point of this process, how often it is passed unharmed, and what happens then."""

    point: Point | None = None
    passes: int = 0
    end: signal.Signals = signal.SIGKILL


_FORM = re.compile(r"(?P<point>[^:]+)(:(?P<hit>[1-9][0-9]*)(?P<stop>:stop)?)?")
_armed = _Armed()


def arm(environment: Mapping[str, str]) -> Point | None:
    """Arm what the environment names; raises ForbiddenFailPointError. Called once, where a service is started."""
    given = environment.get(POINT)
    if not given:
        return None
    if environment.get(SWITCH) != ALLOWED:
        raise ForbiddenFailPointError(
            f"{POINT}={given} would end this process on purpose. Remove it; tests set {SWITCH}={ALLOWED} beside it."
        )
    found = _FORM.fullmatch(given)
    if found is None or found["point"] not in list(Point):
        raise ForbiddenFailPointError(f"{POINT}={given} is none of {', '.join(Point)}, alone or with `:<hit>[:stop]`.")
    _armed.point = Point(found["point"])
    _armed.passes = int(found["hit"] or 1) - 1
    _armed.end = signal.SIGSTOP if found["stop"] else signal.SIGKILL
    return _armed.point


def reach(point: Point) -> None:
    """Die here if this is the point that was armed: at once and unannounced, as `kill -9` does it."""
    if _armed.point is point:
        _hit(point)


def _hit(point: Point) -> None:
    if _armed.passes:
        _armed.passes -= 1
        return
    _armed.point = None  # once: who stood still and goes on is not stopped again
    os.write(2, f'{{"event": "fail point reached", "point": "{point}"}}\n'.encode())
    os.kill(os.getpid(), _armed.end)
