"""An ERP as its customer runs it: repeats what got no answer, follows its feed, takes in what its inbox holds."""

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from hub.demo.register import Install
from tests.load.invoices import invoice

DELIVERED = frozenset({"delivered"})
ENDS = {  # of every other kind: delivered
    "refused": frozenset({"refused"}),
    "none": frozenset({"failed"}),
    "cancelled": frozenset({"cancelled", "delivered"}),  # it may be too late
}
ENDED = {"delivered", "refused", "failed", "cancelled", "returned"}
STAGES = ("accepted", "refused", "ready", "routed", "retrying", "in_doubt", "cancelled", "failed", "delivered")
ANSWER = aiohttp.ClientTimeout(total=20)
AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Sent:
    """An invoice that an ERP handed in: its number, what kind it is, and by whom."""

    number: str
    kind: str
    install: Install


class Door:
    """The gateways behind one address: what one of them does not answer, the next one is asked."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = itertools.cycle(urls)
        self._session = aiohttp.ClientSession(timeout=ANSWER, connector=aiohttp.TCPConnector(limit=0))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, key: str, **request: Any) -> tuple[int, Any]:
        """Ask until there is an answer that is not the hub's own trouble, as a careful caller does."""
        headers = {"Authorization": f"Bearer {key}", **request.pop("headers", {})}
        while True:
            try:
                async with self._session.request(
                    method, next(self._urls) + path, headers=headers, **request
                ) as response:
                    content = await response.read()
                    if response.status < 500:
                        is_json = "json" in response.content_type
                        return response.status, json.loads(content) if is_json and content else content
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(AGAIN_SECONDS)


@dataclass
class Feed:
    """What one install was told, in order; `wrong` names each gap and each step back."""

    number: int = 0
    status: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    ended_at: dict[str, float] = field(default_factory=dict)  # time.monotonic(), when this side read it
    _ranks: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def take(self, entry: dict[str, Any]) -> None:
        if entry["number"] != self.number + 1:
            self.wrong.append(f"feed: after {self.number} comes {entry['number']}")
        self.number = entry["number"]
        if "status" not in entry:
            return
        identifier, status = entry["transaction_id"], entry["status"]
        rank = rank_of(STAGES.index(status), status in ENDED, entry.get("leg"), entry.get("attempt"))
        if rank <= self._ranks.get(identifier, ()):
            self.wrong.append(f"feed: {identifier} goes from {self.status[identifier]} to {status}")
        self._ranks[identifier] = rank
        self.status[identifier] = status
        if status in ENDED:
            self.ended_at[identifier] = time.monotonic()


def rank_of(stage: int, ended: bool, leg: int | None, attempt: int | None) -> tuple[int, ...]:
    """Order what happens to a transaction: by leg; an ended leg comes after every attempt of it."""
    return (leg or 0, int(ended), 0 if ended else attempt or 0, stage)


class Erp:
    """One installation."""

    def __init__(self, install: Install, door: Door) -> None:
        self.install = install
        self.feed = Feed()
        self.taken: defaultdict[str, set[str]] = defaultdict(set)  # invoice number -> items, as this recipient has them
        self.taking = asyncio.Event()
        self.taking.set()
        self._door = door

    async def call(self, method: str, path: str, **request: Any) -> Any:
        status, body = await self._door.call(method, path, self.install.key, **request)
        assert status < 300, f"{method} {path} answered {status}: {body}"
        return body

    async def submit(self, body: bytes, key: str) -> str:
        """Hand an invoice in, under the same key until it is accepted, and return its transaction id."""
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        answer = await self.call("POST", "/v1/transactions", data=body, headers=headers)
        return str(answer["transaction_id"])

    async def cancel(self, identifier: str) -> None:
        """Ask to cancel, whether it is too late (409) or not."""
        status, body = await self._door.call("POST", f"/v1/transactions/{identifier}/cancel", self.install.key)
        assert status in (200, 202, 409), body

    async def follow(self) -> None:
        """Read the feed until cancelled, acknowledging what was read."""
        while True:
            feed = self.feed
            path = f"/v1/events?after={feed.number}&wait=5"
            status, page = await self._door.call("GET", path, self.install.key)
            if feed is not self.feed:
                continue  # it is read anew, from its beginning
            assert status == 200, page
            for entry in page["entries"]:
                feed.take(entry)

    async def take_in(self) -> None:
        """Empty the inbox until cancelled, each document taken before it is acknowledged."""
        while True:
            await self.taking.wait()
            page = await self.call("GET", "/v1/inbox?limit=100")
            for item in page["items"]:
                await self.call("GET", item["links"]["document"])
                self.taken[item["invoice_number"]].add(item["id"])
                await self.call("POST", item["links"]["ack"])
            if not page["items"]:
                await asyncio.sleep(AGAIN_SECONDS)

    async def listed(self) -> dict[str, str]:
        """Return the status of every transaction of this install, as its list shows them."""
        found: dict[str, str] = {}
        path = "/v1/transactions?limit=200"
        while path:
            page = await self.call("GET", path)
            found |= {row["transaction_id"]: row["status"] for row in page["transactions"]}
            path = page["next"]
        return found

    async def usage(self, month: str) -> int:
        """Return how many deliveries of this install's client were metered."""
        answer = await self.call("GET", f"/v1/usage?month={month}")
        return sum(row["quantity"] for row in answer["usage"])


KINDS = (*("inbox", "ftp", "peppol") * 5, "inbox", "ftp", "refused", "none", "cancelled")


def kinds() -> Iterator[str]:
    """Name the kinds of invoices that ERPs send, for ever."""
    return itertools.cycle(KINDS)


def body_of(number: str, kind: str, recipients: dict[str, str]) -> bytes:
    """Return an invoice of the kind; one to be refused breaks two rules."""
    if kind != "refused":
        return invoice(number, recipients["ftp" if kind == "cancelled" else kind], lines=2)
    content = json.loads(invoice(number, recipients["inbox"], lines=2))
    content["lines"][0]["vat"]["rate"] = "24"
    content["payment"] = {"kid": "123"}
    return json.dumps(content).encode()
