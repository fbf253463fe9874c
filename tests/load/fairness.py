"""One install pushes thousands of invoices; how long does another's single one take meanwhile?"""

import asyncio
import time
from dataclasses import dataclass

from hub.demo.client import Gateway
from hub.demo.register import Install
from tests.load.generator import TERMINAL, Generator, Outcome

SINGLES = 10
PAUSE_SECONDS = 0.5
AT_ONCE = 16
LOOK_SECONDS = 0.05


@dataclass
class Delays:
    """Seconds from each single's submission to its delivery, and how much of the flood was accepted at the last."""

    seconds: list[float]
    flood_accepted: int


async def delays(gateway: Gateway, flooding: Install, single: Install, recipient: str, flood: int) -> Delays:
    """Send single invoices, one after the other, once most of the flood is accepted: most lies before them then."""
    most, rest = Outcome(), Outcome()
    generator = Generator(gateway, [flooding], recipient)
    await generator.push(flood * 9 // 10, AT_ONCE, most)
    pushing = asyncio.create_task(generator.push(flood // 10, AT_ONCE, rest))
    found = Delays([], 0)
    for _ in range(SINGLES):
        found.seconds.append(await _one(Generator(gateway, [single], recipient)))
        found.flood_accepted = len(most.accepted) + len(rest.accepted)
        await asyncio.sleep(PAUSE_SECONDS)
    pushing.cancel()
    await asyncio.gather(pushing, return_exceptions=True)
    return found


async def _one(generator: Generator) -> float:
    sent = Outcome()
    started = time.perf_counter()
    await generator.push(1, 1, sent)
    while True:
        timeline = await generator.timeline(sent.accepted[0])
        if any(entry["status"] in TERMINAL for entry in timeline):
            return time.perf_counter() - started
        await asyncio.sleep(LOOK_SECONDS)
