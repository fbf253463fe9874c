"""The database of one service: SQLAlchemy Core over asyncpg, its own role and schema, and its migrations."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hub.errors import Unavailable

Connection = AsyncConnection  # what handlers are given, by a name that leaves them free of the library
POOL_SIZE = 5
CONNECT_SECONDS = 10
RANDOM_PAGE_COST = "1.1"  # what we ask for is recent and in memory; the default (4) prefers reading whole tables
STANDSTILL = timedelta(seconds=60)  # longer than anything we wait for between two statements
HUB_MIGRATIONS = Path(__file__).parent / "migrations"
DELIVERY_MIGRATIONS = Path(__file__).parent / "delivery" / "migrations"
_MIGRATION_LOCK = 0x48554201

# Classes and codes after which the same statement may succeed on a healthy database (PostgreSQL appendix A):
# 08 connection, 53 resources (disk full, too many connections), 57P operator, 40001/40P01 serialization and deadlock,
# 55P03 lock not available, 25006 read-only (a fail-over is under way), 25P03 we stood still in a transaction.
_TRANSIENT = ("08", "53", "57P", "40001", "40P01", "55P03", "25006", "25P03")


def is_transient(error: BaseException) -> bool:
    """Tell whether the world was down rather than the statement wrong."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(_TRANSIENT) or isinstance(error.orig, OSError)
    return isinstance(error, (OSError, PoolTimeout, PendingRollbackError, TimeoutError))


def in_words(error: BaseException) -> str:
    """Return what the database or its driver said, without the statement and SQLAlchemy's own remarks."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        told = str(error.orig)
        return told.partition("'>: ")[2] or told  # the driver's class comes first
    return str(error) or type(error).__name__


def is_unprepared(error: BaseException) -> bool:
    """Tell whether our role, database, schema or right is missing: somebody has yet to give it (28, 3D, 3F, 42501)."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return state.startswith(("28", "3D", "3F", "42501"))


class Database:
    """Connections of one service. `schema` is its own; nobody else's is readable to its role.

    A process that stands still for `standstill` (stopped, swapped out, its machine frozen) loses its transactions, and
    so the locks that others wait for: PostgreSQL would let a connection that lives hold them for ever.
    """

    def __init__(
        self, url: str, schema: str, *, pool_size: int = POOL_SIZE, standstill: timedelta = STANDSTILL
    ) -> None:
        self.schema = schema
        self.standstill = standstill
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            hide_parameters=True,  # they are customers' data, and errors are logged
            execution_options={"hub_service": schema},
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": 60,
                "server_settings": {
                    "search_path": schema,
                    "application_name": f"hub-{schema}",
                    "random_page_cost": RANDOM_PAGE_COST,
                    "idle_in_transaction_session_timeout": milliseconds(standstill),
                },
            },
        )

    @property
    def place(self) -> str:
        """Where the database is, for people: `host:port/name`, without role and password."""
        url = self.engine.url
        return f"{url.host}:{url.port or 5432}/{url.database}"

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open one transaction; raises Unavailable when the database is down, or its outcome is unknown."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except (DBAPIError, PendingRollbackError, OSError, PoolTimeout, TimeoutError) as error:
            if is_transient(error):
                raise Unavailable(f"database: {in_words(error)}") from error
            raise

    async def migrate(self, histories: Sequence[Path]) -> None:
        """Bring each history (the hub's tables, the service's) to its head, one process at a time."""
        async with self.begin() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock, hashtext(:schema))"),
                {"lock": _MIGRATION_LOCK, "schema": self.schema},
            )
            for history in histories:
                if await self._revision(connection, history) != head_of(history):
                    await connection.run_sync(_upgrade, history)

    @staticmethod
    async def _revision(connection: AsyncConnection, history: Path) -> str | None:
        table = version_table(history)
        known = await connection.execute(text("SELECT to_regclass(:table)"), {"table": table})
        if known.scalar_one() is None:
            return None
        found = await connection.execute(text(f"SELECT version_num FROM {table}"))  # noqa: S608 - a package's name
        return found.scalar_one_or_none()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def milliseconds(time: timedelta) -> str:
    """Write a time as PostgreSQL's settings take it."""
    return str(round(time.total_seconds() * 1000))


def version_table(history: Path) -> str:
    """Return where alembic keeps a history's revision: named after the package that owns it."""
    return f"alembic_{history.parent.name}"


def head_of(history: Path) -> str:
    """Return the newest revision: the number that its file's name begins with."""
    return max(file.name.partition("_")[0] for file in history.glob("[0-9]*_*.py"))


def _upgrade(connection: SyncConnection, history: Path) -> None:
    """Run one history's migrations. Alembic takes long to import, and most starts find nothing to do."""
    from alembic.config import Config  # noqa: PLC0415
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(history))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(history))
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: MigrationContext) -> Any:
        return script._upgrade_revs("head", revision)  # noqa: SLF001 - alembic's own recipe for programmatic use

    context = MigrationContext.configure(connection, opts={"fn": steps, "version_table": version_table(history)})
    with Operations.context(context):
        context.run_migrations()
