"""A whole hub, two of each service, between ERPs that push and recipients that take; judged by what those saw alone."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.demo.client import Gateway
from hub.demo.outside import Outside
from hub.demo.parties import load
from hub.demo.register import Demo, make
from hub.norway import is_organisation_number
from hub.stack.local import known_service_url
from hub.stack.process import free_ports
from tests.e2e.hub import RunningHub
from tests.faults import order
from tests.faults.erp import DELIVERED, ENDED, ENDS, Door, Erp, Sent, body_of, kinds
from tests.faults.machine import Machine
from tests.faults.receivers import Receivers, instance_of

OSLO = ZoneInfo("Europe/Oslo")
AT_ONCE = 3  # requests that each ERP has open
PATIENCE = 180.0
INSTANCES = 2


@dataclass
class Result:
    """What became of the invoices accepted; `details` says which and why.

    `lost` are those without a true end: none at all, one that its receiver does not confirm, or another than its kind
    must have.
    """

    accepted: int = 0
    delivered: int = 0
    refused: int = 0
    failed: int = 0
    cancelled: int = 0
    in_doubt: int = 0
    lost: int = 0
    duplicated: int = 0
    meter_difference: int = 0
    order_violations: int = 0
    kills: int = 0
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.meter_difference or self.order_violations)

    def figures(self) -> dict[str, float]:
        return {name: value for name, value in asdict(self).items() if name != "details"}


class World:
    """The hub, its ERPs and its receivers. Everything accepted so far is kept, and every judgement is about all."""

    def __init__(self, machine: Machine, demo: Demo, receivers: Receivers, door: Door) -> None:
        self.machine = machine
        self.recipients = dict(demo.recipients)
        self.receivers = receivers
        self.door = door
        self.sent: dict[str, Sent] = {}
        self.started = time.monotonic()
        inbox = demo.recipients["inbox"]
        self.erps = [Erp(install, door) for install in demo.installs if install.client != inbox]
        self.recipient = Erp(demo.of(inbox), door)
        self._erp_of = {erp.install.key: erp for erp in self.erps}
        self._working: list[asyncio.Task[None]] = []
        self._kinds = kinds()
        self._numbers = iter(range(1, 10**9))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Let the ERPs follow their feeds, and the recipient empty its inbox, while the block lasts."""
        self._working = [asyncio.create_task(erp.follow()) for erp in self.erps]
        self._working.append(asyncio.create_task(self.recipient.take_in()))
        try:
            yield
        finally:
            for task in self._working:
                task.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)

    async def push(self, count: int, kind: str | None = None) -> list[str]:
        """Hand in so many invoices from all ERPs, of every kind in turn; return their transaction ids."""
        places = iter(range(count))
        accepted: list[str] = []

        async def connection(erp: Erp) -> None:
            accepted.extend([await self.hand_in(erp, kind) for _ in places])

        await asyncio.gather(*(connection(erp) for erp in self.erps for _ in range(AT_ONCE)))
        return accepted

    async def hand_in(self, erp: Erp, kind: str | None = None) -> str:
        """Hand in the next invoice."""
        what, number = kind or next(self._kinds), f"W{next(self._numbers)}"
        identifier = await erp.submit(body_of(number, what, self.recipients), number)
        assert identifier not in self.sent, "two invoices got one transaction"
        self.sent[identifier] = Sent(number, what, erp.install)
        if what == "cancelled":
            await erp.cancel(identifier)
        return identifier

    async def register(self, number: str, **target: object) -> None:
        """Have every ERP say that this customer gets its invoices on the SFTP server, or where the target says."""
        self.recipients[number] = number
        address = {"street": "Kaia 1", "postal_code": "5003", "city": "Bergen"}
        entry = {"endpoint": f"0192:{number}", "name": f"Mottaker {number} AS", "address": address, "channel": "ftp"}
        for erp in self.erps:
            where = {**self.receivers.outside.ftp_target(), **target}
            await erp.call("PUT", f"/v1/customers/{number}", json={**entry, "ftp_target": where})

    def status_of(self, identifier: str) -> str:
        """Return the status that the sender's feed told last."""
        return self._erp_of[self.sent[identifier].install.key].feed.status.get(identifier, "accepted")

    def _told(self) -> dict[str, str]:
        return {identifier: status for erp in self.erps for identifier, status in erp.feed.status.items()}

    async def until_ended(self, identifiers: Sequence[str] | None = None, patience: float = PATIENCE) -> None:
        """Wait until each sender was told an end, or that it is in doubt."""
        wanted = list(self.sent if identifiers is None else identifiers)
        deadline = time.monotonic() + patience
        while left := self._open(wanted):
            for task in self._working:
                if task.done():
                    task.result()  # says what its ERP met
            assert time.monotonic() < deadline, f"{len(left)} have no end, such as {left[:3]}"
            await asyncio.sleep(0.2)

    def _open(self, identifiers: Sequence[str]) -> list[tuple[str, str, str]]:
        ends = {*ENDED, "in_doubt"}
        states = ((identifier, self.sent[identifier].kind, self.status_of(identifier)) for identifier in identifiers)
        return [state for state in states if state[2] not in ends]

    async def judge(self, *, computed_anew: bool = False) -> Result:
        """Count, when all have ended, at senders and receivers; these and the meter are given the time to follow."""
        deadline = time.monotonic() + PATIENCE
        while True:
            result = await self._count(computed_anew)
            if result.clean or result.duplicated or time.monotonic() > deadline:
                return result
            await asyncio.sleep(0.5)

    async def _count(self, computed_anew: bool) -> Result:
        result = Result(accepted=len(self.sent), kills=self.machine.kills)
        arrived = self.arrivals()
        listed: dict[str, str] = {}
        for erp in self.erps:
            listed |= await erp.listed()
            result.details += erp.feed.wrong
        told = self._told()
        for identifier, sent in self.sent.items():
            self._account(result, sent, told.get(identifier, "accepted"), arrived[identifier])
        differing = [i for i in self.sent if listed.get(i) != told.get(i)]
        result.details += [f"{i}: the feed says {told.get(i)}, the list {listed.get(i)}" for i in differing]
        result.details += await order.violations(self.machine.bootstrap, computed_anew=computed_anew)
        result.order_violations = len(result.details)
        result.details += [f"{i}: {self.sent[i]} {told.get(i)} arrived {arrived[i]}" for i in self._odd(told, arrived)]
        result.meter_difference = await self._meter_difference(told)
        result.seconds = round(time.monotonic() - self.started, 1)
        return result

    @staticmethod
    def _account(result: Result, sent: Sent, status: str, arrived: int) -> None:
        ends = ENDS.get(sent.kind, DELIVERED)
        if status in ("delivered", "refused", "failed", "cancelled", "in_doubt"):
            setattr(result, status, getattr(result, status) + 1)
        result.lost += status not in {*ends, "in_doubt"} or (status == "delivered" and not arrived)
        # What was said not to be delivered is sent again by its sender.
        result.duplicated += max(0, arrived - (status in ("delivered", "in_doubt")))

    def _odd(self, told: Mapping[str, str], arrived: Counter[str]) -> list[str]:
        found = []
        for identifier, sent in self.sent.items():
            one = Result()
            self._account(one, sent, told.get(identifier, "accepted"), arrived[identifier])
            if not one.clean:
                found.append(identifier)
        return found

    def arrivals(self) -> Counter[str]:
        """Return how often each transaction reached its recipient, by the recipients' own books."""
        files, documents = self.receivers.files(), self.receivers.documents()
        counted: Counter[str] = Counter()
        for identifier, sent in self.sent.items():
            counted[identifier] = (
                files[identifier] + documents[instance_of(identifier)] + len(self.recipient.taken.get(sent.number, ()))
            )
        return counted

    async def _meter_difference(self, told: Mapping[str, str]) -> int:
        """Compare what clients are charged for with what their senders were told is delivered, client by client."""
        month = datetime.now(UTC).astimezone(OSLO).strftime("%Y-%m")
        delivered = Counter(
            sent.install.client for identifier, sent in self.sent.items() if told.get(identifier) == "delivered"
        )
        by_client = {erp.install.client: erp for erp in self.erps}
        return sum([abs(await erp.usage(month) - delivered[client]) for client, erp in by_client.items()])

    async def parked(self) -> float:
        """Return how many messages the running instances have parked since they started."""
        total = 0.0
        for urls in self.machine.addresses.values():
            for url in urls:
                async with Gateway(url) as service:
                    text = (await service.call("GET", "/metrics", "")).body.decode()
                lines = [line for line in text.splitlines() if line.startswith("hub_parked_total{")]
                total += sum(float(line.rpartition(" ")[2]) for line in lines)
        return total


def neighbours(count: int) -> list[str]:
    """Return organisation numbers of customers that nobody else has."""
    return [number for number in map(str, range(320000000, 321000000)) if is_organisation_number(number)][:count]


@asynccontextmanager
async def world(folder: Path, **settings: str) -> AsyncIterator[World]:
    """Start everything, with settings of the operator's; its ERPs follow their feeds from the beginning."""
    parties, outside = load(), Outside.at(folder / "outside")
    own = outside.environment()
    environment = {**os.environ, **own["access-point"], **own["ftp-sender"], "HUB_WORKERS": "1", **settings}
    running = RunningHub(folder / "data", free_ports([], 1)[0], ("--instances", str(INSTANCES)), environment)
    async with Receivers(outside, parties) as receivers:
        try:
            await asyncio.to_thread(running.start)
            machine = Machine(running)
            url = known_service_url(machine.data, "gateway", os.environ)
            async with Gateway(machine.gateways[0]) as gateway:
                demo = await make(gateway, parties, outside, machine.data, url)
            async with Door(machine.gateways) as door:
                made = World(machine, demo, receivers, door)
                async with made.at_work():
                    yield made
        finally:
            code = await asyncio.to_thread(running.stop)
    assert code == 0
