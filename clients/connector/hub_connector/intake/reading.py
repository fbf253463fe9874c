"""One file, by its ending: `.xml` is UBL, `.json` the JSON invoice, `.csv` and `.txt` what the CSV map says."""

from collections.abc import Mapping
from pathlib import Path

from hub_connector.client.errors import Finding
from hub_connector.config import Config
from hub_connector.intake import csvfile, jsonfile, ubl
from hub_connector.intake.csvmap import CsvMap
from hub_connector.intake.csvmap import load as load_map
from hub_connector.intake.document import Document, Taken, UnreadableError, local
from hub_connector.texts import Text, Trouble

ENDINGS = frozenset({".xml", ".json", ".csv", ".txt"})
CSV_ENDINGS = frozenset({".csv", ".txt"})
_NO_MAP = Text(
    "CSV-filer må ha et oppsett som sier hva kolonnene er. Skriv det, og oppgi det som «csv_map» i konfigurasjonen.",
    "CSV files need a map that says what the columns are. Write one, and name it as `csv_map` in the configuration.",
)
_EMPTY = Text("Fila er tom.", "The file is empty.")


def read(
    config: Config, path: Path, content: bytes, pdfs: Mapping[str | None, tuple[str, bytes]], client: str | None
) -> Taken:
    """Return the file's invoices, or what is wrong with it. `pdfs`: what lies beside it (see csvfile.read).

    `client` is the organisation number of the company it is sent for, None where the hub knows.
    """
    kept = dict(pdfs.values())
    try:
        documents = _documents(config, path, content, pdfs)
    except UnreadableError as error:
        return Taken(path.name, content, kept, (), error.findings)
    except Trouble as error:
        return Taken(path.name, content, kept, (), (local(error.text),))
    return Taken(path.name, content, kept, [_for(document, client) for document in documents])


def is_unfinished(path: Path, content: bytes) -> bool:
    """Tell whether the file looks as if more of it were to come."""
    if path.suffix.lower() in CSV_ENDINGS:
        return csvfile.is_unfinished(content)
    try:
        _plain(path, content, None)
    except UnreadableError as error:
        return error.unfinished
    return False


def _documents(
    config: Config, path: Path, content: bytes, pdfs: Mapping[str | None, tuple[str, bytes]]
) -> list[Document]:
    if not content.strip():
        raise UnreadableError(local(_EMPTY))
    if path.suffix.lower() in CSV_ENDINGS:
        return csvfile.read(content, _layout(config), config.language, pdfs)
    return [_plain(path, content, pdfs.get(None))]


def _plain(path: Path, content: bytes, pdf: tuple[str, bytes] | None) -> Document:
    if path.suffix.lower() == ".xml":
        return ubl.read(content, pdf[0] if pdf else None)
    return jsonfile.read(content, pdf)


def _layout(config: Config) -> CsvMap:
    if config.csv_map is None:
        raise UnreadableError(local(_NO_MAP))
    return load_map(config.csv_map)


def _for(document: Document, client: str | None) -> Document:
    return Document(
        document.media,
        document.payload,
        document.number,
        document.document_type,
        client,
        document.names,
        document.attachment,
    )


def findings_of(error: Exception) -> tuple[Finding, ...]:
    """Return what a file that cannot be read at all is refused for."""
    return (local(Text(f"Fila kan ikke leses: {error}.", f"The file cannot be read: {error}.")),)
