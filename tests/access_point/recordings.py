"""Reads the recorded exchanges with real access points; they lie beside the repository and are never copied into it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict

FOLDER = Path(__file__).parents[3] / "shared" / "facts" / "access-point-recordings"
ABSENT = f"the recorded exchanges are not at {FOLDER}"
_SPLIT = re.compile(rb"\n\n?--- RESPONSE.*?---\n", re.DOTALL)

needs_recordings = pytest.mark.skipif(not FOLDER.is_dir(), reason=ABSENT)


@dataclass(frozen=True)
class Message:
    first_line: str
    headers: CIMultiDict[str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.first_line.split()[1])

    @property
    def method(self) -> str:
        return self.first_line.split()[0]

    @property
    def target(self) -> str:
        return self.first_line.split()[1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Recording:
    name: str
    request: Message
    response: Message


def _message(data: bytes) -> Message:
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    headers = CIMultiDict((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return Message(first, headers, body)


def read(path: Path) -> Recording:
    request, response = _SPLIT.split(path.read_bytes().replace(b"\r\n", b"\n"), maxsplit=1)
    return Recording(path.stem, _message(request), _message(response))


def names(pattern: str = "*.txt") -> list[str]:
    return sorted(path.relative_to(FOLDER).as_posix().removesuffix(".txt") for path in FOLDER.glob(pattern))


def recording(name: str) -> Recording:
    """Find a recording by its name, or by its number alone."""
    if not FOLDER.is_dir():
        pytest.skip(ABSENT)
    exact = FOLDER / f"{name}.txt"
    found = [exact] if exact.exists() else sorted(FOLDER.glob(f"{name}-*.txt"))
    return read(found[0])
