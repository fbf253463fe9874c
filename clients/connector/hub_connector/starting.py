"""`init`: writes the configuration and the key, and makes the folders."""

import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hub_connector import durable
from hub_connector.client.transport import AddressError, Connection
from hub_connector.config import FOLDERS, Config, Folders, make_private, store
from hub_connector.texts import Text, Trouble

_URL = Text("Meldingssentralens adresse (https://…): ", "The hub's address (https://…): ")
_KEY = Text("Nøkkelen (vises ikke): ", "The key (not shown): ")
_NEEDED = Text(
    "Oppgi {what}: det er ingen her å spørre.",
    "Give {what}: there is nobody here to ask.",
)
_NO_KEY = Text(
    "Nøkkelen mangler. Lim den inn når det spørres, eller send den inn på standard inndata.",
    "The key is missing. Paste it when asked, or give it on standard input.",
)
_CLIENT = Text(
    "«{client}» er ikke et organisasjonsnummer med ni sifre.",
    "`{client}` is not an organisation number of nine digits.",
)
_EXISTS = Text(
    "{path} finnes allerede. Bruk --force for å skrive den på nytt; journal og mapper blir som de er.",
    "{path} exists already. Use --force to write it anew; journal and folders stay as they are.",
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was given with the command; what is missing is asked for."""

    language: str
    folder: Path
    url: str | None = None
    client: str | None = None
    proxy: str = field(default="system", repr=False)
    ca_file: Path | None = None
    csv_map: Path | None = None
    allow_http: bool = False
    force: bool = False


def init(path: Path, answers: Answers, ask: Callable[[str], str] = input) -> Config:
    """Write the configuration; raises Trouble. Nothing is written where something is wrong."""
    if path.exists() and not answers.force:
        raise Trouble(_EXISTS.of(path=path))
    language = answers.language
    url = (answers.url or _answer(_URL, "--url", language, ask)).strip().rstrip("/")
    client = (answers.client or "").replace(" ", "") or None
    if client is not None and not (client.isdecimal() and len(client) == 9):
        raise Trouble(_CLIENT.of(client=client))
    key = _key(language)
    try:
        Connection(url, key, answers.proxy, answers.ca_file, answers.allow_http)
    except AddressError as error:
        raise Trouble(Text(error.nb, error.en)) from error
    folder = answers.folder.absolute()
    config = Config(
        path=path.absolute(),
        language=language,
        url=url,
        key_file=path.absolute().with_name("hub.key"),
        folders=Folders(**{name: folder / text.told(language) for name, text in FOLDERS.items()}),
        data=folder / "data",
        client=client,
        proxy=answers.proxy,
        ca_file=answers.ca_file.absolute() if answers.ca_file else None,
        allow_http=answers.allow_http,
        csv_map=answers.csv_map.absolute() if answers.csv_map else None,
    )
    try:
        for made in (*config.folders.named().values(), config.data):
            durable.make_folder(made)
        make_private(config.data)  # copies of invoices lie there
        store(config, key)
    except OSError as error:
        raise Trouble(Text(f"Kan ikke skrive: {error}.", f"Cannot write: {error}.")) from error
    return config


def _answer(question: Text, option: str, language: str, ask: Callable[[str], str]) -> str:
    if not sys.stdin.isatty():
        raise Trouble(_NEEDED.of(what=option))
    return ask(question.told(language))


def _key(language: str) -> str:
    """Ask for the key, or read it from standard input: never from the command line, where others could see it."""
    given = getpass.getpass(_KEY.told(language)) if sys.stdin.isatty() else sys.stdin.readline()
    key = given.strip().lstrip("\ufeff")
    if not key or not key.isascii() or not key.isprintable():
        raise Trouble(_NO_KEY)
    return key


def default_folder(platform: str = sys.platform) -> Path:
    """Return where the folders are made unless it is said otherwise."""
    if platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / "hub-connector"
    return Path("/var/lib/hub-connector")
