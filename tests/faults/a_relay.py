"""A relay in a process of its own: `python -m tests.faults.a_relay <database> <schema> <kafka> <prefix> <seconds>`."""

import asyncio
import sys
from datetime import timedelta

from hub.db import Database
from hub.outbox import Relay


async def main(url: str, schema: str, kafka: str, prefix: str, seconds: str) -> None:
    await Relay(Database(url, schema, standstill=timedelta(seconds=float(seconds))), kafka, prefix).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
