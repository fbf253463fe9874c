"""What the ERPs sent and were told, held against what receivers got, what was metered and what lies in the topics."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from aiokafka import AIOKafkaConsumer, TopicPartition

from hub.demo.parties import examples_folder, load
from hub.messages import Message, decode, event_id, text_headers
from hub.pipeline import TOPICS, CancelRequested, DeliveryCancelRequested, TransactionEvent
from hub.status import Rank, status_after
from tests.e2e.hub import ENDED, Install
from tests.faults.parts import MortalHub
from tests.load.invoices import invoice

REQUESTS = (CancelRequested, DeliveryCancelRequested)  # they say nothing of where a transaction stands
CHANNELS = ("inbox", "ftp", "peppol")
# As a sender may see them in its feed; a later one of the same leg and attempt beats those before it.
STAGES = (
    *("accepted", "ready", "routed", "retrying", "in_doubt"),
    *("refused", "cancelled", "failed", "delivered", "returned"),
)


@dataclass(frozen=True)
class Sent:
    """An invoice that was accepted."""

    install: Install
    channel: str
    number: str


@dataclass
class Told:
    """What an install was told in its feed: the last number, and each transaction's entries in order."""

    last: int = 0
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


class Book:
    """Everything since the hub was started: each check covers all that came before it too."""

    def __init__(self, hub: MortalHub) -> None:
        self.hub = hub
        self.sent: dict[str, Sent] = {}
        self.told: dict[str, Told] = {}
        self.inbox: Counter[str] = Counter()
        self.came_in: set[str] = set()
        self.questions: set[str] = set()  # transactions that may stay in doubt: an operator's matter
        self.topics = Topics(hub)

    @property
    def receiver(self) -> Install:
        return self.hub.install_of(self.hub.demo["recipients"]["inbox"])

    @property
    def senders(self) -> list[Install]:
        """Two of them, each for another client."""
        by_client = {one.client: one for one in self.hub.installs if one.client != self.receiver.client}
        return list(by_client.values())[:2]

    def send(self, count: int, channels: Sequence[str] = CHANNELS) -> list[str]:
        """Submit as ERPs do that repeat what got no answer; return the transaction ids."""
        return [
            self.send_one(f"F{uuid4().hex[:12]}", channels[place % len(channels)], self.senders[place % 2])
            for place in range(count)
        ]

    def send_one(self, number: str, channel: str, install: Install | None = None, lines: int = 2) -> str:
        """Submit an invoice under its number as key: the first time, or again."""
        sender = install or self.senders[0]
        answer = self.hub.submit(sender, invoice(number, self.hub.demo["recipients"][channel], lines), number)
        assert answer.status_code == 202, answer.text
        identifier = str(answer.json()["transaction_id"])
        self.sent[identifier] = Sent(sender, channel, number)
        return identifier

    def receive(self, count: int) -> None:
        """Have somebody in Peppol send documents to the receiver, and take note of what must come of it."""
        document = (examples_folder() / "08-inbound.xml").read_bytes()
        for _ in range(count):
            number = f"I{uuid4().hex[:12]}"
            changed = document.replace(b"<cbc:ID>88012</cbc:ID>", f"<cbc:ID>{number}</cbc:ID>".encode())
            outsider = load().outsider("peppol").endpoint
            self.hub.run(self.hub.outside_world.send_in(changed, outsider, f"0192:{self.receiver.client}"))
            self.came_in.add(number)

    def cancel(self, identifier: str) -> int:
        """Ask for a transaction not to be sent; return the answer's status."""
        return self.hub.call(
            "POST", f"/v1/transactions/{identifier}/cancel", self.sent[identifier].install.key
        ).status_code

    def read_feeds(self) -> None:
        """Read each sender's feed as its ERP does, and see that the numbers have no gap."""
        for install in self.senders:
            told = self.told.setdefault(install.name, Told())
            while True:
                answer = self.hub.call("GET", f"/v1/events?after={told.last}&limit=1000", install.key)
                entries = answer.json()["entries"]
                if not entries:
                    break
                assert [entry["number"] for entry in entries] == [
                    told.last + place for place in range(1, len(entries) + 1)
                ]
                told.last = entries[-1]["number"]
                for entry in entries:
                    told.entries.setdefault(entry["transaction_id"], []).append(entry)

    def status(self, identifier: str) -> str:
        """What its sender was told last."""
        entries = self.told[self.sent[identifier].install.name].entries.get(identifier)
        return entries[-1]["status"] if entries else "accepted"

    def all_told(self, status: str, identifiers: Collection[str]) -> bool:
        """Whether the senders of all these were told this last."""
        self.read_feeds()
        return {self.status(identifier) for identifier in identifiers} == {status}

    def settle(self, in_doubt: Collection[str] = ()) -> None:
        """Wait until who was to die has died, and everything has ended or is in doubt where it may be (by channel)."""

        def settled() -> bool:
            self.read_feeds()
            listed = self._listed(self.receiver) if self.came_in else ()
            came = {one["invoice_number"] for one in listed if one["status"] == "delivered"}
            return (
                not self.hub.armed
                and self.came_in <= came
                and all(
                    self.status(one) in ENDED
                    or (self.status(one) == "in_doubt" and (sent.channel in in_doubt or one in self.questions))
                    for one, sent in self.sent.items()
                )
            )

        self.hub.wait(settled, "every invoice ended, or is in doubt where it may be")
        self.questions.update(one for one in self.sent if self.status(one) not in ENDED)

    def check(self) -> None:
        """Hold everything against everything."""
        statuses = {identifier: self.status(identifier) for identifier in self.sent}
        self._check_feeds(statuses)
        self._check_receivers(statuses)
        delivered = list(statuses.values()).count("delivered") + len(self.came_in)
        self.hub.until(lambda: self._metered() == delivered, f"{delivered} were metered")
        self.hub.run(self.topics.check())

    def _check_feeds(self, statuses: dict[str, str]) -> None:
        """No status goes backwards, and what the feed said last is what the transaction says."""
        for install in self.senders:
            for entries in self.told[install.name].entries.values():
                ranks = [_rank(entry) for entry in entries]
                assert ranks == sorted(set(ranks)), entries
            listed = {one["transaction_id"]: one["status"] for one in self._listed(install)}
            for identifier, sent in self.sent.items():
                if sent.install == install:
                    assert listed[identifier] == statuses[identifier]

    def _listed(self, install: Install) -> Iterator[dict[str, Any]]:
        path: str | None = "/v1/transactions?limit=200"
        while path:
            page = self.hub.call("GET", path, install.key).json()
            yield from page["transactions"]
            path = page["next"]

    def _check_receivers(self, statuses: dict[str, str]) -> None:
        """Everything that was delivered is there once, and nothing is there twice, or that nobody sent."""
        self.inbox.update(item["invoice_number"] for item in self.hub.inbox(self.receiver))
        arrived = self.arrived(self.sent)
        undelivered = {identifier for identifier, status in statuses.items() if status != "delivered"}
        assert {identifier for identifier, count in arrived.items() if count != 1} <= undelivered
        assert max(arrived.values(), default=0) <= 1
        assert not any(arrived[one] for one in self.sent if statuses[one] in {"cancelled", "refused"})
        assert max(self.hub.submissions().values(), default=0) <= 1
        assert {number for number in self.came_in if self.inbox[number] != 1} == set()
        in_all = self.inbox.total() + self.hub.files().total() + self.hub.peppol().total()
        assert in_all == sum(arrived.values()) + len(self.came_in)

    def arrived(self, identifiers: Iterable[str]) -> dict[str, int]:
        """How often each came to its recipient, as that one counts."""
        files = Counter[str]()
        for name, count in self.hub.files().items():  # `/inn/<number>_<transaction id>.xml`
            files[Path(name).stem.rpartition("_")[2]] += count
        peppol = self.hub.peppol()
        found = {}
        for identifier in identifiers:
            sent = self.sent[identifier]
            found[identifier] = {
                "inbox": self.inbox[sent.number],
                "ftp": files[identifier],
                "peppol": peppol[str(uuid5(UUID(identifier), "1"))],
            }[sent.channel]
        return found

    def _metered(self) -> int:
        """How many deliveries were counted, for all clients."""
        month = datetime.now(UTC).astimezone(ZoneInfo("Europe/Oslo")).strftime("%Y-%m")
        counted = 0
        for install in {install.client: install for install in self.hub.installs}.values():
            answer = self.hub.call("GET", f"/v1/usage?month={month}", install.key)
            counted += sum(row["quantity"] for row in answer.json()["usage"])
        return counted


def _rank(entry: dict[str, Any]) -> tuple[int, bool, int, int]:
    ended = entry["status"] in ENDED
    attempt = 0 if ended else entry.get("attempt", 0)
    return entry.get("leg", 0), ended, attempt, STAGES.index(entry["status"])


class Topics:
    """Every message of the hub's topics, in the order in which it lies there; reads on from where it was."""

    def __init__(self, hub: MortalHub) -> None:
        self._hub = hub
        self._next: dict[TopicPartition, int] = {}
        self._ranks: dict[tuple[str, str], Rank] = {}
        self._bodies: dict[tuple[str, UUID], bytes] = {}
        self.foreign: set[str] = set()  # keys of what a test put there past every outbox

    async def check(self) -> None:
        """First appearances within a topic and key keep the order of events, and a repetition is the same message."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._hub.servers.kafka, enable_auto_commit=False)
        await consumer.start()
        try:
            parts = [TopicPartition(self._hub.prefix + t.name, n) for t in TOPICS for n in range(t.partitions)]
            consumer.assign(parts)
            ends = await consumer.end_offsets(parts)
            for part in parts:
                consumer.seek(part, self._next.get(part, 0))
            while any(self._next.get(part, 0) < ends[part] for part in parts):
                for part, records in (await consumer.getmany(timeout_ms=1000)).items():
                    for record in records:
                        self._read(record)
                    self._next[part] = records[-1].offset + 1
        finally:
            await consumer.stop()

    def _read(self, record: Any) -> None:
        message = Message(
            record.topic.removeprefix(self._hub.prefix), record.key.decode(), text_headers(record.headers), record.value
        )
        if message.key in self.foreign:
            return
        place = (message.topic, event_id(message.headers))
        first = self._bodies.setdefault(place, message.body)
        assert first == message.body
        event = decode(message)
        if first is message.body and isinstance(event, TransactionEvent) and not isinstance(event, REQUESTS):
            rank = status_after(event).rank
            key = (message.topic, message.key)
            assert rank >= self._ranks.get(key, rank), message
            self._ranks[key] = rank
