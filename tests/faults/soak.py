"""`make soak`: pushes INVOICES (100000) at a steady pace and tells each service's memory as JSON lines.

Exit code 1 where a service's resident memory, after a tenth of the invoices to warm up, grows by more than GROWTH of it
plus ROOM_MB until the end (medians of ten measurements), or where an invoice has no true end.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

from hub.stack.catalogue import SERVICES
from tests.faults.world import World, world

INVOICES = int(os.environ.get("INVOICES", "100000"))
RATE = float(os.environ.get("RATE", "25"))  # a second, below what two cores carry, so that nothing piles up
EVERY = max(1.0, INVOICES / RATE / 100)  # seconds between measurements: a hundred in all
WARM = 0.1
GROWTH = 0.10
ROOM_MB = 16.0
OF = 10


class Memory:
    """Resident megabytes of each service and server over time, all instances and their workers together."""

    def __init__(self, hub: World) -> None:
        self._hub = hub
        self._started = time.monotonic()
        self.seen: defaultdict[str, list[float]] = defaultdict(list)

    def measure(self, accepted: int) -> None:
        now: dict[str, float] = {}
        for name, members in self._hub.machine.members().items():
            now[name] = round(sum(_resident(member) for member in members) / 2**20, 1)
            self.seen[name].append(now[name])
        _tell(measure="memory", seconds=round(time.monotonic() - self._started), accepted=accepted, mb=now)

    def grown(self) -> dict[str, dict[str, float]]:
        """Return the services that grew beyond the bound: what they had when warm and in the end."""
        found = {}
        for name in SERVICES:
            warm = self.seen[name][int(len(self.seen[name]) * WARM) :]
            first, last = statistics.median(warm[:OF]), statistics.median(warm[-OF:])
            if last > first * (1 + GROWTH) + ROOM_MB:
                found[name] = {"warm": first, "end": last}
        return found


def _resident(process: psutil.Process) -> int:
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    return total


def _tell(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


async def _push(hub: World) -> None:
    """Push at the pace, a second's worth at a time."""
    started, pushed = time.monotonic(), 0
    while pushed < INVOICES:
        due = min(INVOICES, 1 + int(RATE * (time.monotonic() - started)))
        await hub.push(due - pushed)
        pushed = max(pushed, due)
        await asyncio.sleep(1)


async def soak(folder: Path) -> bool:
    async with world(folder) as hub:
        memory = Memory(hub)
        pushing = asyncio.create_task(_push(hub))
        while not pushing.done():
            memory.measure(len(hub.sent))
            await asyncio.wait({pushing}, timeout=EVERY)
        await pushing
        await hub.until_ended(patience=600)
        memory.measure(len(hub.sent))
        result = await hub.judge()
    grown = memory.grown()
    for line in result.details[:50]:
        sys.stderr.write(line + "\n")
    _tell(measure="soak", grown=grown, **result.figures())
    return result.clean and not grown


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sentral-soak-", ignore_cleanup_errors=True) as folder:
        sys.exit(0 if asyncio.run(soak(Path(folder))) else 1)


if __name__ == "__main__":
    main()
