"""The connector at work: one thread at the desk and the sending, one that follows the hub."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub_connector.client.errors import Forbidden, HubError, Passing
from hub_connector.client.hub import LONGEST_WAIT, Hub
from hub_connector.client.retrying import ONCE, backoff
from hub_connector.config import Config
from hub_connector.desk import Desk
from hub_connector.following import Feed, Inbox
from hub_connector.intake.folder import OutFolder
from hub_connector.journal.database import Alone
from hub_connector.journal.journal import Journal
from hub_connector.sending import Sender
from hub_connector.texts import Text, Trouble

JOURNAL, LOCK, LOG = "journal.db", "working.lock", "hub-connector.log"
CONTACT, SENDING_TROUBLE, FOLLOWING_TROUBLE, LOCAL_TROUBLE = "contact", "sending", "following", "local"
TROUBLES = (LOCAL_TROUBLE, SENDING_TROUBLE, FOLLOWING_TROUBLE)
_LOOK_EVERY = 1.0  # seconds between looks at the out-folder
_INBOX_EVERY = 300.0  # seconds, besides whenever the feed has something
_NO_INBOX_FOR = 3600.0  # seconds until a key without the scope `inbox` is tried there again
_AT_ONCE = 50  # invoices, before receipts are written again
_KEPT = timedelta(days=400)  # that the journal remembers what has ended
_LOCAL = Text(
    "Noe på denne maskinen står i veien ({why}). Er disken full, eller mangler det en rettighet? Ingenting er gått "
    "tapt; det prøves igjen.",
    "Something on this machine stands in the way ({why}). Is the disk full, or a right missing? Nothing is lost; it is "
    "tried again.",
)
_WORKS_AGAIN = Text("Alt i orden igjen.", "All is well again.")
_OTHER = Text("En annen hub-connector arbeider allerede med {data}.", "Another hub-connector already works on {data}.")
log = logging.getLogger("hub_connector")


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def hub_of(config: Config) -> Hub:
    """Return the hub as the connector asks it: each question once, because it keeps its own order of what to repeat."""
    return Hub(config.connection(), ONCE)


def alone(config: Config) -> Alone:
    """Become the only connector that works on this configuration; raises Trouble."""
    lock = Alone(config.data / LOCK)
    if not lock.take():
        lock.close()
        raise Trouble(_OTHER.of(data=config.data))
    return lock


class Troubles:
    """What stands in the way in one part of the work, said once each time it changes, and shown by `status`."""

    def __init__(self, journal: Journal, part: str, language: str) -> None:
        self._journal = journal
        self._part = part
        self._language = language
        self._said: str | None = journal.mark(part)

    def meet(self, text: Text) -> None:
        """Say it, unless it was just said."""
        told = text.told(self._language)
        if told != self._said:
            log.warning("%s", told)
            self._note(told)

    def over(self) -> None:
        """Say that nothing stands in the way any more."""
        if self._said is not None:
            log.info("%s", _WORKS_AGAIN.told(self._language))
            self._note(None)

    def _note(self, told: str | None) -> None:
        self._said = told
        try:
            self._journal.set_mark(self._part, told)
        except sqlite3.Error:
            log.exception("the journal cannot be written")


class DeskWork:
    """Takes files in, sends what is due, and keeps folders and receipts in order; each step is safe to repeat."""

    def __init__(self, config: Config, clock: Callable[[], datetime] = now) -> None:
        self._journal = Journal(config.data / JOURNAL)
        self._desk = Desk(config, self._journal, clock)
        self._folder = OutFolder(config, time.monotonic)
        self._hub = hub_of(config)
        self._sender = Sender(self._hub, self._journal, clock)
        self._clock = clock
        self._local = Troubles(self._journal, LOCAL_TROUBLE, config.language)
        self._sending = Troubles(self._journal, SENDING_TROUBLE, config.language)
        self._resume_at = 0.0
        self._forgot_at: float | None = None

    def step(self) -> float:
        """Do what there is to do; return after how many seconds to look again."""
        taken = self._locally(lambda: self._desk.take_in(self._folder))
        sent = self._send()
        tidied = self._locally(self._desk.tidy)
        if taken and tidied:
            self._local.over()
            self._forget()
        return 0 if sent else _LOOK_EVERY

    def close(self) -> None:
        """Close the journal and the connections."""
        self._hub.close()
        self._journal.close()

    def _send(self) -> bool:
        if time.monotonic() < self._resume_at:
            return False
        try:
            sent, halt = self._sender.round(_AT_ONCE)
        except (OSError, sqlite3.Error) as error:
            self._local.meet(_LOCAL.of(why=error))
            return False
        if halt is not None:
            self._resume_at = time.monotonic() + halt.seconds
            self._sending.meet(Text(halt.error.nb, halt.error.en))
        elif sent:
            self._sending.over()
            self._journal.set_mark(CONTACT, self._clock().isoformat())
        return halt is None and sent > 0

    def _locally(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except (OSError, sqlite3.Error) as error:
            self._local.meet(_LOCAL.of(why=error))
            return False
        return True

    def _forget(self) -> None:
        if self._forgot_at is None or time.monotonic() - self._forgot_at > 86400:
            self._forgot_at = time.monotonic()
            self._journal.forget(self._clock() - _KEPT)


class FollowWork:
    """Reads the feed and the inbox; each step is safe to repeat."""

    def __init__(self, config: Config, clock: Callable[[], datetime] = now) -> None:
        def say(text: Text) -> None:
            log.warning("%s", text.told(config.language))

        self._journal = Journal(config.data / JOURNAL)
        self._hub = hub_of(config)
        self._feed = Feed(self._hub, self._journal, clock, say)
        self._inbox = Inbox(config, self._hub, self._journal, clock, say)
        self._clock = clock
        self._troubles = Troubles(self._journal, FOLLOWING_TROUBLE, config.language)
        self._inbox_at = 0.0
        self._failed = 0

    def step(self, wait: int = LONGEST_WAIT) -> float:
        """Read what is new, waiting for it at most so many seconds; return after how many seconds to go on."""
        try:
            news = self._feed.read(wait)
            if news or time.monotonic() >= self._inbox_at:
                self._fetch()
            self._journal.set_mark(CONTACT, self._clock().isoformat())
        except HubError as error:
            self._failed += 1
            self._troubles.meet(Text(error.nb, error.en))
            asked = error.retry_after if isinstance(error, Passing) else None
            return backoff(self._failed, timedelta(seconds=5), timedelta(minutes=5), asked)
        except (OSError, sqlite3.Error) as error:
            self._failed += 1
            self._troubles.meet(_LOCAL.of(why=error))
            return backoff(self._failed, timedelta(seconds=5), timedelta(minutes=1))
        self._failed = 0
        self._troubles.over()
        return 0

    def close(self) -> None:
        """Close the journal and the connections."""
        self._hub.close()
        self._journal.close()

    def _fetch(self) -> None:
        try:
            self._inbox.fetch()
        except Forbidden as error:
            self._inbox_at = time.monotonic() + _NO_INBOX_FOR
            log.info("%s", error)
        else:
            self._inbox_at = time.monotonic() + _INBOX_EVERY


def watch(config: Config, stop: threading.Event) -> None:
    """Work until told to stop; raises Trouble. Whatever is interrupted goes on at the next start."""
    lock = alone(config)
    following = threading.Thread(target=_repeat, args=(lambda: FollowWork(config), stop), name="following", daemon=True)
    try:
        desk = DeskWork(config)
        following.start()
        _repeat(lambda: desk, stop)
    finally:
        stop.set()
        if following.is_alive():
            following.join(timeout=2)  # it may wait for the hub for half a minute, with nothing in hand
        lock.close()


def _repeat(make: Callable[[], DeskWork | FollowWork], stop: threading.Event) -> None:
    """Work step by step; a bug is logged with everything, and the next step is tried all the same."""
    work = make()
    while not stop.is_set():
        try:
            pause = work.step()
        except Exception:
            log.exception("a step failed")
            pause = 60.0
        stop.wait(pause)


def log_path(config: Config) -> Path:
    """Return where `watch` writes its log."""
    return config.data / LOG
