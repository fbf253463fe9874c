"""`check`: one step after the other, from the configuration to the last right; the first that fails says what to do."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path, PureWindowsPath
from secrets import token_hex
from urllib.parse import urlsplit

from hub_connector import durable
from hub_connector.client.errors import HubError
from hub_connector.client.hub import Hub
from hub_connector.config import Config
from hub_connector.intake.csvmap import load as load_map
from hub_connector.journal.database import Database
from hub_connector.journal.journal import Journal
from hub_connector.texts import Text, Trouble
from hub_connector.watching import JOURNAL, hub_of

SKEW = timedelta(minutes=5)
ROUNDING = timedelta(seconds=30)  # a date in a header has whole seconds, and takes its time
LEAST_SPACE = 500_000_000  # bytes


NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step went. `remedy` is None where all is well; `fatal`: the steps after it cannot be tried."""

    step: Text
    found: Text = NOTHING
    remedy: Text | None = None
    fatal: bool = False


def check(config: Config, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Outcome]:
    """Try everything that the connector needs, and change nothing."""
    yield from _local(config)
    try:
        hub = hub_of(config)
    except Trouble as error:
        yield Outcome(Text("adresse og nøkkel", "address and key"), remedy=error.text, fatal=True)
        return
    yield from _remote(config, hub, clock)


def _local(config: Config) -> Iterator[Outcome]:
    for folder in config.folders.named().values():
        yield _tried(
            Text(f"mappen «{folder.name}»", f"folder `{folder.name}`"), Text(str(folder), str(folder)), _writes(folder)
        )
    yield _tried(Text("journalen", "journal"), Text(str(config.data), str(config.data)), lambda: _journal(config.data))
    free = _free(config.data)
    yield Outcome(
        Text("diskplass", "disk space"),
        Text(f"{free // 1_000_000} MB ledig", f"{free // 1_000_000} MB free"),
        None if free >= LEAST_SPACE else Text("Frigjør plass på disken.", "Free some space on the disk."),
    )
    if config.csv_map is not None:
        path = config.csv_map
        yield _tried(Text("CSV-oppsett", "CSV map"), Text(str(path), str(path)), lambda: load_map(path))


def _tried(step: Text, found: Text, attempt: Callable[[], object]) -> Outcome:
    try:
        attempt()
    except Trouble as error:
        return Outcome(step, found, error.text)
    except OSError as error:
        why = error.strerror or str(error)
        remedy = Text(
            f"Kan ikke brukes ({why}). Gi brukeren som kjører hub-connector rett til å lese, skrive og slette der.",
            f"Cannot be used ({why}). Let the user that runs hub-connector read, write and remove files there.",
        )
        return Outcome(step, found, remedy)
    return Outcome(step, found)


def _writes(folder: Path) -> Callable[[], object]:
    def attempt() -> None:
        probe = folder / f".hub-connector-{token_hex(4)}"
        durable.write(probe, b"check")
        probe.unlink()

    return attempt


def _journal(data: Path) -> None:
    if PureWindowsPath(str(data)).drive.startswith("\\\\"):
        raise Trouble(
            Text(
                "Journalen må ligge på en disk i denne maskinen, ikke på et nettverksområde. Rett «data».",
                "The journal must lie on a disk of this machine, not on a network share. Correct `data`.",
            )
        )
    database = Database(data / JOURNAL)
    try:
        if not database.sound():
            raise Trouble(
                Text(
                    f"Journalen er skadet. Ta vare på {data}, og spør support før du sender mer.",
                    f"The journal is damaged. Keep {data}, and ask support before you send more.",
                )
            )
    finally:
        database.close()


def _free(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _remote(config: Config, hub: Hub, clock: Callable[[], datetime]) -> Iterator[Outcome]:
    connection = config.connection()
    proxy = connection.proxy_used()
    shown = urlsplit(proxy).hostname if proxy else None
    yield Outcome(Text("proxy", "proxy"), Text(shown or "ingen", shown or "none"))
    step = Text("forbindelse (navn, brannmur, TLS)", "connection (name, firewall, TLS)")
    before = clock()
    try:
        answer = hub.description()
    except HubError as error:
        yield Outcome(step, Text(config.url, config.url), Text(error.nb, error.en), fatal=True)
        return
    yield Outcome(step, Text(config.url, config.url))
    yield _clock(answer.headers.get("Date"), before, clock())
    yield _asked(Text("nøkkel og rett til å sende", "key and right to send"), lambda: _may_send(hub))
    client = config.client or ""
    yield _asked(Text(f"firma {client}".strip(), f"company {client}".strip()), lambda: hub.may_act_for(config.client))
    yield _asked(Text("rett til å lese innboksen", "right to read the inbox"), hub.may_read_inbox)
    yield _asked(Text("hendelsesstrøm", "feed"), lambda: _feed(config, hub))


def _may_send(hub: Hub) -> None:
    next(iter(hub.transactions()), None)


def _feed(config: Config, hub: Hub) -> None:
    journal = Journal(config.data / JOURNAL)
    try:
        hub.feed_page(journal.feed_after(), limit=1)
    finally:
        journal.close()


def _asked(step: Text, question: Callable[[], object]) -> Outcome:
    try:
        question()
    except HubError as error:
        return Outcome(step, remedy=Text(error.nb, error.en))
    return Outcome(step)


def _clock(given: str | None, before: datetime, after: datetime) -> Outcome:
    """Compare the clocks, allowing for the time that the answer took."""
    step = Text("klokke", "clock")
    if given is None:
        return Outcome(step, Text("meldingssentralen sier ikke hva den er", "the hub does not tell the time"))
    theirs = parsedate_to_datetime(given)
    wrong = max(before - theirs, theirs - after, timedelta())
    seconds = int(wrong.total_seconds()) if wrong > ROUNDING else 0
    found = Text(
        f"{seconds} sekunder feil" if seconds else "riktig", f"{seconds} seconds wrong" if seconds else "right"
    )
    remedy = Text(
        "Still klokken på denne maskinen, og la den stilles av seg selv (NTP).",
        "Set this machine's clock, and let it be set by itself (NTP).",
    )
    return Outcome(step, found, remedy if wrong > SKEW else None)
