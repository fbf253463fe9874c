"""Each install's own feed, numbered without gaps when it is read.

Writers insert unnumbered rows, so that no batch waits for another at a shared counter; the reader locks its counter
and numbers what it can see. A row that commits late gets a later number.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

PORTION = 1000  # entries: the largest page

_LOCK = text("SELECT last, acknowledged FROM feed_counter WHERE install = :install FOR UPDATE")
# A portion at a time, whatever waits. Both sides name install and number, so that both go through the index of what
# has no number yet: else the plan may read the whole feed, which grows for 90 days, to join a handful of rows.
_NUMBER = text(f"""
    WITH new AS (
        SELECT seq FROM feed WHERE install = :install AND number IS NULL ORDER BY seq LIMIT {PORTION}
    ), numbered AS (
        SELECT seq, CAST(:last AS bigint) + row_number() OVER (ORDER BY seq) AS number FROM new
    ), done AS (
        UPDATE feed f SET number = n.number FROM numbered n
        WHERE f.seq = n.seq AND f.install = :install AND f.number IS NULL
        RETURNING f.number
    )
    UPDATE feed_counter c SET last = n.last, acknowledged = greatest(
        acknowledged, CASE WHEN CAST(:after AS bigint) <= n.last THEN CAST(:after AS bigint) END)
    FROM (SELECT coalesce(max(number), CAST(:last AS bigint)) AS last FROM done) n
    WHERE install = :install RETURNING n.last
""")  # noqa: S608 - a number of ours
_READ = text("""
    SELECT number, entry FROM feed WHERE install = :install AND number > :after ORDER BY number LIMIT :most
""")
_NEWS = text("""
    SELECT i AS install FROM unnest(CAST(:installs AS uuid[])) AS i
    WHERE EXISTS (SELECT FROM feed WHERE install = i AND number IS NULL)
""")


async def read(connection: AsyncConnection, install: UUID, after: int, most: int) -> tuple[int, Sequence[Any]]:
    """Give numbers to a portion of what is new, acknowledge up to `after`, and return the last number and what follows.

    When `after` lies beyond the last number, nothing is acknowledged and that is for the caller to see.
    """
    counter = (await connection.execute(_LOCK, {"install": install})).one()
    asked = {"install": install, "last": counter.last, "after": after}
    last = int((await connection.execute(_NUMBER, asked)).scalar_one())
    if after >= last:
        return last, ()
    rows = await connection.execute(_READ, {"install": install, "after": after, "most": most})
    return last, rows.all()


async def with_news(connection: AsyncConnection, installs: Sequence[UUID]) -> Sequence[UUID]:
    """Return those of the installs whose feed has something unnumbered."""
    return [row.install for row in await connection.execute(_NEWS, {"installs": list(installs)})]
