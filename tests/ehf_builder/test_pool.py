"""Worker processes come and go; documents are neither lost nor judged twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from ehf_builder.validation.pool import KillsWorkerError, Pool, ValidatorBugError
from ehf_builder.validation.workers import WorkerStartError
from tests.ehf_builder.invoices import EXAMPLES, SELLER, TODAY, invoice

DOCUMENT = (EXAMPLES / "08-inbound.xml").read_bytes()
HOLDS_A_POOL = """
import asyncio, sys
from datetime import date
from pathlib import Path
from ehf_builder.validation.pool import Pool

async def main():
    async with Pool(Path(sys.argv[1]), size=2, today=date(2026, 11, 23)) as pool:
        print(*pool.pids, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_documents_are_built_and_judged_side_by_side(cache: Path) -> None:
    async with Pool(cache, size=2, today=TODAY) as pool:
        judged, built = await asyncio.gather(
            asyncio.gather(*(pool.validate(DOCUMENT, TODAY) for _ in range(20))),
            asyncio.gather(*(pool.build(json.dumps(invoice()).encode(), SELLER, None, TODAY) for _ in range(20))),
        )
        assert all(verdict.valid for verdict in judged)
        assert all(each.document and each.verdict.valid for each in built)
        assert pool.depth == 0


async def test_a_killed_worker_is_replaced_and_no_document_is_lost(cache: Path) -> None:
    async with Pool(cache, size=2, today=TODAY) as pool:
        before = pool.pids
        judging = asyncio.gather(*(pool.validate(DOCUMENT, TODAY) for _ in range(150)))
        await asyncio.sleep(0.2)
        os.kill(before[0], signal.SIGKILL)
        assert all(verdict.valid for verdict in await judging)
        async with asyncio.timeout(10):
            while len(pool.pids) < 2:  # noqa: ASYNC110 - the pool tells nobody that it is whole again
                await asyncio.sleep(0.05)
        assert before[1] in pool.pids


async def test_a_document_that_ends_two_workers_is_reported_and_the_others_are_judged(cache: Path) -> None:
    lines = [{"text": f"Linje {n}", "amount": "1.00", "vat": "3"} for n in range(5_000)]
    endless = json.dumps(invoice(lines=lines)).encode()
    async with Pool(cache, size=2, limit=timedelta(seconds=0.5), today=TODAY) as pool:
        bad = asyncio.create_task(pool.build(endless, SELLER, None, TODAY))
        good = asyncio.gather(*(pool.validate(DOCUMENT, TODAY) for _ in range(20)))
        assert all(verdict.valid for verdict in await good)
        with pytest.raises(KillsWorkerError):
            await bad
        assert (await pool.validate(DOCUMENT, TODAY)).valid


async def test_a_bug_is_raised_where_the_document_is_known(cache: Path) -> None:
    async with Pool(cache, size=1, today=TODAY) as pool:
        with pytest.raises(ValidatorBugError, match="AttributeError"):
            await pool.build(json.dumps(invoice()).encode(), cast("Any", None), None, TODAY)
        assert (await pool.validate(DOCUMENT, TODAY)).valid


async def test_who_stops_waiting_disturbs_nobody(cache: Path) -> None:
    async with Pool(cache, size=1, today=TODAY) as pool:
        given_up = [asyncio.create_task(pool.validate(DOCUMENT, TODAY)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in given_up:
            task.cancel()
        assert (await pool.validate(DOCUMENT, TODAY)).valid


def test_workers_end_with_a_parent_that_is_killed(cache: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS_A_POOL, str(cache)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(workers) == 2
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert alive == []


async def test_a_worker_that_cannot_start_says_so(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WorkerStartError):
        async with Pool(cache, size=1, today=TODAY):
            raise AssertionError


async def test_the_work_is_done_in_the_workers_not_in_the_asking_process(cache: Path) -> None:
    async with Pool(cache, size=1, today=TODAY) as pool:
        (worker,) = [psutil.Process(pid) for pid in pool.pids]
        ours, theirs = time.process_time(), sum(worker.cpu_times()[:2])
        await asyncio.gather(*(pool.validate(DOCUMENT, TODAY) for _ in range(60)))
        assert time.process_time() - ours < sum(worker.cpu_times()[:2]) - theirs
