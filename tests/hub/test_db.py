"""What the database says is told in its own words."""

import pytest
from sqlalchemy import text

from hub.db import Database, in_words
from hub.errors import Unavailable
from hub.stack.process import free_ports
from tests.conftest import DatabaseOf


async def test_a_database_that_cannot_be_reached_is_told_without_statement_and_links() -> None:
    (nobody,) = free_ports([], 1)
    database = Database(f"postgresql+asyncpg://x:y@127.0.0.1:{nobody}/none", "x")
    with pytest.raises(Unavailable) as raised:
        async with database.begin() as connection:
            await connection.execute(text("SELECT 1"))
    assert "Connect call failed" in str(raised.value)
    assert "sqlal" not in str(raised.value)
    assert in_words(TimeoutError()) == "TimeoutError"


async def test_a_connection_that_the_server_ended_is_told_in_the_servers_words(database_of: DatabaseOf) -> None:
    database = await database_of("router")
    with pytest.raises(Unavailable) as raised:
        async with database.begin() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert "sqlal" not in str(raised.value).lower()
    assert "[SQL" not in str(raised.value)
