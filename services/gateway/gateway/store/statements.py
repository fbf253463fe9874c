"""Single statements, each its own transaction: no round trips for BEGIN and COMMIT."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.db import Database, in_words, is_transient
from hub.errors import Unavailable


@asynccontextmanager
async def single(database: Database) -> AsyncIterator[AsyncConnection]:
    """Open a connection on which every statement commits by itself; raises Unavailable as Database.begin does."""
    try:
        async with database.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")
    except (DBAPIError, OSError, PoolTimeout, TimeoutError) as error:
        if is_transient(error):
            raise Unavailable(f"database: {in_words(error)}") from error
        raise
