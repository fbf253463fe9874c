"""How much a dead recipient among ten costs the other nine: the time from hand-in to delivery, calm and beside it."""

import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from hub.stack.process import free_ports
from tests.faults.world import World, neighbours, world

DELIVERIES = 300
RATE = 15.0  # a second
DEAD = 100  # documents that wait for the dead one


async def milliseconds(hub: World, numbers: Sequence[str]) -> list[float]:
    """Hand in at a steady rate to these in turn, and return how long each took to be told delivered, in order."""
    started: dict[str, float] = {}
    begun = time.monotonic()

    async def one(place: int, number: str) -> None:
        await asyncio.sleep(max(0.0, begun + place / RATE - time.monotonic()))
        at = time.monotonic()
        started[await hub.hand_in(hub.erps[place % len(hub.erps)], number)] = at

    turns = itertools.islice(itertools.cycle(numbers), DELIVERIES)
    await asyncio.gather(*(one(place, number) for place, number in enumerate(turns)))
    await hub.until_ended(list(started))
    ended = {identifier: at for erp in hub.erps for identifier, at in erp.feed.ended_at.items()}
    return sorted(1000 * (ended[identifier] - at) for identifier, at in started.items())


async def measure(folder: Path) -> dict[str, float]:
    async with world(folder, HUB_NET_ALLOW="127.0.0.1") as hub:
        dead, *alive = neighbours(10)
        for number in alive:
            await hub.register(number)
        await hub.register(dead, port=free_ports([], 1)[0])
        await milliseconds(hub, alive)  # warm
        calm = await milliseconds(hub, alive)
        for place in range(DEAD):
            await hub.hand_in(hub.erps[place % len(hub.erps)], dead)
        beside = await milliseconds(hub, alive)
    p99 = [round(times[int(0.99 * len(times))], 1) for times in (calm, beside)]
    return {"deliveries": DELIVERIES, "calm_p99_ms": p99[0], "p99_ms": p99[1], "ratio": round(p99[1] / p99[0], 2)}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sentral-neighbours-", ignore_cleanup_errors=True) as folder:
        figures = asyncio.run(measure(Path(folder)))
    sys.stdout.write(json.dumps({"measure": "nine_recipients_beside_a_dead_one", **figures}) + "\n")


if __name__ == "__main__":
    main()
