"""Messages that cannot go on: parked in the service's own schema, so that positions move and order holds.

States: `retry` (due at next_at), `waiting` (behind an earlier one of its key), `dead` (a bug: an operator decides),
`replayed`, `discarded`. Each parked row's inbox row is written in the same transaction, so Kafka may repeat the
message harmlessly. Consumer and replayer take the same lock on (consumer, key) where a key has parked messages.
"""

import hashlib
import random
import traceback
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import metrics
from hub.errors import TryLater
from hub.ids import utc_now
from hub.messages import Message

FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(minutes=15)
TRACEBACK_MOST = 6000
OPEN = "state IN ('waiting', 'retry', 'dead')"

_BLOCKED = text(f"""
    SELECT DISTINCT key FROM parked WHERE consumer = :consumer AND key = ANY(CAST(:keys AS text[])) AND {OPEN}
""")  # noqa: S608 - a constant of this module
_LOCK = text("""
    SELECT pg_advisory_xact_lock(hashtext(:consumer), hashtext(k.key))
    FROM (SELECT unnest(CAST(:keys AS text[])) AS key ORDER BY 1) AS k
""")
_PARK = text("""
    INSERT INTO parked (consumer, event_id, topic, key, headers, body, state, attempts, next_at, error_class,
                        error_fingerprint, error_text, error_traceback, parked_at)
    VALUES (:consumer, :event_id, :topic, :key, CAST(:headers AS jsonb), :body, :state, :attempts, :next_at,
            :error_class, :error_fingerprint, :error_text, :error_traceback, :now)
    ON CONFLICT (consumer, event_id) DO NOTHING
""")
_DUE = text("""
    SELECT seq, event_id, topic, key, headers, body, attempts FROM parked
    WHERE consumer = :consumer AND state = 'retry' AND next_at <= :now ORDER BY next_at LIMIT :most
""")
_CLAIM = text("SELECT 1 FROM parked WHERE seq = :seq AND state = 'retry' FOR UPDATE")
_SETTLE = text("UPDATE parked SET state = :state, settled_at = :now WHERE seq = ANY(CAST(:seqs AS bigint[]))")
_NEXT = text(f"""
    UPDATE parked SET state = 'retry', next_at = :now
    WHERE state = 'waiting' AND seq IN (
        SELECT min(seq) FROM parked WHERE consumer = :consumer AND key = ANY(CAST(:keys AS text[])) AND {OPEN}
        GROUP BY key
    )
""")  # noqa: S608 - a constant of this module
_AGAIN = text("""
    UPDATE parked SET state = :state, attempts = :attempts, next_at = :next_at, error_class = :error_class,
                      error_fingerprint = :error_fingerprint, error_text = :error_text,
                      error_traceback = :error_traceback
    WHERE seq = :seq AND state = 'retry'
""")


class Parked(NamedTuple):
    """A parked message that is due."""

    seq: int
    event_id: UUID
    message: Message
    attempts: int


def retry_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """Return the wait before the next try: capped exponential, with jitter of a quarter."""
    base = asked or min(FIRST_RETRY * 2 ** min(attempts, 20), LAST_RETRY)
    return base * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load, hides nothing


def describe(error: BaseException) -> dict[str, str]:
    """Return an error's class, text, traceback and fingerprint: where it was raised, not what with, so causes group.

    A replay that fails as before has the same cause: who handed the message over is left out.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in _CARRIERS]
    place = "|".join(f"{frame.filename}:{frame.name}" for frame in frames[-3:])
    name = type(error).__name__
    return {
        "error_class": name,
        "error_fingerprint": hashlib.sha256(f"{name}|{place}".encode()).hexdigest()[:16],
        "error_text": f"{name}: {error}"[:4000],
        "error_traceback": "".join(traceback.format_exception(error))[-TRACEBACK_MOST:],
    }


_CARRIERS = {str(Path(__file__).with_name(name)) for name in ("batch.py", "consumer.py", "replayer.py")}
_NO_ERROR = dict.fromkeys(("error_class", "error_fingerprint", "error_text", "error_traceback"))


async def blocked_keys(connection: AsyncConnection, consumer: str, keys: Iterable[str]) -> set[str]:
    """Return those of the keys behind which later messages must wait."""
    rows = await connection.execute(_BLOCKED, {"consumer": consumer, "keys": list(keys)})
    return set(rows.scalars())


async def lock(connection: AsyncConnection, consumer: str, keys: Iterable[str]) -> None:
    """Keep the replayer (or the consumer) away from these keys until the transaction ends."""
    await connection.execute(_LOCK, {"consumer": consumer, "keys": sorted(set(keys))})


async def park(
    connection: AsyncConnection, consumer: str, items: Sequence[tuple[UUID, Message, BaseException | None]]
) -> None:
    """Park the messages: behind their key (no error), for another try (TryLater), or as a bug (anything else)."""
    now = utc_now()
    for identifier, message, error in items:
        state, next_at = "waiting", None
        if isinstance(error, TryLater):
            state, next_at = "retry", now + retry_after(0, error.after)
        elif error is not None:
            state = "dead"
        metrics.PARKED.labels(consumer, state).inc()
        about = describe(error) if error else _NO_ERROR
        await connection.execute(
            _PARK,
            {
                "consumer": consumer,
                "event_id": identifier,
                "topic": message.topic,
                "key": message.key,
                "headers": orjson.dumps(message.headers).decode(),
                "body": message.body,
                "state": state,
                "attempts": 1 if error else 0,
                "next_at": next_at,
                "now": now,
                **about,
            },
        )


async def due(connection: AsyncConnection, consumer: str, most: int) -> list[Parked]:
    """Return parked messages whose time has come; each is the first of its key."""
    rows = await connection.execute(_DUE, {"consumer": consumer, "now": utc_now(), "most": most})
    return [
        Parked(row.seq, row.event_id, Message(row.topic, row.key, row.headers, row.body), row.attempts) for row in rows
    ]


async def claim(connection: AsyncConnection, consumer: str, parked: Parked) -> bool:
    """Lock the row and its key; False when somebody else has settled it."""
    await lock(connection, consumer, [parked.message.key])
    return (await connection.execute(_CLAIM, {"seq": parked.seq})).first() is not None


async def settle(
    connection: AsyncConnection, consumer: str, parked: Iterable[tuple[int, str]], state: str, now: datetime
) -> None:
    """End parked messages (seq, key) as `replayed` or `discarded`, and let the next one of each key go on.

    The caller holds the lock of their keys.
    """
    ending = list(parked)
    await connection.execute(_SETTLE, {"seqs": [seq for seq, _ in ending], "state": state, "now": now})
    await connection.execute(_NEXT, {"consumer": consumer, "keys": [key for _, key in ending], "now": now})


async def again(connection: AsyncConnection, parked: Parked, error: BaseException) -> None:
    """Note that a replay failed: another try for TryLater, an operator's matter for anything else."""
    later = isinstance(error, TryLater)
    wait = retry_after(parked.attempts, error.after if isinstance(error, TryLater) else None)
    await connection.execute(
        _AGAIN,
        {
            "seq": parked.seq,
            "state": "retry" if later else "dead",
            "attempts": min(parked.attempts + 1, 30_000),
            "next_at": utc_now() + wait if later else None,
            **describe(error),
        },
    )
