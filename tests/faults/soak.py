"""`make soak`: pushes INVOICES (100000) as fast as the hub takes them, and tells each process's memory as JSON lines.

Flat means: of every process that lives from the warm part to the end (a service's, and each worker below it), the
resident memory grows by no more than GROWTH of what it was when warm, plus ROOM_MB. Warm is the median of ten
measurements after the first fifth of the invoices, when pools, caches and the allocators' arenas are full; the end is
the median of the last ten. PostgreSQL's and Kafka's memory is told and not judged: it is theirs to fill.

Exit code 1 where one grows, or where an invoice has no true end.
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

from tests.faults.erp import Erp
from tests.faults.machine import SERVERS, until
from tests.faults.world import AT_ONCE, World, world

INVOICES = int(os.environ.get("INVOICES", "100000"))
IN_FLIGHT = 400  # handed in and not ended: enough to keep everybody busy, few enough that nothing piles up
EVERY = 10.0  # seconds between measurements
WARM = 0.2
GROWTH = 0.10
ROOM_MB = 16.0
OF = 10


class Memory:
    """Resident megabytes of each process over time, by its service or server and number."""

    def __init__(self, hub: World) -> None:
        self._hub = hub
        self._started = time.monotonic()
        self.seen: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)

    def measure(self, accepted: int) -> None:
        now: dict[str, float] = {}
        for name, members in self._hub.machine.members().items():
            for member in members:
                now |= _resident(name, member)
        for name, size in now.items():
            self.seen[name].append((accepted, size))
        told = {name: size for name, size in now.items() if not name.startswith(SERVERS)}
        for server in SERVERS:
            told[server] = round(sum(size for name, size in now.items() if name.startswith(server)), 1)
        _tell(measure="memory", seconds=round(time.monotonic() - self._started), accepted=accepted, mb=told)

    def grown(self) -> dict[str, dict[str, float]]:
        """Return the services' processes that grew beyond the bound: what they had when warm and in the end."""
        found = {}
        for name, measured in self.seen.items():
            warm = [size for accepted, size in measured if accepted >= WARM * INVOICES]
            if name.startswith(SERVERS) or len(warm) < 2 * OF:
                continue
            first, last = statistics.median(warm[:OF]), statistics.median(warm[-OF:])
            if last > first * (1 + GROWTH) + ROOM_MB:
                found[name] = {"warm": first, "end": last}
        return found


def _resident(name: str, process: psutil.Process) -> dict[str, float]:
    """Return the megabytes of a process and of each below it."""
    found: dict[str, float] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            kind = name if one == process else f"{name} worker"
            found[f"{kind} {one.pid}"] = round(one.memory_info().rss / 2**20, 1)
    return found


def _tell(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


async def _push(hub: World) -> None:
    """Push whenever fewer than IN_FLIGHT are under way."""
    places = iter(range(INVOICES))

    def room() -> bool:
        return len(hub.sent) - sum(len(erp.feed.ended_at) for erp in hub.erps) < IN_FLIGHT

    async def connection(erp: Erp) -> None:
        for _ in places:
            await until(room, "another invoice ends", seconds=600)
            await hub.hand_in(erp)

    await asyncio.gather(*(connection(erp) for erp in hub.erps for _ in range(AT_ONCE)))


async def soak(folder: Path) -> bool:
    async with world(folder) as hub:
        memory = Memory(hub)
        started = time.monotonic()
        pushing = asyncio.create_task(_push(hub))
        while not pushing.done():
            memory.measure(len(hub.sent))
            await asyncio.wait({pushing}, timeout=EVERY)
        await pushing
        rate = round(INVOICES / (time.monotonic() - started), 1)
        await hub.until_ended(patience=600)
        memory.measure(len(hub.sent))
        result = await hub.judge()
    grown = memory.grown()
    for line in result.details[:50]:
        sys.stderr.write(line + "\n")
    _tell(measure="soak", a_second=rate, grown=grown, **result.figures())
    return result.clean and not grown


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sentral-soak-", ignore_cleanup_errors=True) as folder:
        sys.exit(0 if asyncio.run(soak(Path(folder))) else 1)


if __name__ == "__main__":
    main()
