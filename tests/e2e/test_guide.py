"""The guide for accounting systems is true: its commands, run in its order, print what it says."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.hub import ROOT, RunningHub

GUIDE = ROOT / "docs" / "integrating.md"
BREAK = "--- next ---"
SENDER, BUYER = "310000035", "310000027"


def blocks() -> list[str]:
    """The indented blocks of the guide, without their indentation."""
    found: list[list[str]] = []
    inside = False
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        code = line.startswith("    ") or (inside and not line)
        if code and not inside:
            found.append([])
        if code:
            found[-1].append(line.removeprefix("    "))
        inside = code
    return ["\n".join(block).strip() for block in found]


def test_every_command_of_the_guide_prints_what_it_says(hub: RunningHub, tmp_path: Path) -> None:
    list(hub.inbox(hub.install_of(BUYER)))  # what others sent must not hide what the guide sends
    missing = [tool for tool in ("bash", "curl", "jq", "gzip") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    told = blocks()
    commands, answers = told[::2], told[1::2]
    assert len(commands) == len(answers) > 10, "each command is followed by what it prints"
    script = f"set -euo pipefail\n{f'{chr(10)}echo; echo {chr(39)}{BREAK}{chr(39)}{chr(10)}'.join(commands)}\n"
    environment = {
        **os.environ,
        "HUB": f"http://127.0.0.1:{hub.port}",
        "KEY": hub.install_of(SENDER).key,
        "BUYER": BUYER,
        "BUYER_KEY": hub.install_of(BUYER).key,
    }
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    printed = [part.strip() for part in re.split(rf"^{BREAK}$", done.stdout, flags=re.MULTILINE)]
    assert printed == answers, done.stderr
    assert done.returncode == 0, done.stderr
