"""`make bench`: figures as JSON lines. They compare runs on one machine; alone they say little."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ehf_builder.validation import rules
from ehf_builder.validation.engine import Engine
from hub.demo.client import Gateway
from hub.demo.outside import Outside
from hub.demo.parties import load
from hub.demo.register import Install, make
from hub.pipeline import TOPICS
from hub.stack.artefacts import cache_folder
from hub.stack.catalogue import specs
from hub.stack.process import free_ports
from hub.stack.provision import DATABASE
from hub.stack.run import RunningStack, run_stack
from tests.ehf_builder.hostile import HOSTILE
from tests.load import fairness, preload, stages
from tests.load.generator import Generator, Outcome
from tests.load.side_by_side import compared

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = ROOT.parent / "shared" / "suites" / "peppol-bis-3" / "examples" / "base-example.xml"
OWN = ROOT / "examples" / "03-with-pdf.xml"
INVOICES = int(os.environ.get("INVOICES", "2000"))
FLOOD = int(os.environ.get("FLOOD", "5000"))  # invoices that one install pushes while another sends single ones
PRELOAD = int(os.environ.get("PRELOAD", "0"))  # transactions that the hub's tables hold beforehand
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


def hostile_input() -> None:
    """Measure the slowest refusal of a document that is made to exhaust its reader (goal: within a second)."""
    engine = Engine(rules.load(cache_folder(os.environ)))
    today = datetime.now(UTC).date()
    seconds = {}
    for name, document in HOSTILE.items():
        content = document.encode()
        started = time.perf_counter()
        engine.validate(content, today)
        seconds[name] = time.perf_counter() - started
    slowest = max(seconds, key=seconds.__getitem__)
    tell("hostile input", documents=len(seconds), slowest=slowest, seconds=round(seconds[slowest], 2))


def beside_the_reference() -> None:
    """Measure the validator and the reference one in turn, where what drives the latter is installed."""
    if find_spec("jpype") is None:
        tell("side by side", skipped="the reference validator's driver is not installed: .venv/bin/pip install jpype1")
        return
    for figures in compared():
        tell("side by side", **figures)


def peak_memory(stack: RunningStack) -> dict[str, float]:
    """Return each service's peak resident memory in MB."""
    return {
        name: round(sum(_high_water(process.pid) for process in members) / 1024, 1)
        for name, members in stages.processes(stack).items()
    }


def _high_water(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


async def pipeline(stack: RunningStack, port: int, outside: Outside) -> bool:
    """Measure accept latency at a steady rate, the whole way at full load, and how a flood delays others."""
    parties = load()
    async with Gateway(f"http://127.0.0.1:{port}") as gateway:
        demo = await make(gateway, parties, outside, stack.local.data, stack.database_urls["gateway"])
        installs = [install for install in demo.installs if install.client != demo.recipients["inbox"]][:4]
        recipient = demo.recipients["inbox"]
        if PRELOAD and stack.local.postgres:
            await preload.fill(stack.local.postgres.url(DATABASE, driver="postgresql"), installs[0], recipient, PRELOAD)
            tell("preload", transactions=PRELOAD)
        generator = Generator(gateway, installs, recipient)
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
        before = len(steady.accepted) + len(warm.ended)
        await generator.follow(before, Outcome(ended=dict(warm.ended)))
        await _full_load(stack, generator, before)
        await _fairness(gateway, installs, recipient)
        tell("memory", peak_mb=peak_memory(stack))
    return True


async def _full_load(stack: RunningStack, generator: Generator, before: int) -> None:
    used = stages.cpu_seconds(stack)
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
    each = stages.cpu_per_invoice(used, stages.cpu_seconds(stack), INVOICES)
    tell("cpu", ms_per_invoice=each, whole=round(sum(each.values()), 2), percent=stages.shares(each))
    waited = await stages.waiting(generator, full.accepted)
    tell("stages", median_ms=waited, percent=stages.shares(waited))


async def _fairness(gateway: Gateway, installs: Sequence[Install], recipient: str) -> None:
    """The flood comes from one install, the single invoices from another company's."""
    flooding = installs[0]
    single = next(install for install in installs if install.client != flooding.client)
    found = await fairness.delays(gateway, flooding, single, recipient, FLOOD)
    ordered = sorted(found.seconds)
    tell(
        "fairness",
        flood=found.flood_accepted,
        singles=len(ordered),
        median_s=round(ordered[len(ordered) // 2], 2),
        worst_s=round(ordered[-1], 2),
    )


def main() -> None:
    """Run every measurement."""
    validator()
    hostile_input()
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
