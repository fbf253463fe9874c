"""Parked messages as operators look at them, and what they do to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import parking
from hub.parking import OPEN

# A message's cause is its own error's; one that waits has none and takes that of the first of its key.
_CAUSED = f"""
    SELECT p.*, coalesce(p.error_fingerprint, h.error_fingerprint) AS cause
    FROM parked p LEFT JOIN LATERAL (
        SELECT error_fingerprint FROM parked f
        WHERE f.consumer = p.consumer AND f.key = p.key AND {OPEN} ORDER BY f.seq LIMIT 1) h
      ON p.error_fingerprint IS NULL
    WHERE {OPEN}
"""  # noqa: S608 - a constant of ours
GROUPS = text(f"""
    SELECT consumer, cause, count(*) FILTER (WHERE state = 'dead') AS dead,
           count(*) FILTER (WHERE state = 'retry') AS retry, count(*) FILTER (WHERE state = 'waiting') AS waiting,
           min(parked_at) AS oldest, max(parked_at) AS newest, max(attempts) AS attempts,
           min(next_at) FILTER (WHERE state = 'retry') AS next_at,
           (array_agg(error_class ORDER BY seq) FILTER (WHERE error_class IS NOT NULL))[1] AS error_class,
           (array_agg(error_text ORDER BY seq) FILTER (WHERE error_text IS NOT NULL))[1] AS sample
    FROM ({_CAUSED}) c GROUP BY consumer, cause ORDER BY min(parked_at), min(seq)
""")  # noqa: S608 - a constant of ours
PAGE = text(f"""
    SELECT seq, consumer, cause, state, event_id, headers->>'ce_type' AS type, key, attempts, next_at, error_class,
           left(error_text, 300) AS error, parked_at
    FROM ({_CAUSED}) c
    WHERE seq > :after AND (CAST(:cause AS text) IS NULL OR cause = :cause)
      AND (CAST(:consumer AS text) IS NULL OR consumer = :consumer)
      AND (CAST(:state AS text) IS NULL OR state = :state)
    ORDER BY seq LIMIT :most
""")  # noqa: S608 - a constant of ours
_ONE = text("SELECT * FROM parked WHERE seq = :seq")
_AHEAD = text(f"""
    SELECT seq FROM parked f WHERE consumer = :consumer AND key = :key AND seq < :seq AND {OPEN} ORDER BY seq LIMIT 1
""")  # noqa: S608 - a constant of ours
_BEHIND = text("""
    SELECT count(*) FROM parked WHERE consumer = :consumer AND key = :key AND seq > :seq AND state = 'waiting'
""")
_DUE_AT = text("UPDATE parked SET state = 'retry', next_at = :at WHERE seq = :seq AND state IN ('dead', 'retry')")
_COUNT = text("""
    SELECT count(*) FROM parked
    WHERE consumer = :consumer AND error_fingerprint = :cause AND state IN ('dead', 'retry')
""")
_SPREAD = text("""
    UPDATE parked p SET state = 'retry', next_at = CAST(:now AS timestamptz) + (o.place - 1) * CAST(:apart AS interval)
    FROM (SELECT seq, row_number() OVER (ORDER BY seq) AS place FROM parked
          WHERE consumer = :consumer AND error_fingerprint = :cause AND state IN ('dead', 'retry')) o
    WHERE p.seq = o.seq AND p.state IN ('dead', 'retry')
""")
_PORTION = text("""
    SELECT seq, key FROM parked
    WHERE consumer = :consumer AND error_fingerprint = :cause AND state IN ('dead', 'retry') AND seq <= :last
    ORDER BY seq LIMIT :most
""")
_STILL_OPEN = text(f"""
    SELECT seq, key FROM parked p WHERE seq = ANY(CAST(:seqs AS bigint[])) AND {OPEN} ORDER BY seq FOR UPDATE
""")  # noqa: S608 - a constant of ours
_LAST = text("SELECT coalesce(max(seq), 0) FROM parked")


async def one(connection: AsyncConnection, seq: int) -> Any | None:
    """Return a parked message's row, None when there is none."""
    return (await connection.execute(_ONE, {"seq": seq})).first()


async def ahead_of(connection: AsyncConnection, row: Any) -> int | None:
    """Return the message of its key that goes first, None when it is first itself."""
    found: int | None = (
        await connection.execute(_AHEAD, {"consumer": row.consumer, "key": row.key, "seq": row.seq})
    ).scalar_one_or_none()
    return found


async def behind(connection: AsyncConnection, row: Any) -> int:
    """Return how many messages wait behind it."""
    asked = {"consumer": row.consumer, "key": row.key, "seq": row.seq}
    return int((await connection.execute(_BEHIND, asked)).scalar_one())


async def due_now(connection: AsyncConnection, seq: int, now: datetime) -> bool:
    """Let the replayer take the message now; False when it is neither dead nor to be tried again."""
    return (await connection.execute(_DUE_AT, {"seq": seq, "at": now})).rowcount == 1


async def count(connection: AsyncConnection, consumer: str, cause: str) -> int:
    """Return how many messages failed by this cause; those waiting behind them are not counted."""
    return int((await connection.execute(_COUNT, {"consumer": consumer, "cause": cause})).scalar_one())


async def spread(connection: AsyncConnection, consumer: str, cause: str, rate: float, now: datetime) -> int:
    """Make the cause's messages due one after the other, `rate` a second; return how many."""
    asked = {"consumer": consumer, "cause": cause, "apart": timedelta(seconds=1 / rate), "now": now}
    return (await connection.execute(_SPREAD, asked)).rowcount


async def last_seq(connection: AsyncConnection) -> int:
    """Return the newest parked message's number."""
    return int((await connection.execute(_LAST)).scalar_one())


async def portion(
    connection: AsyncConnection, consumer: str, cause: str, last: int, most: int
) -> Sequence[tuple[int, str]]:
    """Return the next messages (seq, key) of the cause up to `last`."""
    asked = {"consumer": consumer, "cause": cause, "last": last, "most": most}
    return [(row.seq, row.key) for row in await connection.execute(_PORTION, asked)]


async def discard(
    connection: AsyncConnection, consumer: str, messages: Sequence[tuple[int, str]], now: datetime
) -> list[int]:
    """Discard those of the messages that are open still, and let what waits behind them go on; return which."""
    await parking.lock(connection, consumer, [key for _, key in messages])
    rows = await connection.execute(_STILL_OPEN, {"seqs": [seq for seq, _ in messages]})
    ending = [(row.seq, row.key) for row in rows]
    if ending:
        await parking.settle(connection, consumer, ending, "discarded", now)
    return [seq for seq, _ in ending]
