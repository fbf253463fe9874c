"""What lies in Kafka, read by a plain consumer: is the order of each topic and key as it must be?"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from hub.pipeline import REGISTER_CHANGED, TOPICS
from tests.faults.erp import rank_of

# (ended, stage) of each event within its leg: what may only come later has the higher one.
RANKS = {
    "hub.invoice.submitted.v1": (False, 0),
    "hub.invoice.ready.v1": (False, 1),
    "hub.invoice.refused.v1": (True, 1),
    "hub.document.received.v1": (False, 1),
    "hub.cancel.requested.v1": (False, 1),
    "hub.delivery.ordered.v1": (False, 2),
    "hub.delivery.cancel-requested.v1": (False, 3),
    "hub.delivery.retrying.v1": (False, 3),
    "hub.delivery.in-doubt.v1": (False, 4),
    "hub.delivery.cancelled.v1": (True, 5),
    "hub.delivery.failed.v1": (True, 6),
    "hub.delivery.delivered.v1": (True, 7),
}
REPEATABLE = {"hub.cancel.requested.v1", "hub.delivery.cancel-requested.v1"}  # each asking is one of its own


async def violations(bootstrap: str, *, computed_anew: bool = False) -> list[str]:
    """Name each place where events of a key first appear in another order than they happened in.

    Also each event id that stands for two contents, unless events were `computed_anew`: then their times differ.
    """
    wrong: list[str] = []
    seen: dict[tuple[str, str], dict[bytes, str]] = {}
    last: dict[tuple[str, str], tuple[int, ...]] = {}
    async for record in _all(bootstrap):
        place = (record.topic, record.key.decode())
        identifier = dict(record.headers)["ce_id"]
        content = hashlib.sha256(record.value).hexdigest()
        known = seen.setdefault(place, {})
        if identifier in known:
            if known[identifier] != content and not computed_anew:
                wrong.append(f"{place}: {identifier.decode()} has two contents")
            continue
        known[identifier] = content
        kind, rank, before = _kind(record), _rank(record), last.get(place, ())
        if rank < before or (rank == before and kind not in REPEATABLE):
            wrong.append(f"{place}: {kind} appears after what it precedes")
        last[place] = rank
    return wrong


def _kind(record: ConsumerRecord) -> str:
    return str(dict(record.headers)["ce_type"].decode())


def _rank(record: ConsumerRecord) -> tuple[int, ...]:
    body: dict[str, Any] = json.loads(record.value)
    if record.topic == REGISTER_CHANGED.name:
        return (int(body["version"]),)
    ended, stage = RANKS[_kind(record)]
    return rank_of(stage, ended, body.get("leg"), body.get("attempt"))


async def _all(bootstrap: str) -> Any:
    """Read every topic from its beginning to the end that it has now."""
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, max_poll_records=5000)
    await client.start()
    try:
        partitions = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        await client.seek_to_beginning(*partitions)
        left = {partition for partition in partitions if ends[partition] > await client.position(partition)}
        while left:
            fetched: dict[TopicPartition, Iterable[ConsumerRecord]] = await client.getmany(timeout_ms=1000)
            for records in fetched.values():
                for record in records:
                    yield record
            left = {partition for partition in left if await client.position(partition) < ends[partition]}
    finally:
        await client.stop()
