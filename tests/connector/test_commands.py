"""The command as the person who installs it types it."""

import asyncio
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hub_connector import service
from hub_connector.cli import main
from hub_connector.config import Config, acl_command, default_path, load, write_private
from hub_connector.suggesting import organisation_number, read
from hub_connector.suggesting import write as write_list
from hub_connector.texts import Trouble
from hub_connector.watching import alone, watch
from tests.connector.premises import Door, Premises, csv, row
from tests.gateway.world import ALFA, BETA, DELTA, GAMMA, invoice

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command here; returns its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out + told.err

    return run


async def test_init_asks_checks_and_leaves_a_key_that_its_owner_alone_can_read(
    door: Door, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "etc" / "connector.toml"
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{door.world.keys['delta']}\n"))
    options = ("--url", door.url, "--folder", str(tmp_path / "f"), "--client", DELTA, "--language", "nb")
    code, told = await asyncio.to_thread(command, "--config", str(path), "init", *options)
    assert code == 0, told
    assert "Alt er i orden" in told
    assert f"OK   firma {DELTA}" in told
    assert "OK   klokke" in told
    config = load(path)
    assert (config.client, config.key(), config.folders.out) == (DELTA, door.world.keys["delta"], tmp_path / "f" / "ut")
    for secret in (config.path, config.key_file, config.data):
        assert stat.S_IMODE(secret.stat().st_mode) & 0o077 == 0
    assert door.world.keys["delta"] not in path.read_text()
    code, told = await asyncio.to_thread(command, "--config", str(path), "init", *options)
    assert (code, "finnes allerede" in told) == (2, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--url", "http://hub.example"), "Bruk https://"),
        (("--url", "https://hub.example", "--client", "123"), "ni sifre"),
        ((), "Oppgi --url"),
    ],
)
def test_init_writes_nothing_where_something_is_wrong(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("sentral_key\n"))
    path = tmp_path / "connector.toml"
    folder = ("--folder", str(tmp_path / "f"), "--language", "nb")
    code, printed = command("--config", str(path), "init", *options, *folder)
    assert (code, told in printed) == (2, True), printed
    assert not path.exists()


async def test_check_names_the_step_that_fails_and_its_remedy(
    door: Door, premises: Premises, command: Command, tmp_path: Path
) -> None:
    async def check(**changed: object) -> str:
        broken = replace(premises.config, **changed)  # type: ignore[arg-type]
        write_private(broken.path, _toml(broken))
        code, told = await asyncio.to_thread(command, "--config", str(broken.path), "check")
        assert code == 1, told
        return told.replace("\r\n", "\n")

    wrong_key = tmp_path / "wrong.key"
    wrong_key.write_text("sentral_nonsense")
    locked = tmp_path / "file"
    locked.write_text("no folder")
    out = replace(premises.folders, out=locked / "out")
    assert "FEIL nøkkel og rett til å sende\n     -> Nøkkelen mangler, er ukjent" in await check(key_file=wrong_key)
    assert f"FEIL firma {GAMMA}\n     -> Installasjonen har ikke lov" in await check(client=GAMMA)
    assert "FEIL forbindelse (navn, brannmur, TLS): http://127.0.0.1:1\n" in await check(url="http://127.0.0.1:1")
    assert "FEIL mappen «out»" in await check(folders=out)
    assert "FEIL CSV-oppsett" in await check(csv_map=locked)
    assert "FEIL adresse og nøkkel" in await check(key_file=tmp_path / "none")
    journal = premises.journal()
    journal.set_mark("feed after", "99")
    journal.close()
    assert "FEIL hendelsesstrøm\n     -> Hendelse 99 finnes ikke ennå" in await check()


def _toml(config: Config) -> str:
    folders = "".join(f"{name} = {json.dumps(str(path))}\n" for name, path in config.folders.named().items())
    csv_map = json.dumps(str(config.csv_map or ""))
    return (
        f"language = 'nb'\n[hub]\nurl = {json.dumps(config.url)}\nkey_file = {json.dumps(str(config.key_file))}\n"
        f"client = {json.dumps(config.client or '')}\nproxy = 'none'\n[folders]\n{folders}"
        f"data = {json.dumps(str(config.data))}\n[files]\nsettle = 0\ncsv_map = {csv_map}\n"
    )


async def test_send_shows_the_receipt_and_leaves_the_file_where_it_is(
    door: Door, premises: Premises, command: Command, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.csv"
    good.write_text(json.dumps(invoice("1", buyer={"organisation_number": GAMMA})))
    bad.write_bytes(csv(row("2").replace("1,5", "x")))
    config = ("--config", str(premises.config.path))
    sent = await asyncio.to_thread(command, *config, "send", str(good))
    wrong = await asyncio.to_thread(command, *config, "send", str(bad))
    status = await asyncio.to_thread(command, *config, "status")
    one = await asyncio.to_thread(command, *config, "status", "1")
    assert sent[0] == 0
    assert "Faktura 1: MOTTATT AV MELDINGSSENTRALEN" in sent[1]
    assert (wrong[0], "Antall, rad 2" in wrong[1]) == (1, True)
    assert good.exists()
    assert bad.exists()
    assert (premises.names("sending"), premises.names("failed")) == (["good.json"], ["bad.csv"])
    assert status[0] == 1
    assert "«watch» er IKKE i gang" in status[1]
    assert "  bad.csv" in status[1]
    assert one[1].startswith("Kvittering for good.json")
    assert [one.number for one in await door.transactions()] == ["1"]


async def test_send_beside_a_connector_that_works_leaves_the_sending_to_it(
    door: Door, premises: Premises, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(invoice("1", buyer={"organisation_number": GAMMA})))
    stop = threading.Event()
    working = asyncio.create_task(asyncio.to_thread(watch, premises.config, stop))
    try:
        # Only a connector that works takes it, so that it is waited for as long as that may need.
        arguments = ("--config", str(premises.config.path), "send", str(file), "--wait", "120")
        code, told = await asyncio.to_thread(command, *arguments)
        assert code == 0, told
        with pytest.raises(Trouble, match="Another hub-connector"):
            alone(premises.config)
    finally:
        stop.set()
        await working
    assert [one.number for one in await door.transactions()] == ["1"]


async def test_watch_ends_in_good_order_when_it_is_told_to(door: Door, premises: Premises) -> None:
    premises.drop("a.json", invoice("1", buyer={"organisation_number": GAMMA}))
    arguments = [sys.executable, "-m", "hub_connector", "--config", str(premises.config.path), "watch"]
    process = await asyncio.create_subprocess_exec(*arguments, stderr=asyncio.subprocess.PIPE, env=os.environ)
    await door.has_taken(1)
    process.send_signal(signal.SIGTERM)
    _, told = await process.communicate()
    assert process.returncode == 0, told


def test_a_wrong_command_or_setting_is_told_in_the_language_of_the_configuration(
    premises_only: Premises, command: Command
) -> None:
    config = premises_only.config.path
    code, told = command("--config", str(config), "sned")
    assert (code, "Bruk kommandoen slik" in told) == (2, True)
    config.write_text(config.read_text().replace("settle", "setle"))
    code, told = command("--config", str(config), "--config", str(config), "status")
    assert code == 2
    assert "files.setle" in told
    code, told = command("--config", str(config.with_name("none.toml")), "check")
    assert (code, "none.toml" in told) == (2, True)


@pytest.fixture
def premises_only(tmp_path: Path) -> Premises:
    return Premises.at(tmp_path / "p", "http://127.0.0.1:1", "key")


def test_the_unit_says_what_systemd_understands(premises_only: Premises, tmp_path: Path) -> None:
    config = replace(premises_only.config, data=tmp_path / "with space")
    unit = service.unit(config, "daemon")
    assert f'"{tmp_path}/with space"' in unit
    path = tmp_path / "hub-connector.service"
    path.write_text(unit)
    try:
        checked = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed here")
    assert path.name not in checked.stderr, checked.stderr


def test_installing_the_service_gives_its_files_to_its_user_and_never_runs_as_root(
    premises_only: Premises, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    given: list[tuple[str, str]] = []
    monkeypatch.setattr(service, "UNIT", tmp_path / "hub-connector.service")
    monkeypatch.setattr(shutil, "chown", lambda path, user: given.append((Path(path).name, user)))
    monkeypatch.setattr(Path, "owner", lambda _path: "root")
    with pytest.raises(Trouble, match="without special rights"):
        service.install(
            premises_only.config, tmp_path / "log", None, lambda command: ran.append(list(command)), "linux"
        )
    service.install(premises_only.config, tmp_path / "log", "erp", lambda command: ran.append(list(command)), "linux")
    assert ran == [["systemctl", *rest] for rest in (["daemon-reload"], ["enable", "hub-connector"], ["restart", "hub-connector"])]  # fmt: skip  # noqa: E501
    assert ("hub.key", "erp") in given
    assert "User=erp" in (tmp_path / "hub-connector.service").read_text()


def test_the_windows_task_starts_with_the_machine_and_for_ever(premises_only: Premises) -> None:
    ran: list[list[str]] = []
    definitions: list[str] = []

    def execute(command: object) -> None:
        assert isinstance(command, list)
        ran.append(command)
        if "/XML" in command:
            definitions.append(Path(command[-1]).read_text("utf-16"))

    service.install(premises_only.config, Path("log"), None, execute, "win32")
    assert [command[:2] for command in ran] == [["schtasks", "/Create"], ["schtasks", "/Run"]]
    root = ET.fromstring(definitions[0].partition("?>")[2])
    name = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert root.find(f"{name}Triggers/{name}BootTrigger/{name}Repetition/{name}Interval") is not None
    assert root.findtext(f".//{name}ExecutionTimeLimit") == "PT0S"
    assert root.findtext(f".//{name}UserId") == "S-1-5-19"
    assert str(premises_only.config.path) in (root.findtext(f".//{name}Arguments") or "")


def test_on_windows_the_key_is_left_to_the_system_and_who_installs(tmp_path: Path) -> None:
    command = acl_command(tmp_path / "hub.key", "kari")
    assert command[:3] == ["icacls", str(tmp_path / "hub.key"), "/inheritance:r"]
    assert "*S-1-5-19:F" in command
    assert "kari:F" in command
    assert "kari:(OI)(CI)F" in acl_command(tmp_path, "kari")
    assert default_path({"PROGRAMDATA": "D:/Data"}, "win32") == Path("D:/Data/hub-connector/connector.toml")


ORGANISATION_NUMBERS = {
    ALFA: ALFA,
    f"NO {ALFA[:3]} {ALFA[3:6]} {ALFA[6:]} MVA": ALFA,
    f"{ALFA[:8]}{(int(ALFA[8]) + 1) % 10}": None,
    "12345678": None,
    "": None,
}


@pytest.mark.parametrize("text", ORGANISATION_NUMBERS)
def test_an_organisation_number_is_known_by_its_check_digit(text: str) -> None:
    assert organisation_number(text) == ORGANISATION_NUMBERS[text]


def test_a_customer_list_is_read_as_erps_write_it_and_written_again_with_what_was_found(tmp_path: Path) -> None:
    path = tmp_path / "kunder.csv"
    path.write_bytes(f"Nr;Navn;Orgnr\r\n1;Blåbær AS;{ALFA}\r\n2;Ola;\r\n3;Beta;NO{BETA}MVA\r\n4;x\r\n".encode("cp1252"))
    customers = read(path)
    assert (customers.column, customers.numbers()) == (2, [ALFA, BETA])
    write_list(tmp_path / "svar.csv", customers, {}, "nb")
    assert (tmp_path / "svar.csv").read_text("utf-8-sig").splitlines()[:2] == [
        "Nr;Navn;Orgnr;Kan ta imot e-faktura;Kanaler;Ny",
        f"1;Blåbær AS;{ALFA};ukjent;;",
    ]
    with pytest.raises(Trouble, match="--column"):
        read(path, "Kundenr")
