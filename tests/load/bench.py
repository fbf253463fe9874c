"""`make bench`: figures as JSON lines. They compare runs on one machine; alone they say little."""

import asyncio
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from ehf_builder.validation import rules
from ehf_builder.validation.engine import Engine
from hub.demo.client import Gateway
from hub.demo.outside import Outside
from hub.demo.parties import load
from hub.demo.register import make
from hub.pipeline import TOPICS
from hub.stack.artefacts import cache_folder
from hub.stack.catalogue import specs
from hub.stack.process import free_ports
from hub.stack.run import RunningStack, run_stack
from tests.load.generator import Generator, Outcome
from tests.load.side_by_side import compared

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = ROOT.parent / "shared" / "suites" / "peppol-bis-3" / "examples" / "base-example.xml"
OWN = ROOT / "examples" / "03-with-pdf.xml"
INVOICES = int(os.environ.get("INVOICES", "2000"))
VALIDATIONS = 100
RATE = 50.0


def tell(measure: str, **figures: Any) -> None:
    """Print one measurement."""
    sys.stdout.write(json.dumps({"measure": measure, **figures}) + "\n")
    sys.stdout.flush()


def validator() -> None:
    """Measure the validator in one process on one document of about 11 KB."""
    document = OFFICIAL if OFFICIAL.exists() else OWN
    engine = Engine(rules.load(cache_folder(os.environ)))
    today = datetime.now(UTC).date()
    content = document.read_bytes()
    for _ in range(20):
        engine.validate(content, today)
    started = time.perf_counter()
    for _ in range(VALIDATIONS):
        engine.validate(content, today)
    rate = VALIDATIONS / (time.perf_counter() - started)
    tell("validator", document=document.name, bytes=len(content), documents_per_second_per_core=round(rate, 1))


def beside_the_reference() -> None:
    """Measure the validator and the reference one in turn, where what drives the latter is installed."""
    if find_spec("jpype") is None:
        tell("side by side", skipped="the reference validator's driver is not installed: .venv/bin/pip install jpype1")
        return
    for figures in compared():
        tell("side by side", **figures)


def processes(stack: RunningStack) -> dict[str, list[psutil.Process]]:
    """Return the processes of each service and server, worker processes included."""
    local = stack.local
    pids = {service.name: service.pid for service in stack.services}
    pids |= {server.name: server.pid for server in (local.kafka, local.postgres) if server}
    return {
        name: [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for name, pid in pids.items()
        if pid is not None
    }


def peak_memory(stack: RunningStack) -> dict[str, float]:
    """Return each service's peak resident memory in MB."""
    return {
        name: round(sum(_high_water(process.pid) for process in members) / 1024, 1)
        for name, members in processes(stack).items()
    }


def cpu_seconds(stack: RunningStack) -> dict[str, float]:
    """Return the processor time that each service has used."""
    return {
        name: sum(times.user + times.system for times in (process.cpu_times() for process in members))
        for name, members in processes(stack).items()
    }


def _high_water(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


async def pipeline(stack: RunningStack, port: int, outside: Outside) -> bool:
    """Measure accept latency at a steady rate, then the way from submission to delivery at full load."""
    parties = load()
    async with Gateway(f"http://127.0.0.1:{port}") as gateway:
        demo = await make(gateway, parties, outside, stack.local.data, stack.database_urls["gateway"])
        installs = [install for install in demo.installs if install.client != demo.recipients["inbox"]][:4]
        generator = Generator(gateway, installs, demo.recipients["inbox"])
        warm = Outcome()
        await generator.push(100, 8, warm)
        await generator.follow(100, warm)

        steady = Outcome()
        await generator.steady(int(RATE * 10), RATE, steady)
        tell(
            "accept",
            rate=RATE,
            p50_ms=round(steady.percentile(0.5), 1),
            p99_ms=round(steady.percentile(0.99), 1),
            rejected=dict(steady.rejected),
        )
        await generator.follow(len(steady.accepted) + len(warm.ended), Outcome(ended=dict(warm.ended)))
        before = cpu_seconds(stack)
        await _full_load(generator, len(warm.accepted) + len(steady.accepted))
        after = cpu_seconds(stack)
        tell("cpu", ms_per_invoice={name: round(1000 * (after[name] - before[name]) / INVOICES, 2) for name in before})
        tell("memory", peak_mb=peak_memory(stack))
    return True


async def _full_load(generator: Generator, before: int) -> None:
    full = Outcome()
    started = time.perf_counter()
    pushing = asyncio.create_task(generator.push(INVOICES, 16, full))
    await asyncio.gather(pushing, generator.follow(before + INVOICES, full))
    seconds = time.perf_counter() - started
    delivered = sum(full.ended.get(identifier) == "delivered" for identifier in full.accepted)
    tell(
        "pipeline",
        invoices=INVOICES,
        lines=10,
        channel="inbox",
        delivered=delivered,
        seconds=round(seconds, 1),
        invoices_per_second=round(delivered / seconds, 1),
        accept_p50_ms=round(full.percentile(0.5), 1),
        accept_p99_ms=round(full.percentile(0.99), 1),
    )


def main() -> None:
    """Run every measurement."""
    validator()
    beside_the_reference()
    with tempfile.TemporaryDirectory(prefix="sentral-bench-") as folder:
        data = Path(folder)
        (port,) = free_ports([], 1)
        outside = Outside.at(data / "outside")

        async def then(stack: RunningStack) -> bool:
            return await pipeline(stack, port, outside)

        services = specs(port, os.environ, outside.environment())
        if not asyncio.run(run_stack(data, services, TOPICS, then=then, say=lambda _line: None)):
            sys.exit(1)


if __name__ == "__main__":
    main()
