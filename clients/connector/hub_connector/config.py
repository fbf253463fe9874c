"""The connector's configuration: one TOML file, and the key in a file of its own."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hub_connector import durable
from hub_connector.client.transport import AddressError, Connection
from hub_connector.texts import LANGUAGES, Text, Trouble

ENVIRONMENT = "HUB_CONNECTOR_CONFIG"
PDF_RULES = ("optional", "required", "ignored")
FOLDERS: Mapping[str, Text] = {  # what they are called where `init` makes them
    "out": Text("ut", "out"),
    "sending": Text("sendes", "sending"),
    "sent": Text("sendt", "sent"),
    "failed": Text("feilet", "failed"),
    "inbox": Text("innboks", "inbox"),
    "status": Text("status", "status"),
}
_UNREADABLE = Text("Konfigurasjonen {path} kan ikke leses: {why}.", "The configuration {path} cannot be read: {why}.")


@dataclass(frozen=True, slots=True)
class Folders:
    """`out`: the ERP puts invoices here. The connector moves them to `sending`, then to `sent` or `failed`.

    `inbox` gets what others send, `status` a file for each thing that happened, both for the ERP to take away.
    """

    out: Path
    sending: Path
    sent: Path
    failed: Path
    inbox: Path
    status: Path

    def named(self) -> Mapping[str, Path]:
        """Return them by name."""
        return {name: getattr(self, name) for name in FOLDERS}


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set. `settle` (seconds): how long a file must lie unchanged before it is taken."""

    path: Path
    language: str
    url: str
    key_file: Path
    folders: Folders
    data: Path
    client: str | None = None
    proxy: str = field(default="system", repr=False)
    ca_file: Path | None = None
    allow_http: bool = False
    settle: float = 3.0
    csv_map: Path | None = None
    pdf: Literal["optional", "required", "ignored"] = "optional"

    def connection(self) -> Connection:
        """Return how the hub is reached; raises Trouble."""
        try:
            return Connection(self.url, self.key(), proxy=self.proxy, ca_file=self.ca_file, allow_http=self.allow_http)
        except AddressError as error:
            raise Trouble(Text(error.nb, error.en)) from error

    def key(self) -> str:
        """Read the key; raises Trouble."""
        try:
            key = self.key_file.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Trouble(
                Text(
                    f"Nøkkelen i {self.key_file} kan ikke leses ({error}). Kjør «hub-connector init» på nytt.",
                    f"The key in {self.key_file} cannot be read ({error}). Run `hub-connector init` again.",
                )
            ) from error
        if not key.isascii() or not key.isprintable() or not key:
            raise Trouble(
                Text(
                    f"Nøkkelen i {self.key_file} har tegn som ingen nøkkel har. Lim den inn på nytt, på én linje.",
                    f"The key in {self.key_file} holds characters that no key has. Paste it again, on one line.",
                )
            )
        return key


def default_path(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return where the configuration lies unless it is said otherwise."""
    if given := environment.get(ENVIRONMENT):
        return Path(given)
    if platform == "win32":
        return Path(environment.get("PROGRAMDATA", "C:/ProgramData")) / "hub-connector" / "connector.toml"
    return Path("/etc/hub-connector/connector.toml")


def load(path: Path) -> Config:
    """Read the configuration; relative paths in it begin where it lies. Raises Trouble."""
    try:
        given = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise Trouble(
            Text(
                f"Det er ingen konfigurasjon i {path}. Kjør «hub-connector init», eller oppgi den med --config.",
                f"There is no configuration at {path}. Run `hub-connector init`, or name it with --config.",
            )
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Trouble(_UNREADABLE.of(path=path, why=error)) from error
    return _Reader(path, given).config()


class _Reader:
    """Reads the tables, and says which setting is wrong."""

    def __init__(self, path: Path, given: Mapping[str, Any]) -> None:
        self._path = path
        self._given = given

    def config(self) -> Config:
        self._only("", ("language", "hub", "folders", "files"))
        self._only("hub", ("url", "key_file", "client", "proxy", "ca_file", "allow_http"))
        self._only("folders", (*FOLDERS, "data"))
        self._only("files", ("settle", "csv_map", "pdf"))
        return Config(
            path=self._path,
            language=self._one_of("", "language", LANGUAGES, "nb"),
            url=self._value("hub", "url", str),
            key_file=self._folder("hub", "key_file"),
            client=self._value("hub", "client", str, "") or None,
            proxy=self._value("hub", "proxy", str, "system"),
            ca_file=self._optional_path("hub", "ca_file"),
            allow_http=self._value("hub", "allow_http", bool, default=False),
            folders=Folders(**{name: self._folder("folders", name) for name in FOLDERS}),
            data=self._folder("folders", "data"),
            settle=float(self._value("files", "settle", (int, float), 3)),
            csv_map=self._optional_path("files", "csv_map"),
            pdf=self._one_of("files", "pdf", PDF_RULES, "optional"),
        )

    def _wrong(self, name: str, nb: str, en: str) -> Trouble:
        return Trouble(Text(f"{self._path}: «{name}» {nb}.", f"{self._path}: `{name}` {en}."))

    def _table(self, table: str) -> Mapping[str, Any]:
        found = self._given.get(table, {}) if table else self._given
        if not isinstance(found, dict):
            raise self._wrong(table, "må være en tabell", "must be a table")
        return found

    def _only(self, table: str, known: tuple[str, ...]) -> None:
        for name in self._table(table):
            if name not in known:
                raise self._wrong(f"{table}.{name}".lstrip("."), "finnes ikke som innstilling", "is no setting")

    def _value(self, table: str, name: str, kind: Any, default: Any = None) -> Any:
        value = self._table(table).get(name, default)
        if value is None:
            raise self._wrong(f"{table}.{name}".lstrip("."), "mangler", "is missing")
        if not isinstance(value, kind):
            raise self._wrong(f"{table}.{name}".lstrip("."), "har feil type verdi", "has a value of the wrong kind")
        return value

    def _one_of(self, table: str, name: str, allowed: tuple[str, ...], default: str) -> Any:
        value = self._value(table, name, str, default)
        if value not in allowed:
            choices = ", ".join(allowed)
            raise self._wrong(f"{table}.{name}".lstrip("."), f"må være {choices}", f"must be one of {choices}")
        return value

    def _folder(self, table: str, name: str) -> Path:
        given: str = self._value(table, name, str)
        return (self._path.parent / given).absolute()

    def _optional_path(self, table: str, name: str) -> Path | None:
        return (self._path.parent / given).absolute() if (given := self._value(table, name, str, "")) else None


def store(config: Config, key: str) -> None:
    """Write the configuration and the key, each readable by its owner alone."""
    write_private(config.key_file, f"{key}\n")
    write_private(config.path, _rendered(config))


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner (on Windows: administrators, the system, and who runs this) can read."""
    durable.make_folder(path.parent)
    part = durable.part_of(path)
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if sys.platform == "win32":
            subprocess.run(acl_command(part, os.environ["USERNAME"]), check=True, capture_output=True)  # noqa: S603
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    durable.sync_folder(path.parent)


def make_private(folder: Path) -> None:
    """Leave a folder to its owner (on Windows: to those that `write_private` leaves a file to). Raises OSError."""
    folder.chmod(0o700)
    if sys.platform == "win32":
        subprocess.run(acl_command(folder, os.environ["USERNAME"]), check=True, capture_output=True)  # noqa: S603


def acl_command(path: Path, user: str) -> list[str]:
    """Return the Windows command that leaves it to SYSTEM, Administrators, LocalService (by SID) and a user."""
    below = "(OI)(CI)" if path.is_dir() else ""
    grants = [f"{who}:{below}F" for who in ("*S-1-5-18", "*S-1-5-32-544", "*S-1-5-19", user)]
    return ["icacls", str(path), "/inheritance:r", *(part for grant in grants for part in ("/grant:r", grant))]


def _rendered(config: Config) -> str:
    def quoted(value: object) -> str:
        return json.dumps(str(value), ensure_ascii=False)  # a JSON string is a TOML string

    comment = {
        "proxy": Text(
            "system, none eller http://bruker:passord@vert:port", "system, none or http://user:password@host:port"
        ),
        "client": Text("firmaets organisasjonsnummer", "the company's organisation number"),
        "settle": Text("sekunder en fil må ligge urørt før den tas", "seconds a file must lie untouched to be taken"),
        "pdf": Text("optional, required eller ignored", "optional, required or ignored"),
    }

    def line(name: str, value: str) -> str:
        return f"{name} = {value}" + (f"  # {comment[name].told(config.language)}" if name in comment else "")

    lines = [line("language", quoted(config.language)), "", "[hub]", line("url", quoted(config.url))]
    lines += [line("key_file", quoted(config.key_file)), line("client", quoted(config.client or ""))]
    lines += [line("proxy", quoted(config.proxy)), line("ca_file", quoted(config.ca_file or ""))]
    lines += [line("allow_http", "true")] if config.allow_http else []
    lines += ["", "[folders]", *(line(name, quoted(folder)) for name, folder in config.folders.named().items())]
    lines += [line("data", quoted(config.data)), "", "[files]", line("settle", f"{config.settle:g}")]
    lines += [line("csv_map", quoted(config.csv_map or "")), line("pdf", quoted(config.pdf)), ""]
    return "\n".join(lines)
