"""A worker process: compiled rules, one document at a time, until its parent is gone.

Started by the pool as `python -m ehf_builder.validation.worker <socket> <cache folder> <seconds> <day>`. When the
parent dies, by whatever signal, the socket ends and so does the worker. A document that takes longer than its limit is
ended by the kernel's alarm, which needs neither the parent nor the interpreter lock that SaxonC holds.
"""

import os
import signal
import socket
import sys
import traceback
from datetime import date
from pathlib import Path

from ehf_builder.validation import rules, wire
from ehf_builder.validation.engine import Engine

STANDSTILL = 10  # times the limit by the clock: on a busy machine a good document waits for its turns
NICENESS = 10  # somebody waits for the gateway's answer, nobody for a verdict


def main(arguments: list[str]) -> None:
    """Answer jobs in the order in which they come."""
    descriptor, cache, seconds, today = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes the socket
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.nice(NICENESS)
    with socket.socket(fileno=int(descriptor)) as connection:
        engine = Engine(rules.load(Path(cache)))
        engine.warm(date.fromisoformat(today))
        connection.sendall(wire.frame(wire.Ready()))
        while (job := _received(connection)) is not None:
            signal.setitimer(signal.ITIMER_PROF, float(seconds))
            signal.setitimer(signal.ITIMER_REAL, float(seconds) * STANDSTILL)
            result = answer(engine, job)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            connection.sendall(wire.frame(result))


def _received(connection: socket.socket) -> wire.Job | None:
    head = _exactly(connection, wire.LENGTH.size)
    body = _exactly(connection, wire.LENGTH.unpack(head)[0]) if head else None
    message = wire.unframe(body) if body else None
    return message if isinstance(message, wire.Validate | wire.Build) else None


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    """Read that many bytes, or None when the parent has gone."""
    parts = bytearray()
    while len(parts) < size:
        try:
            part = connection.recv(size - len(parts))
        except ConnectionError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def answer(engine: Engine, job: wire.Job) -> wire.Answer:
    """Do one job; what should not happen becomes an answer too, so that the worker goes on."""
    try:
        if isinstance(job, wire.Build):
            return engine.build(job.received, job.seller, job.customer, job.today)
        return engine.validate(job.document, job.today, job.seller)
    except Exception:  # noqa: BLE001 - whatever it is, the pool raises it where the document is known
        return wire.Bug(traceback.format_exc())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (BrokenPipeError, ConnectionResetError):  # the parent went while we answered
        sys.exit(0)
