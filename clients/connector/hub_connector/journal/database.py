"""The SQLite file: its tables, and transactions that are durable when they return."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub_connector import durable
from hub_connector.texts import Text, Trouble

VERSION = 1
_PATIENCE = 60.0  # seconds for another thread or process that writes
_SCHEMA = """
CREATE TABLE file (          -- one file that was taken from the out-folder or given by command
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,      -- as the ERP called it
    kept_as TEXT NOT NULL UNIQUE,
    folder TEXT,             -- which folder it lies in; NULL before it lies anywhere, 'gone' when somebody took it away
    content BLOB,            -- its bytes, until it has ended and lies where it belongs
    sources TEXT NOT NULL,   -- JSON: what is still to be removed from the out-folder
    findings TEXT NOT NULL,  -- JSON: why nothing of it was sent
    taken_at TEXT NOT NULL,
    unwritten INTEGER NOT NULL DEFAULT 1  -- its receipt does not say everything yet
) STRICT;
CREATE TABLE beside (        -- the PDFs that lay beside it
    file INTEGER NOT NULL REFERENCES file ON DELETE CASCADE,
    name TEXT NOT NULL,      -- as the ERP called it
    content BLOB,
    PRIMARY KEY (file, name)
) STRICT;
CREATE INDEX file_by_name ON file (name);
CREATE INDEX file_unwritten ON file (id) WHERE unwritten = 1;
CREATE TABLE letter (        -- one invoice of a file
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES file ON DELETE CASCADE,
    number TEXT,
    document_type TEXT,
    client TEXT,
    media TEXT NOT NULL,
    payload BLOB,            -- what is sent, until it has ended
    attachment TEXT,         -- the PDF's name where it travels beside the payload
    names TEXT NOT NULL,     -- JSON: the hub's field -> what the ERP calls it
    key TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,    -- waiting, rejected, or the hub's own
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt_at TEXT,   -- since when the hub may have it
    next_at REAL NOT NULL DEFAULT 0,  -- seconds since 1970
    transaction_id TEXT,
    answered_at TEXT,
    repeated INTEGER NOT NULL DEFAULT 0,  -- the hub had it already
    findings TEXT NOT NULL DEFAULT '[]'   -- JSON: why it is not sent, or why it waits
) STRICT;
CREATE INDEX letter_by_file ON letter (file);
CREATE INDEX letter_by_transaction ON letter (transaction_id);
CREATE INDEX letter_waiting ON letter (id) WHERE status = 'waiting';
CREATE TABLE event (         -- what the feed told of a transaction
    id INTEGER PRIMARY KEY,
    number INTEGER UNIQUE,   -- in the feed; NULL for what was asked for because the feed had a hole
    transaction_id TEXT,
    at TEXT NOT NULL,
    entry TEXT NOT NULL      -- JSON
) STRICT;
CREATE INDEX event_by_transaction ON event (transaction_id);
CREATE TABLE notice (        -- what the ERP is to read in the status folder
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL       -- JSON
) STRICT;
CREATE TABLE staged (        -- a file that is whole and is to get its name
    path TEXT PRIMARY KEY,
    kind TEXT NOT NULL
) STRICT;
CREATE TABLE arrival (       -- a document from the inbox that is ours
    item TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    at TEXT NOT NULL,
    acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX arrival_open ON arrival (item) WHERE acknowledged = 0;
CREATE TABLE mark (          -- single facts: how far the feed is read, when the hub last answered
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
"""


class Database:
    """One thread's connection. A transaction that has ended is on the disk (WAL, synchronous=FULL)."""

    def __init__(self, path: Path) -> None:
        durable.make_folder(path.parent)
        self._connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._use_wal()
        self._make()

    def _use_wal(self) -> None:
        """Choose the write-ahead log; SQLite itself does not wait for another that does so at the same moment."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def _make(self) -> None:
        with self.transaction() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise Trouble(
                    Text(
                        "Journalen er skrevet av en nyere hub-connector. Installer den på nytt.",
                        "The journal was written by a newer hub-connector. Install that one again.",
                    )
                )
            if version == 0:
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all of it or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Read."""
        return self._connection.execute(statement, values).fetchall()

    def sound(self) -> bool:
        """Tell whether the file is undamaged."""
        return [row[0] for row in self.rows("PRAGMA quick_check")] == ["ok"]

    def close(self) -> None:
        """Close it."""
        self._connection.close()


class Alone:
    """Held by the one process that works on a journal; the system lets go of it however that process ends."""

    def __init__(self, path: Path) -> None:
        durable.make_folder(path.parent)
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)

    def take(self) -> bool:
        """Hold it, unless another process does."""
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                return False
            raise
        return True

    def close(self) -> None:
        """Let go."""
        self._connection.close()


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
