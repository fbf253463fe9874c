"""Takes files in, moves each to the folder where a person looks for it, and keeps its receipt and notices written."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from hub_connector import durable
from hub_connector.config import Config
from hub_connector.failpoints import Point, reach
from hub_connector.intake.folder import Found, OutFolder, look
from hub_connector.intake.reading import read
from hub_connector.journal.journal import Journal
from hub_connector.journal.rows import Event, File, Letter, Source
from hub_connector.outlet import Outlet
from hub_connector.receipts import Receipts

RECEIPT = ".txt"
Item = TypeVar("Item")
_NOTICES_AT_ONCE = 100


class Desk:
    """The local side: everything here works without the hub. One thread works at it."""

    def __init__(self, config: Config, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._journal = journal
        self._clock = clock
        self._outlet = Outlet(journal.database, "status")
        self._receipts = Receipts(config.language, config.folders.out.name, self._events)

    def take_in(self, folder: OutFolder) -> None:
        """Take every file that is complete. Raises OSError."""
        self.clear_out()
        known = frozenset(source for file in self._journal.to_be_removed() for source in file.sources)
        each(self.take, folder.complete(known))

    def take(self, found: Found) -> int:
        """Write a file down, whatever is in it, then keep a copy and remove it from where it lay."""
        self._set_aside(found.path.name)
        file = write_down(self._config, self._journal, found, self._clock())
        self._clear(self._journal.file(file))
        return file

    def clear_out(self) -> None:
        """Go on with files that were taken and may still lie in the out-folder. Raises OSError."""
        each(self._clear, self._journal.to_be_removed())

    def _clear(self, file: File) -> None:
        """Keep a copy before the original goes: the bytes that were read, whatever lies there now."""
        if file.folder is None:
            folder = self._config.folders.sending
            for path, content in self._contents(file, folder):
                if content is not None:
                    durable.write(path, content)
            self._journal.placed(file.id, "sending")
            reach(Point.KEEP_AFTER_COPY)
        for source in file.sources:
            remove(source)
        reach(Point.KEEP_AFTER_REMOVAL)
        self._journal.removed(file.id)

    def tidy(self) -> None:
        """Move files to where they belong, write their receipts, and put notices out. Raises OSError."""
        self._put_notices()
        each(self._settle, self._journal.unwritten())

    def _settle(self, file: File) -> None:
        if file.folder is None:
            return  # not kept yet
        if file.folder != "gone":
            self._place(file, self._folder(file.folder), self._folder(file.belongs_in))
        self._journal.told(file)

    def _place(self, file: File, old: Path, new: Path) -> None:
        receipt = receipt_bytes(self._receipts.receipt(file))
        if old != new:
            for path, _ in self._contents(file, old):
                if path.exists():  # else a person took it away, or an earlier run has moved it
                    durable.move(path, new / path.name)
            reach(Point.MOVE_RENAMED)
        durable.write(new / f"{file.kept_as}{RECEIPT}", receipt)
        if old != new:
            (old / f"{file.kept_as}{RECEIPT}").unlink(missing_ok=True)
            self._journal.placed(file.id, file.belongs_in)
        reach(Point.RECEIPT_WRITTEN)

    def _set_aside(self, name: str) -> None:
        """Free the name of a failed file that a person has taken from its folder, to correct it and send it again."""
        for file in self._journal.files("name = ? AND folder = 'failed'", name):
            if not (self._config.folders.failed / file.kept_as).exists():
                (self._config.folders.failed / f"{file.kept_as}{RECEIPT}").unlink(missing_ok=True)
                self._journal.gone(file.id)

    def _put_notices(self) -> None:
        self._outlet.release()
        while rows := self._journal.database.rows("SELECT id, body FROM notice ORDER BY id LIMIT ?", _NOTICES_AT_ONCE):
            files = {self._notice_path(row["id"], row["body"]): _notice(row["id"], row["body"]) for row in rows}
            self._outlet.stage(files, ("DELETE FROM notice WHERE id <= ?", (rows[-1]["id"],)))
            self._outlet.release()

    def _notice_path(self, number: int, body: str) -> Path:
        status = "".join(one for one in str(json.loads(body)["status"]) if one.isalnum() or one == "_")
        return self._config.folders.status / f"{number:09d}_{status}.json"

    def _contents(self, file: File, folder: Path) -> Iterable[tuple[Path, bytes | None]]:
        """Yield where a file and the PDFs beside it are kept in a folder, with their bytes."""
        yield folder / file.kept_as, self._journal.content(file.id)
        stem, kept = Path(file.name).stem, Path(file.kept_as).stem
        for name, content in self._journal.beside(file.id).items():
            yield folder / f"{kept}{name.removeprefix(stem)}", content

    def _folder(self, name: str) -> Path:
        return self._config.folders.named()[name]

    def _events(self, letter: Letter) -> Sequence[Event]:
        return self._journal.events(letter.transaction_id) if letter.transaction_id else ()


def each(work: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Do it with each; a file that cannot be worked with holds up no other, and is told of at the end."""
    failed: OSError | None = None
    for item in items:
        try:
            work(item)
        except OSError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def write_down(config: Config, journal: Journal, found: Found, now: datetime) -> int:
    """Write a file down, whatever is in it; whoever works on the journal does the rest. Returns its id."""
    taken = read(config, found.path, found.content, found.pdfs, found.client)
    reach(Point.TAKE_BEFORE_COMMIT)
    file = journal.take(taken, found.sources, now)
    reach(Point.TAKE_AFTER_COMMIT)
    return file


def remove(source: Source) -> None:
    """Remove a file from the out-folder, unless another one lies there under its name by now. Raises OSError."""
    path = Path(source.path)
    if look(path) == source:
        path.unlink(missing_ok=True)
        durable.sync_folder(path.parent)


def receipt_bytes(text: str) -> bytes:
    """Return text as every editor on the customer's machine shows it right: UTF-8 with a mark, its own line ends."""
    return text.replace("\n", os.linesep).encode("utf-8-sig")


def _notice(number: int, body: str) -> bytes:
    return (json.dumps({"sequence": number, **json.loads(body)}, ensure_ascii=False, indent=1) + "\n").encode()
