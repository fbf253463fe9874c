"""Files for the ERP to take away, each of which appears exactly once: however the connector ends, whoever was quick.

A file is written durably under its unfinished name, then noted, then given its name, then the note is removed. A next
start that finds a note gives the file its name if it still lacks it; if nothing is there under the unfinished name, it
had its name already, and the ERP may have taken it away.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hub_connector import durable
from hub_connector.failpoints import Point, reach
from hub_connector.journal.database import Database


class Outlet:
    """Puts files of one kind into their folders; one thread per kind."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind

    def stage(self, files: Mapping[Path, bytes], *notes: tuple[str, tuple[object, ...]]) -> None:
        """Write the files and note them, together with what else is to be noted (statements). Raises OSError."""
        for path, content in files.items():
            durable.write_part(path, content)
        for folder in {path.parent for path in files}:
            durable.sync_folder(folder)
        reach(Point.STAGE_WRITTEN)
        with self._database.transaction() as write:
            for path in files:
                # Noted before by a run that died before it could say so: it is the same file.
                write.execute("INSERT OR IGNORE INTO staged (path, kind) VALUES (?, ?)", (str(path), self._kind))
            for statement, values in notes:
                write.execute(statement, values)
        reach(Point.STAGE_RECORDED)

    def release(self) -> None:
        """Give every noted file its name. Raises OSError."""
        rows = self._database.rows("SELECT path FROM staged WHERE kind = ? ORDER BY path", self._kind)
        paths = [Path(row["path"]) for row in rows]
        if not paths:
            return
        for path in paths:
            part = durable.part_of(path)
            if part.exists():
                part.replace(path)
        for folder in _existing({path.parent for path in paths}):
            durable.sync_folder(folder)
        reach(Point.STAGE_NAMED)
        with self._database.transaction() as write:
            for path in paths:
                write.execute("DELETE FROM staged WHERE path = ?", (str(path),))


def _existing(folders: set[Path]) -> Iterator[Path]:
    return (folder for folder in folders if folder.is_dir())
