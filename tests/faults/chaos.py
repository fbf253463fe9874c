"""`make chaos INVOICES=10000`: pushes while everything is killed again and again, and tells in one JSON line what came.

Exit code 1 unless nothing was lost, duplicated, metered wrongly or told out of order. Settings (environment): INVOICES;
KILLS (a tenth of the invoices); SEED, so that the same victims die in the same order; STILL, for how many seconds Kafka
once stands still.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hub.stack.catalogue import SERVICES
from tests.faults.machine import KAFKA, POSTGRES
from tests.faults.world import Result, World, world

INVOICES = int(os.environ.get("INVOICES", "10000"))
KILLS = int(os.environ.get("KILLS", str(max(100, INVOICES // 10))))
SEED = int(os.environ.get("SEED", "20261122"))
STILL = float(os.environ.get("STILL", "30"))
PAUSE = 1.5  # seconds between salvos, on average: a service that starts again needs as much of a core
SALVO = (1, 1, 2, 3)  # how many die at once
# A server that dies stops everybody: it is not let die so often that nothing goes on in between.
WEIGHTS = {**dict.fromkeys(SERVICES, 12), KAFKA: 2, POSTGRES: 3}
PATIENCE = 1800.0


class Chaos:
    """Kills by chance, and lets the ERPs push in step with the kills, so that there is always work to disturb."""

    def __init__(self, hub: World, chance: random.Random) -> None:
        self._hub = hub
        self._chance = chance
        self.victims: Counter[str] = Counter()

    async def run(self) -> None:
        pushing: list[asyncio.Task[list[str]]] = []
        pushed = 0
        still = False
        while self.victims.total() < KILLS:
            due = INVOICES * (self.victims.total() + 1) // KILLS
            pushing.append(asyncio.create_task(self._hub.push(due - pushed)))
            pushed = due
            await asyncio.sleep(self._chance.expovariate(1 / PAUSE))
            self._salvo()
            if not still and self.victims.total() > KILLS // 2:
                still = True
                with self._hub.machine.frozen(KAFKA):
                    await asyncio.sleep(STILL)
            pushing = await _still_going(pushing)
        pushing.append(asyncio.create_task(self._hub.push(INVOICES - pushed)))
        await asyncio.gather(*pushing)

    def _salvo(self) -> None:
        most = min(self._chance.choice(SALVO), KILLS - self.victims.total())
        for name in self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=most):
            place = self._chance.randrange(2) if name in SERVICES else 0
            self.victims[name] += self._hub.machine.kill(name, place=place)


async def _still_going(tasks: list["asyncio.Task[list[str]]"]) -> list["asyncio.Task[list[str]]"]:
    """Return those that have not ended; raises what one of the others raised."""
    for task in tasks:
        if task.done():
            await task
    return [task for task in tasks if not task.done()]


async def chaos(folder: Path) -> Result:
    async with world(folder) as hub:
        work = Chaos(hub, random.Random(SEED))
        await work.run()
        await hub.machine.until_ready()
        await hub.until_ended(patience=PATIENCE)
        result = await hub.judge()
        sys.stderr.write(f"killed: {dict(work.victims)}\n")
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sentral-chaos-", ignore_cleanup_errors=True) as folder:
        result = asyncio.run(chaos(Path(folder)))
    for line in result.details[:50]:
        sys.stderr.write(line + "\n")
    sys.stdout.write(json.dumps(result.figures()) + "\n")
    sys.exit(0 if result.clean else 1)


if __name__ == "__main__":
    main()
