"""Where an invoice's time goes: processor time by process, and waiting time from stage to stage."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

import psutil

from hub.stack.run import RunningStack
from tests.load.generator import Generator

SAMPLE = 200
STAGES = {"ready": "build and judge", "routed": "route", "delivered": "deliver"}


def processes(stack: RunningStack) -> dict[str, list[psutil.Process]]:
    """Return the processes of each service and server, worker processes included."""
    local = stack.local
    pids = {service.name: service.pid for service in stack.services}
    pids |= {server.name: server.pid for server in (local.kafka, local.postgres) if server}
    return {
        name: [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for name, pid in pids.items()
        if pid is not None
    }


def cpu_seconds(stack: RunningStack) -> dict[str, float]:
    """Return the processor time that each service has used."""
    return {
        name: sum(times.user + times.system for times in (process.cpu_times() for process in members))
        for name, members in processes(stack).items()
    }


def cpu_per_invoice(before: Mapping[str, float], after: Mapping[str, float], invoices: int) -> dict[str, float]:
    """Return milliseconds of processor time per invoice, by service."""
    return {name: round(1000 * (after[name] - before[name]) / invoices, 2) for name in before}


def shares(parts: Mapping[str, float]) -> dict[str, float]:
    """Return each part's share of the whole in percent."""
    whole = sum(parts.values()) or 1.0
    return {name: round(100 * part / whole, 1) for name, part in parts.items()}


async def waiting(generator: Generator, identifiers: Sequence[str]) -> dict[str, float]:
    """Return the median milliseconds that each stage took, of a sample of transactions as their senders see them."""
    took: dict[str, list[float]] = defaultdict(list)
    for identifier in identifiers[:: max(1, len(identifiers) // SAMPLE)]:
        at = _times(await generator.timeline(identifier))
        previous = at.get("accepted")
        for state, stage in STAGES.items():
            reached = at.get(state)
            if previous is not None and reached is not None:
                took[stage].append(1000 * (reached - previous).total_seconds())
            previous = reached
    return {stage: round(median(figures), 1) for stage, figures in took.items()}


def _times(timeline: Sequence[Mapping[str, Any]]) -> dict[str, datetime]:
    return {entry["status"]: datetime.fromisoformat(entry["time"]) for entry in reversed(timeline)}
