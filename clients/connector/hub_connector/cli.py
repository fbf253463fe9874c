"""The command `hub-connector`."""

import argparse
import locale
import logging
import logging.handlers
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from hub_connector import __version__, failpoints, handing_in, service, showing, starting, suggesting
from hub_connector.checking import check
from hub_connector.client.errors import HubError
from hub_connector.config import Config, default_path, load
from hub_connector.journal.rows import FAILED, WAITING, File
from hub_connector.texts import LANGUAGES, Text, Trouble
from hub_connector.watching import hub_of, log_path, watch

_USAGE = Text("Bruk kommandoen slik:", "Use the command so:")
_WHAT = {
    "": Text(
        "Sender fakturaer fra en mappe til meldingssentralen, og henter det som kommer.",
        "Sends invoices from a folder to the hub, and fetches what comes.",
    ),
    "init": Text(
        "skriv konfigurasjonen, ta vare på nøkkelen og lag mappene",
        "write the configuration, keep the key and make the folders",
    ),
    "check": Text("prøv alt som trengs, steg for steg", "try everything that is needed, step by step"),
    "send": Text("send filer nå, og vis kvitteringen", "send files now, and show the receipt"),
    "watch": Text("send og hent til det stoppes", "send and fetch until stopped"),
    "status": Text("vis hva som er gjort, venter og feiler", "show what is done, waits and fails"),
    "suggest": Text("finn kunder som kan ta imot e-faktura", "find customers that can receive e-invoices"),
    "service": Text("kjør «watch» uten at noen er logget inn", "run `watch` without anybody logged in"),
    "--config": Text("konfigurasjonsfila", "the configuration file"),
    "--url": Text("meldingssentralens adresse", "the hub's address"),
    "--folder": Text("hvor mappene lages", "where the folders are made"),
    "--client": Text("firmaets organisasjonsnummer", "the company's organisation number"),
    "--language": Text("språk i alt som skrives", "language of everything that is written"),
    "--proxy": Text("system, none eller en adresse", "system, none or an address"),
    "--ca-file": Text("sertifikater som også skal godtas (PEM)", "certificates to be trusted as well (PEM)"),
    "--csv-map": Text("hva kolonnene i CSV er (TOML)", "what the columns of CSV are (TOML)"),
    "--allow-http": Text("godta en adresse uten kryptering", "accept an address without encryption"),
    "--force": Text("skriv konfigurasjonen på nytt", "write the configuration anew"),
    "--wait": Text("så mange sekunder ventes det på svar", "how many seconds to wait for an answer"),
    "files": Text("fakturaer: .xml, .json, .csv", "invoices: .xml, .json, .csv"),
    "name": Text("en fil eller et fakturanummer", "a file or an invoice number"),
    "customers": Text("kundeliste (CSV)", "customer list (CSV)"),
    "--column": Text("kolonnen med organisasjonsnummer", "the column of organisation numbers"),
    "--output": Text("hvor lista skrives på nytt", "where the list is written again"),
    "--user": Text("brukeren som tjenesten kjører som (Linux)", "the user that the service runs as (Linux)"),
}
_CREATED = Text("Konfigurasjonen er skrevet: {path}", "The configuration is written: {path}")
_ALL_WELL = Text("Alt er i orden. Start med «hub-connector watch».", "All is well. Start with `hub-connector watch`.")
_NOT_WELL = Text("{count} ting må rettes.", "{count} things must be put right.")
_SUGGESTED = Text(
    "{count} av {all} organisasjonsnumre kan ta imot e-faktura. Skrevet til {path}.",
    "{count} of {all} organisation numbers can receive e-invoices. Written to {path}.",
)


class _Parser(argparse.ArgumentParser):
    """Says in the user's language that a command cannot be used so; `argparse` itself knows English only."""

    language = "en"

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}\n{_USAGE.told(self.language)}\n{self.format_help()}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; exit code 0 done, 1 not all is well, 2 could not be done."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console of another code page shows ? and does not fail
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = _language(given)
    options = _parser(language).parse_args(given)
    try:
        failpoints.arm(os.environ)
        sys.exit(options.run(options, language))
    except Trouble as error:
        _tell(error.text.told(language))
    except HubError as error:
        _tell(error.told(language))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(2)


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _language(given: Sequence[str]) -> str:
    """Return the configuration's language; before there is one, the option's, else the machine's."""
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument("--config", type=Path, default=default_path())
    early.add_argument("--language", choices=LANGUAGES)
    known, _ = early.parse_known_args([one for one in given if one not in {"-h", "--help"}])
    if known.language:
        return str(known.language)
    try:
        return load(known.config).language
    except Trouble:
        return "nb" if (locale.getlocale()[0] or "").lower().startswith(("nb", "nn", "no")) else "en"


def _parser(language: str) -> argparse.ArgumentParser:
    parser = _Parser("hub-connector", description=_WHAT[""].told(language))
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    options = _Options(language, parser, commands)
    parser.language = language
    options.add(parser, "--config", type=Path, default=default_path())
    one = options.command("init", _init)
    options.add(one, "--url")
    options.add(one, "--folder", type=Path, default=starting.default_folder())
    options.add(one, "--client")
    options.add(one, "--language", choices=LANGUAGES, default=language)
    options.add(one, "--proxy", default="system")
    options.add(one, "--ca-file", type=Path)
    options.add(one, "--csv-map", type=Path)
    options.add(one, "--allow-http", action="store_true")
    options.add(one, "--force", action="store_true")
    options.command("check", _check)
    one = options.command("send", _send)
    options.add(one, "files", type=Path, nargs="+")
    options.add(one, "--client")
    options.add(one, "--wait", type=float, default=30)
    options.command("watch", _watch)
    options.add(options.command("status", _status), "name", nargs="?")
    one = options.command("suggest", _suggest)
    options.add(one, "customers", type=Path)
    options.add(one, "--column")
    options.add(one, "--output", type=Path)
    one = options.command("service", _service)
    one.add_argument("action", choices=("install", "uninstall", "show"))
    options.add(one, "--user")
    return parser


class _Options:
    """Adds commands and options with their help in one language."""

    def __init__(self, language: str, parser: _Parser, commands: "argparse._SubParsersAction[_Parser]") -> None:
        self._language = language
        self._commands = commands
        del parser

    def command(self, name: str, run: object) -> _Parser:
        told = _WHAT[name].told(self._language)
        made = self._commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        made.language = self._language
        made.set_defaults(run=run)
        return made

    def add(self, parser: argparse.ArgumentParser, name: str, **settings: object) -> None:
        parser.add_argument(name, help=_WHAT[name].told(self._language), **settings)  # type: ignore[arg-type]


def _init(options: argparse.Namespace, language: str) -> int:
    answers = starting.Answers(
        language=options.language or language,
        folder=options.folder,
        url=options.url,
        client=options.client,
        proxy=options.proxy,
        ca_file=options.ca_file,
        csv_map=options.csv_map,
        allow_http=options.allow_http,
        force=options.force,
    )
    config = starting.init(options.config, answers)
    print(_CREATED.of(path=config.path).told(config.language))
    return _checked(config)


def _check(options: argparse.Namespace, _language: str) -> int:
    return _checked(load(options.config))


def _checked(config: Config) -> int:
    wrong = 0
    for outcome in check(config):
        sign = "OK  " if outcome.remedy is None else "FEIL" if config.language == "nb" else "FAIL"
        found = outcome.found.told(config.language)
        print(f"{sign} {outcome.step.told(config.language)}{f': {found}' if found else ''}")
        if outcome.remedy is not None:
            wrong += 1
            print(f"     -> {outcome.remedy.told(config.language)}")
    print((_NOT_WELL.of(count=wrong) if wrong else _ALL_WELL).told(config.language))
    return 1 if wrong else 0


def _send(options: argparse.Namespace, _language: str) -> int:
    codes = []
    for file, receipt in handing_in.send(load(options.config), options.files, options.client, options.wait):
        print(receipt)
        codes.append(_code(file))
    return max(codes)


def _code(file: File) -> int:
    statuses = {letter.status for letter in file.letters}
    return 1 if file.findings or statuses & (FAILED | {WAITING}) else 0


def _watch(options: argparse.Namespace, _language: str) -> int:
    config = load(options.config)
    _log_to(log_path(config))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watch(config, stop)
    return 0


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.handlers.RotatingFileHandler(path, maxBytes=5_000_000, backupCount=5, encoding="utf-8", delay=True)
    ]
    if sys.stderr is not None:  # there is none without a console (pythonw)
        handlers.append(logging.StreamHandler())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _status(options: argparse.Namespace, _language: str) -> int:
    config = load(options.config)
    if options.name:
        print("\n".join(showing.one(config, options.name)))
        return 0
    lines, well = showing.overview(config)
    print("\n".join(lines))
    return 0 if well else 1


def _suggest(options: argparse.Namespace, _language: str) -> int:
    config = load(options.config)
    customers = suggesting.read(options.customers, options.column)
    found = suggesting.suggest(hub_of(config), customers, config.client)
    path = options.output or options.customers.with_suffix(".suggested.csv")
    suggesting.write(path, customers, found, config.language)
    count = sum(1 for one in found.values() if one.can_receive)
    print(_SUGGESTED.of(count=count, all=len(customers.numbers()), path=path).told(config.language))
    return 0


def _service(options: argparse.Namespace, _language: str) -> int:
    config = load(options.config)
    if options.action == "show":
        shown = service.task(config, Path(sys.executable)) if sys.platform == "win32" else service.unit(config, "…")
        print(shown)
        return 0
    done = (
        service.install(config, log_path(config), options.user) if options.action == "install" else service.uninstall()
    )
    print(done.told(config.language))
    return 0
