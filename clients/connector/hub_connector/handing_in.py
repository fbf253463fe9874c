"""`send`: hands files to the connector, and waits for what becomes of them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hub_connector.config import Config
from hub_connector.desk import Desk, write_down
from hub_connector.intake.folder import LARGEST, Found, pdfs_beside
from hub_connector.intake.reading import ENDINGS
from hub_connector.journal.database import Alone
from hub_connector.journal.journal import Journal
from hub_connector.journal.rows import WAITING, File
from hub_connector.receipts import Receipts
from hub_connector.sending import Sender
from hub_connector.texts import Text, Trouble
from hub_connector.watching import JOURNAL, LOCK, hub_of, now

_CANNOT_READ = Text("{path} kan ikke leses: {why}.", "{path} cannot be read: {why}.")
_ENDING = Text(
    "{path} må ende på {endings}, slik at vi vet hva den er.",
    "{path} must end with {endings}, so that we know what it is.",
)
_AT_ONCE = 50


def send(config: Config, paths: list[Path], client: str | None, patience: float) -> Iterator[tuple[File, str]]:
    """Write every file down, then yield each with its receipt once the hub has answered, or patience (seconds) is over.

    The files stay where they are; copies are kept in the connector's folders. If `watch` runs, it does the sending.
    Raises Trouble.
    """
    found = [_read(config, path, client or config.client) for path in paths]
    journal = Journal(config.data / JOURNAL)
    lock = Alone(config.data / LOCK)
    try:
        ours = lock.take()
        desk = Desk(config, journal, now)
        files = [desk.take(one) if ours else write_down(config, journal, one, now()) for one in found]
        _wait(journal, files, patience, _worker(config, journal, desk) if ours else lambda: None)
        for identifier in files:
            file = journal.file(identifier)
            yield file, receipts(config, journal).receipt(file)
    finally:
        lock.close()
        journal.close()


def receipts(config: Config, journal: Journal) -> Receipts:
    """Return what writes receipts."""
    return Receipts(
        config.language,
        config.folders.out.name,
        lambda letter: journal.events(letter.transaction_id) if letter.transaction_id else (),
    )


def _worker(config: Config, journal: Journal, desk: Desk) -> Callable[[], None]:
    sender = Sender(hub_of(config), journal, now)

    def work() -> None:
        sender.round(_AT_ONCE)
        desk.tidy()

    return work


def _wait(journal: Journal, files: list[int], patience: float, work: Callable[[], None]) -> None:
    until = time.monotonic() + patience
    while True:
        work()
        waiting = any(letter.status == WAITING for file in files for letter in journal.file(file).letters)
        if not waiting or time.monotonic() >= until:
            return
        time.sleep(0.2)


def _read(config: Config, path: Path, client: str | None) -> Found:
    if path.suffix.lower() not in ENDINGS:
        raise Trouble(_ENDING.of(path=path, endings=", ".join(sorted(ENDINGS))))
    try:
        content = path.read_bytes()
        beside = pdfs_beside(path.absolute()) if config.pdf != "ignored" else ()
        pdfs = {number: (pdf.name, pdf.read_bytes()) for number, pdf in beside}
    except OSError as error:
        raise Trouble(_CANNOT_READ.of(path=path, why=error.strerror)) from error
    if len(content) > LARGEST:
        raise Trouble(_CANNOT_READ.of(path=path, why=f"> {LARGEST // 1_000_000} MB"))
    return Found(path, content, pdfs, (), client)
