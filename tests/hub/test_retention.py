"""Inbox rows go when no message could be repeated any more, and not before."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text

from hub.ids import utc_now
from hub.retention import KEPT, forget_old
from tests.conftest import DatabaseOf


async def test_only_what_is_older_than_any_repetition_is_forgotten(database_of: DatabaseOf) -> None:
    database = await database_of("router")
    young, old = uuid4(), uuid4()
    async with database.begin() as connection:
        await connection.execute(
            text("INSERT INTO inbox VALUES ('c', :id, :seen_at)"),
            [
                {"id": young, "seen_at": utc_now() - KEPT + timedelta(days=1)},
                {"id": old, "seen_at": utc_now() - KEPT - timedelta(days=1)},
            ],
        )
    assert await forget_old(database) == 1
    async with database.begin() as connection:
        assert list((await connection.execute(text("SELECT event_id FROM inbox"))).scalars()) == [young]
