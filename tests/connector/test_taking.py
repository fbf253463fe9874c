"""When a file in the out-folder counts as complete, and what is read of it."""

import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub_connector.config import Config
from hub_connector.intake import reading
from hub_connector.intake.folder import LARGEST, UNFINISHED_FOR, Found, OutFolder
from hub_connector.journal.rows import Source
from tests.connector.premises import Premises, csv, row
from tests.gateway.ubl import ubl

SETTLE = 3.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Watcher:
    """Looks at an out-folder with a clock that the test moves."""

    def __init__(self, config: Config) -> None:
        self.clock = Clock()
        self.config = config
        self.out = config.folders.out
        self.folder = OutFolder(config, self.clock)

    def look(self, after: float = 0, known: frozenset[Source] = frozenset()) -> list[Found]:
        self.clock.now += after
        return list(self.folder.complete(known))

    def names(self, after: float = 0) -> list[str]:
        return [one.path.name for one in self.look(after)]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return replace(Premises.at(tmp_path / "p", "http://localhost", "key").config, settle=SETTLE)


@pytest.fixture
def watcher(config: Config) -> Watcher:
    return Watcher(config)


def test_a_file_is_taken_once_it_has_lain_untouched(watcher: Watcher) -> None:
    path = watcher.out / "a.csv"
    path.write_bytes(csv(row("1")))
    assert watcher.names() == []
    assert watcher.names(SETTLE - 1) == []
    path.write_bytes(csv(row("1"), row("2")))
    assert watcher.names(1) == []
    assert watcher.names(SETTLE) == ["a.csv"]


def test_a_file_that_only_changes_its_time_is_waited_for_too(watcher: Watcher) -> None:
    path = watcher.out / "a.json"
    path.write_bytes(b"{}")
    watcher.look()
    os.utime(path, ns=(1, 1))
    assert watcher.names(SETTLE) == []
    assert watcher.names(SETTLE) == ["a.json"]


HALF_WRITTEN = {
    "a.xml": ubl(),
    "a.json": json.dumps({"type": "invoice", "number": "1"}).encode(),
    "a.csv": csv(row("1")),
}


@pytest.mark.parametrize("name", HALF_WRITTEN)
def test_what_is_half_written_gets_time_to_become_whole(watcher: Watcher, name: str) -> None:
    whole = HALF_WRITTEN[name]
    (watcher.out / name).write_bytes(whole[:-5])
    watcher.look()
    assert watcher.names(SETTLE) == []
    (watcher.out / name).write_bytes(whole)
    watcher.look()
    assert watcher.names(SETTLE) == [name]


@pytest.mark.parametrize("name", HALF_WRITTEN)
def test_what_stays_half_written_is_taken_in_the_end_so_that_somebody_is_told(watcher: Watcher, name: str) -> None:
    (watcher.out / name).write_bytes(HALF_WRITTEN[name][:-5])
    watcher.look()
    assert watcher.names(UNFINISHED_FOR) == [name]


@pytest.mark.parametrize(
    "name", [".a.json", "~a.json", "a.json.tmp", "a.json.part", "a.txt~", "a", "a.pdf", "a.json.bak"]
)
def test_names_of_files_that_are_still_written_are_left_alone(watcher: Watcher, name: str) -> None:
    (watcher.out / name).write_bytes(b"{}")
    watcher.look()
    assert watcher.names(10 * UNFINISHED_FOR) == []


def test_a_file_that_its_writer_holds_is_waited_for(watcher: Watcher) -> None:
    path = watcher.out / "a.json"
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        watcher.look()
        assert watcher.names(SETTLE) == []
        file.write(b"{}")
    watcher.look()
    assert watcher.names(SETTLE) == ["a.json"]


def test_a_file_that_was_taken_before_is_not_taken_again(watcher: Watcher) -> None:
    (watcher.out / "a.json").write_bytes(b"{}")
    watcher.look()
    [found] = watcher.look(SETTLE)
    assert watcher.look(SETTLE, frozenset(found.sources)) == []
    os.utime(watcher.out / "a.json", ns=(1, 1))  # the same file left there anew
    watcher.look(0, frozenset(found.sources))
    assert len(watcher.look(SETTLE, frozenset(found.sources))) == 1


def test_a_file_that_is_too_large_stays_and_holds_up_no_other(watcher: Watcher) -> None:
    with (watcher.out / "a.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    (watcher.out / "b.json").write_bytes(b"{}")
    with pytest.raises(OSError, match=r"a\.json"):
        watcher.look()
    watcher.clock.now += SETTLE
    found = watcher.folder.complete(frozenset())
    assert next(found).path.name == "b.json"
    with pytest.raises(OSError, match=r"a\.json"):
        next(found)


def test_a_folder_named_after_a_company_sends_for_that_company(watcher: Watcher) -> None:
    for folder in ("310000019", "eksport", "12345"):
        (watcher.out / folder).mkdir()
        (watcher.out / folder / "a.json").write_bytes(b"{}")
    watcher.look()
    assert [(one.path.parent.name, one.client) for one in watcher.look(SETTLE)] == [("310000019", "310000019")]


def test_a_pdf_beside_comes_along_and_is_waited_for_where_it_must(config: Config) -> None:
    watcher = Watcher(replace(config, pdf="required"))
    (watcher.out / "a.json").write_bytes(b'{"number": "1"}')
    watcher.look()
    assert watcher.look(10 * UNFINISHED_FOR) == []
    (watcher.out / "a.pdf").write_bytes(b"%PDF-1.4 half")
    assert watcher.look(SETTLE) == []
    (watcher.out / "a.pdf").write_bytes(b"%PDF-1.4 whole %%EOF\n")
    [found] = watcher.look(SETTLE)
    assert dict(found.pdfs) == {None: ("a.pdf", b"%PDF-1.4 whole %%EOF\n")}
    assert [Path(source.path).name for source in found.sources] == ["a.json", "a.pdf"]
    assert Watcher(replace(config, pdf="ignored", settle=0)).look()[0].pdfs == {}


def test_a_pdf_without_its_usual_end_is_taken_when_nobody_writes_it_any_more(watcher: Watcher) -> None:
    (watcher.out / "a.json").write_bytes(b'{"number": "1"}')
    (watcher.out / "a.pdf").write_bytes(b"%PDF-1.4 odd")
    for _ in range(5):
        assert watcher.look(SETTLE) == []
    assert watcher.names(UNFINISHED_FOR) == ["a.json"]


def read(config: Config, name: str, content: bytes, pdf: bytes | None = None) -> Any:
    pdfs: dict[str | None, tuple[str, bytes]] = {None: ("a.pdf", pdf)} if pdf else {}
    return reading.read(config, Path(name), content, pdfs, "310000019")


def test_json_keeps_its_amounts_to_the_last_digit_when_a_pdf_is_added(config: Config) -> None:
    content = b'\xef\xbb\xbf{"number": "1", "type": "invoice", "lines": [{"amount": 0.10, "text": "\xc3\xb8"}]}'
    alone, with_pdf = read(config, "a.json", content), read(config, "a.json", content, b"%PDF")
    assert alone.documents[0].payload == content
    assert json.loads(with_pdf.documents[0].payload)["lines"] == [{"amount": "0.10", "text": "ø"}]
    assert (alone.documents[0].number, alone.documents[0].client) == ("1", "310000019")


def test_ubl_goes_as_it_is_with_the_pdf_beside_it(config: Config) -> None:
    content = HALF_WRITTEN["a.xml"]
    [document] = read(config, "a.xml", content, b"%PDF").documents
    assert (document.payload, document.number, document.document_type) == (content, "1001", "invoice")
    assert document.attachment == "a.pdf"


REFUSED = {
    "a dtd": ("a.xml", b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "DTD"),
    "other xml": ("a.xml", b"<note/>", "verken en UBL-faktura"),
    "broken xml": ("a.xml", b"<a><b></a>", "linje 1"),
    "no object": ("a.json", b"[]", "JSON-objekt"),
    "another encoding": ("a.json", '{"a": "ø"}'.encode("cp1252"), "UTF-8"),
    "deep": ("a.json", b"[" * 100_000, "JSON-objekt"),
    "nothing": ("a.json", b" \n", "tom"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_invoice_is_refused_here_with_the_reason(config: Config, case: str) -> None:
    name, content, told = REFUSED[case]
    taken = read(config, name, content)
    assert taken.documents == ()
    assert told in taken.findings[0].nb


def test_csv_without_a_map_says_what_to_do(config: Config) -> None:
    taken = read(replace(config, csv_map=None), "a.csv", csv(row("1")))
    assert "csv_map" in taken.findings[0].nb
