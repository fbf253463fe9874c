"""The commands as a newcomer types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from hub.stack.process import free_ports
from tests.e2e.hub import ROOT, RunningHub


def hub_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=280,
    )


def test_the_demonstration_ends_every_document_as_it_should(tmp_path: Path) -> None:
    (port,) = free_ports([], 1)
    done = hub_command("demo", "--once", "--data", str(tmp_path / "data"), "--port", str(port))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every document ended as it should." in done.stdout
    assert "retrying" in done.stdout


def test_the_demonstration_refuses_a_real_access_point(tmp_path: Path) -> None:
    done = hub_command("demo", "--once", "--data", str(tmp_path), HUB_PHOSS_URL="https://ap.example")
    assert done.returncode == 2
    assert "never sends its made-up invoices" in done.stderr


def test_validate_prints_a_line_per_file(tmp_path: Path) -> None:
    good, bad, foreign = ROOT / "examples" / "03-with-pdf.xml", tmp_path / "bad.xml", tmp_path / "note.xml"
    bad.write_bytes(good.read_bytes().replace(b">310000035</cbc:EndpointID>", b">310000036</cbc:EndpointID>"))
    foreign.write_text("<note/>")
    done = hub_command("validate", str(good), str(bad), str(foreign))
    assert done.returncode == 1
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["valid"], first["fatal"], first["error"]) == (True, [], None)
    assert not second["valid"]
    assert second["fatal"]
    assert (third["valid"], third["fatal"]) == (False, [])
    assert "note" in third["error"]


def test_admin_speaks_to_a_running_hub(hub: RunningHub) -> None:
    listed = hub_command("admin", "--data", str(hub.data), "company", "list")
    assert listed.returncode == 0, listed.stderr
    assert "Solkroken Konsulent AS" in listed.stdout


def test_admin_says_where_no_hub_was_ever_started(tmp_path: Path) -> None:
    done = hub_command("admin", "--data", str(tmp_path), "company", "list")
    assert done.returncode == 2
    assert "No hub was ever started" in done.stderr


def test_a_second_start_on_the_same_folder_is_refused(hub: RunningHub) -> None:
    done = hub_command("run", "--data", str(hub.data), "--port", str(free_ports([], 1)[0]))
    assert done.returncode == 2
    assert "already runs" in done.stderr


def test_data_survive_a_restart_and_keys_stay_good(hub: RunningHub) -> None:
    sender = hub.install_of("310000019")
    identifier = hub.send(sender, hub.demo["recipients"]["inbox"])
    before = hub.ended(sender, identifier)
    assert hub.stop() == 0
    hub.start()
    assert hub.transaction(sender, identifier) == before
    again = hub.send(sender, hub.demo["recipients"]["ftp"])
    assert hub.ended(sender, again)["status"] == "delivered"
