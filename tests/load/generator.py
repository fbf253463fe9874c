"""Pushes invoices as several ERPs at once, and counts what they are told in their feeds."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hub.demo.client import Gateway
from hub.demo.register import Install
from tests.load.invoices import invoice

TERMINAL = {"delivered", "refused", "failed", "cancelled", "returned"}


@dataclass
class Outcome:
    """What was accepted (transaction ids), how long each answer took (seconds), and how each ended."""

    accepted: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)
    rejected: Counter[int] = field(default_factory=Counter)

    def percentile(self, share: float) -> float:
        """Return the latency that this share of the answers stayed below, in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Generator:
    """Sends from the installs in turn."""

    def __init__(self, gateway: Gateway, installs: Sequence[Install], recipient: str) -> None:
        self._gateway = gateway
        self._installs = installs
        self._recipient = recipient
        self._owners: dict[str, Install] = {}

    async def _submit(self, place: int, outcome: Outcome) -> None:
        install = self._installs[place % len(self._installs)]
        body = invoice(f"L{uuid4().hex[:12]}", self._recipient)
        started = time.perf_counter()
        answer = await self._gateway.call(
            "POST",
            "/v1/transactions",
            install.key,
            data=body,
            Idempotency_Key=str(uuid4()),
            Content_Type="application/json",
        )
        outcome.latencies.append(time.perf_counter() - started)
        if answer.status == 202:
            outcome.accepted.append(answer.body["transaction_id"])
            self._owners[answer.body["transaction_id"]] = install
        else:
            outcome.rejected[answer.status] += 1

    async def push(self, count: int, at_once: int, outcome: Outcome) -> None:
        """Send as fast as so many connections can."""
        places = iter(range(count))

        async def connection() -> None:
            for place in places:
                await self._submit(place, outcome)

        await asyncio.gather(*(connection() for _ in range(at_once)))

    async def steady(self, count: int, rate: float, outcome: Outcome) -> None:
        """Send so many a second, whether answered or not."""
        started = time.perf_counter()
        tasks = []
        for place in range(count):
            await asyncio.sleep(max(0.0, started + place / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(self._submit(place, outcome)))
        await asyncio.gather(*tasks)

    async def follow(self, count: int, outcome: Outcome, patience: float = 600) -> None:
        """Read the installs' feeds until so many have ended."""
        deadline = time.monotonic() + patience

        async def feed(install: Install) -> None:
            after = 0
            while len(outcome.ended) < count and time.monotonic() < deadline:
                page = await self._gateway.expect("GET", f"/v1/events?after={after}&wait=2", install.key)
                for entry in page["entries"]:
                    after = entry["number"]
                    if entry.get("status") in TERMINAL:
                        outcome.ended[entry["transaction_id"]] = entry["status"]

        await asyncio.gather(*(feed(install) for install in self._installs))

    async def timeline(self, identifier: str) -> Sequence[Mapping[str, Any]]:
        """Return what happened to a transaction that was sent here, as its sender sees it."""
        shown = await self._gateway.expect("GET", f"/v1/transactions/{identifier}", self._owners[identifier].key)
        return list(shown["timeline"])
