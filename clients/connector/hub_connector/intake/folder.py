"""Which files in the out-folder are complete.

A file is taken once it has lain with the same size and time of change for `settle` seconds, nobody holds it locked, and
it reads to its end: XML and JSON must be whole, CSV must end with a line end. What looks unfinished gets a minute
without change before it is taken as it is (and refused, with the reason). Names that programs use while they write
(`.x`, `~x`, `x.tmp`, `x.part` and the like) are left alone, so that writing aside and renaming is safest of all.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hub_connector.config import Config
from hub_connector.intake.reading import CSV_ENDINGS, ENDINGS, is_unfinished
from hub_connector.journal.rows import Source

UNFINISHED_FOR = 60.0  # seconds without change after which nobody writes any more
LARGEST = 100_000_000  # bytes; the hub takes no larger ones


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is complete: read, with the PDFs beside it by invoice number (None: the only invoice's)."""

    path: Path
    content: bytes
    pdfs: Mapping[str | None, tuple[str, bytes]]
    sources: tuple[Source, ...]
    client: str | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """How a file looked, and since when (seconds of the monotonic clock)."""

    source: Source
    since: float


class OutFolder:
    """Looks at the out-folder again and again, and yields what is complete.

    A subfolder named after an organisation number holds what is sent for that company; others are not looked into.
    """

    def __init__(self, config: Config, clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        self._seen: dict[Path, _Seen] = {}

    def complete(self, known: frozenset[Source]) -> Iterator[Found]:
        """Yield the files that are complete and not `known` (taken before, to be removed).

        Raises OSError, in the end, where one is too large for the hub to take.
        """
        now = self._clock()
        seen: dict[Path, _Seen] = {}
        for path, _client in self._candidates():
            source = look(path)
            if source is None or source in known:
                continue
            before = self._seen.get(path)
            seen[path] = before if before is not None and before.source == source else _Seen(source, now)
        # PDFs are looked at with the file that they lie beside, and remembered until they change.
        self._seen = {path: old for path, old in self._seen.items() if look(path) == old.source} | seen
        too_large = None
        for path, client in self._candidates():
            if path in seen and seen[path].source.size > LARGEST:
                too_large = path
            elif path in seen and (found := self._ready(path, client, now)):
                yield found
        if too_large is not None:
            raise OSError(errno.EFBIG, f"> {LARGEST // 1_000_000} MB", str(too_large))

    def _candidates(self) -> Iterator[tuple[Path, str | None]]:
        """Yield the files that may be invoices, in the order of their names, each with its company."""
        out = self._config.folders.out
        for path in sorted(out.iterdir()):
            if is_invoice(path):
                yield path, self._config.client
            elif path.name.isdecimal() and len(path.name) == 9 and path.is_dir():
                yield from ((file, path.name) for file in sorted(path.iterdir()) if is_invoice(file))

    def _ready(self, path: Path, client: str | None, now: float) -> Found | None:
        seen = self._seen[path]
        rested = now - seen.since
        if rested < self._config.settle or is_locked(path):
            return None
        try:
            content = path.read_bytes()
        except OSError:
            return None  # gone, or held by whoever writes it: seen again at the next look
        if look(path) != seen.source or (rested < UNFINISHED_FOR and is_unfinished(path, content)):
            return None
        found = Found(path, content, {}, (seen.source,), client)
        return self._with_pdfs(found) if self._config.pdf != "ignored" else found

    def _with_pdfs(self, found: Found) -> Found | None:
        """Add the PDFs beside the file; None while one is missing that must come, or is still written."""
        pdfs: dict[str | None, tuple[str, bytes]] = {}
        sources = list(found.sources)
        for number, path in pdfs_beside(found.path):
            source = look(path)
            if source is None or is_locked(path):
                return None
            content = path.read_bytes()
            if not content.rstrip().endswith(b"%%EOF") and self._clock() - self._since(path, source) < UNFINISHED_FOR:
                return None
            pdfs[number] = path.name, content
            sources.append(source)
        if not pdfs and self._config.pdf == "required":
            return None
        return replace(found, pdfs=pdfs, sources=tuple(sources))

    def _since(self, path: Path, source: Source) -> float:
        before = self._seen.get(path)
        if before is None or before.source != source:
            self._seen[path] = before = _Seen(source, self._clock())
        return before.since


def is_invoice(path: Path) -> bool:
    """Tell whether a file's name is that of an invoice (and not of one that is still written)."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith((".", "~")) and path.is_file()


def pdfs_beside(path: Path) -> Iterator[tuple[str | None, Path]]:
    """Yield the PDFs of a file: `<name>.pdf`; beside CSV also `<name>-<invoice number>.pdf`, with that number."""
    for beside in sorted(path.parent.iterdir()):
        if beside.suffix.lower() != ".pdf":
            continue
        if beside.stem == path.stem:
            yield None, beside
        elif path.suffix.lower() in CSV_ENDINGS and beside.stem.startswith(f"{path.stem}-"):
            yield beside.stem[len(path.stem) + 1 :], beside


def look(path: Path) -> Source | None:
    """Return how a file looks now, None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return Source(str(path), status.st_size, status.st_mtime_ns)


def is_locked(path: Path) -> bool:
    """Tell whether another program holds the file."""
    try:
        if sys.platform == "win32":
            path.rename(path)  # needs the right to delete it, which no program that writes shares
            return False
        import fcntl  # noqa: PLC0415 - not there on Windows

        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
    except OSError:
        return True
    return False
