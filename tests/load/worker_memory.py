"""What a validation worker's memory does over many documents: `python -m tests.load.worker_memory [DOCUMENTS]`.

One engine, as each worker has one, judges our documents of ten lines, with and without findings, with an attachment,
and one that does not follow the schema, in turn. JSON lines: resident megabytes after every twentieth of the documents
(100,000 unless told). Exit code 1 where the second half grew by more than a tenth.
"""

import os
import sys
from datetime import date
from itertools import cycle, islice

import psutil

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.rules import load
from hub.stack.artefacts import cache_folder
from tests.load.bench import tell
from tests.load.documents import ROOT, with_lines

DOCUMENTS = 100_000
TOLD = 20
MOST_GROWTH = 1.1
TODAY = date(2026, 11, 24)


def main() -> int:
    """Judge them all, and tell how memory went."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
    engine = Engine(load(cache_folder(os.environ)))
    engine.warm(TODAY)
    valid = with_lines(10)
    documents = (
        valid,
        with_lines(10, failing=True),
        (ROOT / "examples" / "03-with-pdf.xml").read_bytes(),
        valid.replace(b"cbc:IssueDate>", b"cbc:IssuedOn>"),
    )
    process, used = psutil.Process(), []
    for place, document in enumerate(islice(cycle(documents), number), start=1):
        engine.validate(document, TODAY)
        if place % max(1, number // TOLD) == 0:
            used.append(round(process.memory_info().rss / 2**20, 1))
            tell("worker memory", documents=place, mb=used[-1])
    return int(used[-1] > MOST_GROWTH * used[len(used) // 2])


if __name__ == "__main__":
    sys.exit(main())
