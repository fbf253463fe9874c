"""The connector in a process of its own that may be killed: it starts, takes some steps, and ends.

Imports nothing but the connector, so that starting it costs little.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hub_connector import failpoints
from hub_connector.config import Config, load
from hub_connector.watching import DeskWork, FollowWork, now


def run(config: Config, steps: int = 3, clock: Callable[[], datetime] = now) -> None:
    """Start the connector anew, let it work for some steps, and end it."""
    desk, follow = DeskWork(config, clock), FollowWork(config, clock)
    try:
        for _ in range(steps):
            desk.step()
            follow.step(wait=0)
        desk.step()
    finally:
        desk.close()
        follow.close()


if __name__ == "__main__":
    failpoints.arm(os.environ)
    run(replace(load(Path(sys.argv[1])), settle=0))
