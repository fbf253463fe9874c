"""aiokafka as the hub uses it: idempotent producer, static members, and every await bounded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from hub.errors import Unavailable

T = TypeVar("T")

START_SECONDS = 15.0
STOP_SECONDS = 3.0
SEND_SECONDS = 30.0
MAX_BATCH_BYTES = 262_144  # the default 16 KB holds 10 KB messages to a tenth of the throughput


async def bounded(action: Awaitable[T], seconds: float, what: str) -> T:
    """Await with a limit; a broker error or the limit becomes Unavailable."""
    async with limited(seconds, what):
        return await action


@asynccontextmanager
async def limited(seconds: float, what: str) -> AsyncIterator[None]:
    """Limit everything in the block together; a broker error or the limit becomes Unavailable."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"kafka: {what}: {error or type(error).__name__}") from error


async def start_producer(bootstrap: str) -> AIOKafkaProducer:
    """Return a started idempotent producer (acks=all); raises Unavailable while the broker is down."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        max_batch_size=MAX_BATCH_BYTES,
        request_timeout_ms=int(SEND_SECONDS * 1000),
        linger_ms=0,
    )
    try:
        await bounded(producer.start(), START_SECONDS, f"start of the producer on {bootstrap}")
    except (Unavailable, asyncio.CancelledError):
        await stop_producer(producer)
        raise
    return producer


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop, even with pending batches and a broker that is gone.

    Idempotent batches never expire, so `stop` would wait for ever: after its limit the sender and the client are
    closed underneath. Private API, kept in this one place.
    """
    try:
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)
    except (KafkaError, OSError, TimeoutError):
        producer._closed = True  # noqa: SLF001
        with suppress(KafkaError, OSError, TimeoutError):
            await asyncio.wait_for(producer._sender.close(), STOP_SECONDS)  # noqa: SLF001
        with suppress(KafkaError, OSError, TimeoutError):
            await asyncio.wait_for(producer.client.close(), STOP_SECONDS)


def make_consumer(bootstrap: str, group: str, instance: str) -> AIOKafkaConsumer:
    """Return a consumer, not yet started: a static member that starts at the log's beginning."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        group_instance_id=instance,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=600_000,
        fetch_max_wait_ms=500,
        metadata_max_age_ms=60_000,
    )


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop, even when the broker is down (aiokafka then raises CancelledError and leaves its client running)."""
    task = asyncio.ensure_future(consumer.stop())
    done, _ = await asyncio.wait({task}, timeout=STOP_SECONDS)
    if done and not task.cancelled() and task.exception() is None:
        return
    task.cancel()
    with suppress(KafkaError, OSError, TimeoutError):
        await asyncio.wait_for(consumer._client.close(), STOP_SECONDS)  # noqa: SLF001
