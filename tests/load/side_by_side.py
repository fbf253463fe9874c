"""Our validator beside the reference one: the same rules, the same documents, in turn on the same machine.

`python -m tests.load.side_by_side` prints a JSON line for each document: milliseconds of processor time that one of it
costs each of the two (parsing and schema included, one warmed thread each) and how often ours goes into the other's.
The machine's speed goes into both, so that the ratio says more than the figures; of many short rounds the quicker
quarter counts, which other work on the machine disturbed least.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import Any

from ehf_builder.validation import rules
from ehf_builder.validation.engine import Engine
from hub.stack.artefacts import cache_folder
from tests.load.documents import documents

ROOT = Path(__file__).resolve().parents[2]
RELEASE = date(2026, 11, 23)  # a day on which the rules are in force that the other one is given
ROUNDS = 40
WARM_SECONDS, ROUND_SECONDS = 5.0, 0.1


@contextmanager
def phive() -> Iterator["Phive"]:
    """Start the other one in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.load.phive"]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield Phive(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


class Phive:
    """The other one, asked over its standard input."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def measure(self, document: Path, times: int) -> dict[str, Any]:
        """Return milliseconds a document and the number of errors found."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"path": str(document), "times": times}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def ours(engine: Engine, document: bytes, times: int) -> dict[str, Any]:
    """Return milliseconds a document and the number of errors found."""
    started = time.process_time()
    for _ in range(times):
        verdict = engine.validate(document, RELEASE)
    return {"ms": (time.process_time() - started) / times * 1000, "errors": len(verdict.fatal)}


def compare(engine: Engine, other: Phive, name: str, path: Path) -> dict[str, Any]:
    """Measure one document in turns, after a first time that says how many fill a round."""
    content = path.read_bytes()
    first = other.measure(path, 1), ours(engine, content, 1)
    assert first[0]["errors"] == first[1]["errors"], (name, first)
    warmed = other.measure(path, max(1, int(WARM_SECONDS * 1000 / max(first[0]["ms"], 10))))["ms"]
    times = max(1, int(ROUND_SECONDS * 1000 / max(warmed, 1)))
    rounds = [(other.measure(path, times)["ms"], ours(engine, content, times)["ms"]) for _ in range(ROUNDS)]
    theirs, mine = (quantiles(side, n=4)[0] for side in zip(*rounds, strict=True))
    return {
        "document": name,
        "bytes": len(content),
        "errors": first[0]["errors"],
        "phive_ms": round(theirs, 2),
        "ms": round(mine, 2),
        "ratio": round(theirs / mine, 2),
    }


def compared() -> Iterator[dict[str, Any]]:
    """Compare every document of `documents`; the JVM is warmed by the first ones of them."""
    engine = Engine(rules.load(cache_folder(os.environ)))
    with tempfile.TemporaryDirectory(prefix="sentral-compare-") as folder, phive() as other:
        written = [(name, Path(folder) / f"{place}.xml", text) for place, (name, text) in enumerate(documents())]
        for _, path, text in written:
            path.write_bytes(text)
        for _, path, _ in written[:2]:
            other.measure(path, 500)
        for name, path, _ in written:
            yield compare(engine, other, name, path)


if __name__ == "__main__":
    for line in compared():
        sys.stdout.write(json.dumps({"measure": "side by side", **line}) + "\n")
        sys.stdout.flush()
