"""Follows what happens at the hub: the feed into the journal, and the inbox into its folder."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from hub_connector.client.errors import Conflict, NotFound, Refusal
from hub_connector.client.hub import LONGEST_WAIT, Hub
from hub_connector.client.models import FeedPage, InboxItem
from hub_connector.config import Config
from hub_connector.failpoints import Point, reach
from hub_connector.journal.journal import FEED_AFTER, Journal
from hub_connector.outlet import Outlet
from hub_connector.texts import Text

Say = Callable[[Text], None]
_HOLE = Text(
    "Hendelsesstrømmen har ikke vært lest på over 90 dager: {missed} hendelser er borte. Alt som ikke var avsluttet, "
    "er spurt etter enkeltvis ({asked} fakturaer), og lesingen fortsetter.",
    "The feed was not read for more than 90 days: {missed} entries are gone. Everything that had not ended was asked "
    "for one by one ({asked} invoices), and reading goes on.",
)
_AHEAD = Text(
    "Meldingssentralen har færre hendelser ({last}) enn vi har lest ({after}): den er satt tilbake, eller nøkkelen er "
    "fra en annen installasjon. Alt som ikke var avsluttet, er spurt etter enkeltvis ({asked} fakturaer), og lesingen "
    "fortsetter fra {last}.",
    "The hub has fewer entries ({last}) than we have read ({after}): it was set back, or the key is another install's. "
    "Everything that had not ended was asked for one by one ({asked} invoices), and reading goes on from {last}.",
)
_LEASED = Text(
    "En annen installasjon har også hentet {name} fra innboksen. Pass på at den ikke bokføres to ganger.",
    "Another install has fetched {name} from the inbox too. Make sure that it is not booked twice.",
)


class Feed:
    """Reads the install's feed; what was read is written down before it is acknowledged."""

    def __init__(self, hub: Hub, journal: Journal, clock: Callable[[], datetime], say: Say) -> None:
        self._hub = hub
        self._journal = journal
        self._clock = clock
        self._say = say

    def read(self, wait: int = LONGEST_WAIT) -> bool:
        """Read a page and write it down; tell whether something came. Raises HubError."""
        after = self._journal.feed_after()
        try:
            page = self._hub.feed_page(after, wait)
        except Refusal as error:
            if error.findings[0].field != "after":
                raise
            self._begin_anew(after)
            return True
        reach(Point.FEED_READ)
        missed = self._missed(page, after)
        if missed and after:  # an install that reads for the first time has missed nothing that it sent
            self._say(_HOLE.of(missed=missed, asked=self._ask_for_open()))
        self._journal.heard(page.entries)
        reach(Point.FEED_RECORDED)
        if missed and not page.entries:
            self._journal.set_mark(FEED_AFTER, str(page.last))
        return bool(page.entries)

    @staticmethod
    def _missed(page: FeedPage, after: int) -> int:
        """Count the entries that are gone: before the first one, or all of them."""
        return sum(entry.missed for entry in page.entries) if page.entries else max(page.last - after, 0)

    def _begin_anew(self, after: int) -> None:
        last = self._hub.feed_page(0, limit=1).last
        self._say(_AHEAD.of(last=last, after=after, asked=self._ask_for_open()))
        self._journal.set_mark(FEED_AFTER, str(last))

    def _ask_for_open(self) -> int:
        """Ask for every invoice that has not ended as far as we know; return how many."""
        asked = self._journal.open_transactions()
        for identifier, status in asked:
            try:
                transaction = self._hub.transaction(identifier)
            except NotFound:
                continue  # another install's key: what we know stays as it is, and the operator was told
            if transaction.status != status:
                self._journal.asked(transaction, self._clock())
        return len(asked)


class Inbox:
    """Takes documents out of the inbox: each lies in its folder, durably and once, before it is acknowledged."""

    def __init__(self, config: Config, hub: Hub, journal: Journal, clock: Callable[[], datetime], say: Say) -> None:
        self._folder = config.folders.inbox
        self._hub = hub
        self._journal = journal
        self._clock = clock
        self._say = say
        self._outlet = Outlet(journal.database, "inbox")

    def fetch(self) -> int:
        """Take in everything that is there; return how many. Raises HubError and OSError."""
        self._outlet.release()
        self._acknowledge()
        taken = 0
        while items := self._hub.inbox_page():
            new = 0
            for item in items:
                if self._is_ours(item.id):
                    self._again(item.id)
                else:
                    self._store(item)
                    new += 1
            self._acknowledge()
            taken += new
            if not new:
                break
        return taken

    def _store(self, item: InboxItem) -> None:
        path = self._folder / _plain(item.company) / file_name(item)
        content = self._hub.inbox_document(item.id)
        note = "INSERT OR IGNORE INTO arrival (item, path, at) VALUES (?, ?, ?)"
        self._outlet.stage({path: content}, (note, (str(item.id), str(path), self._clock().isoformat())))
        self._outlet.release()

    def _acknowledge(self) -> None:
        for row in self._journal.database.rows("SELECT item, path FROM arrival WHERE acknowledged = 0 ORDER BY item"):
            try:
                self._hub.acknowledge(UUID(row["item"]))
            except Conflict:
                self._say(_LEASED.of(name=Path(row["path"]).name))
                continue  # until the other has acknowledged it, which then counts for both
            except NotFound:
                self._say(_LEASED.of(name=Path(row["path"]).name))
            reach(Point.ACK_ASKED)
            with self._journal.database.transaction() as write:
                write.execute("UPDATE arrival SET acknowledged = 1 WHERE item = ?", (row["item"],))

    def _again(self, item: UUID) -> None:
        """Acknowledge once more what the hub still shows: it was set back, or another install holds it."""
        with self._journal.database.transaction() as write:
            write.execute("UPDATE arrival SET acknowledged = 0 WHERE item = ?", (str(item),))

    def _is_ours(self, item: UUID) -> bool:
        return bool(self._journal.database.rows("SELECT 1 FROM arrival WHERE item = ?", str(item)))


def file_name(item: InboxItem) -> str:
    """Return the name a document always gets: day, sender, number, and enough of its id to be the only one."""
    sender = item.sender.rpartition(":")[2]
    day = item.received_at.date().isoformat()
    return f"{day}_{_plain(sender)}_{_plain(item.number)}_{item.id.hex[-12:]}.xml"


def _plain(text: str) -> str:
    """Leave only what a file name may hold on every system."""
    return re.sub(r"[^0-9A-Za-z-]+", "_", text)[:60].strip("_") or "0"
