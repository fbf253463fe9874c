"""`status`: what the connector knows, without asking anybody."""

from collections.abc import Iterator
from datetime import datetime

from hub_connector.config import Config
from hub_connector.handing_in import receipts
from hub_connector.journal.database import Alone
from hub_connector.journal.journal import Journal
from hub_connector.receipts import shown
from hub_connector.texts import Text, Trouble, status_text
from hub_connector.watching import CONTACT, JOURNAL, LOCK, TROUBLES

_MOST = 20
_RUNS = Text("«watch» er i gang.", "`watch` is running.")
_RUNS_NOT = Text(
    "«watch» er IKKE i gang: ingenting sendes eller hentes.", "`watch` is NOT running: nothing is sent or fetched."
)
_CONTACT = Text("Sist i kontakt med {url}: {time}", "Last in contact with {url}: {time}")
_NEVER = Text("aldri", "never")
_WAITS = Text(
    "Venter på å bli sendt: {count}, den eldste siden {time}", "Waiting to be sent: {count}, the oldest since {time}"
)
_COUNTS = Text("Fakturaer:", "Invoices:")
_FAILED = Text("Trenger deg (i «{folder}»):", "Needs you (in `{folder}`):")
_MORE = Text("… og {count} til", "… and {count} more")
_UNKNOWN = Text("Ingen fil og ingen faktura heter «{name}».", "No file and no invoice is called `{name}`.")


def overview(config: Config) -> tuple[list[str], bool]:
    """Return what to say, and whether all is well."""
    journal = Journal(config.data / JOURNAL)
    try:
        running = _runs(config)
        troubles = [told for part in TROUBLES if (told := journal.mark(part))]
        lines = [(_RUNS if running else _RUNS_NOT).told(config.language)]
        contact = journal.mark(CONTACT)
        time = shown(datetime.fromisoformat(contact)) if contact else _NEVER
        lines += [_CONTACT.of(url=config.url, time=time).told(config.language)]
        lines += [f"! {trouble}" for trouble in troubles]
        lines += _counts(config, journal)
        return lines, running and not troubles
    finally:
        journal.close()


def one(config: Config, name: str) -> Iterator[str]:
    """Yield the receipts of the files called so, or that hold the invoice of this number; raises Trouble."""
    journal = Journal(config.data / JOURNAL)
    try:
        condition = "name = ? OR kept_as = ? OR id IN (SELECT file FROM letter WHERE number = ?)"
        files = journal.files(condition, name, name, name)
        if not files:
            raise Trouble(_UNKNOWN.of(name=name))
        for file in files:
            yield receipts(config, journal).receipt(file)
    finally:
        journal.close()


def _runs(config: Config) -> bool:
    lock = Alone(config.data / LOCK)
    try:
        return not lock.take()
    finally:
        lock.close()


def _counts(config: Config, journal: Journal) -> Iterator[str]:
    language = config.language
    rows = journal.database.rows("SELECT status, count(*) AS count FROM letter GROUP BY status ORDER BY status")
    if rows:
        yield _COUNTS.told(language)
        for row in rows:
            yield f"  {row['count']:>6}  {status_text(row['status']).told(language).capitalize()}"
    (oldest,) = journal.database.rows(
        """SELECT count(*) AS count, min(f.taken_at) AS since FROM letter l JOIN file f ON f.id = l.file
           WHERE l.status = 'waiting'"""
    )
    if oldest["count"]:
        since = shown(datetime.fromisoformat(oldest["since"]))
        yield _WAITS.of(count=oldest["count"], time=since).told(language)
    failed = journal.database.rows("SELECT kept_as FROM file WHERE folder = 'failed' ORDER BY id DESC")
    if failed:
        yield _FAILED.of(folder=config.folders.failed).told(language)
        yield from (f"  {row['kept_as']}" for row in failed[:_MOST])
        if len(failed) > _MOST:
            yield f"  {_MORE.of(count=len(failed) - _MOST).told(language)}"
