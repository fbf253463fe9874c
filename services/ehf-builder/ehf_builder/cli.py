"""The commands of `python -m ehf_builder`: the service itself, and `validate` for files."""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from ehf_builder.validation import rules
from ehf_builder.validation.engine import Engine
from ehf_builder.validation.pool import KillsWorkerError, Pool, ValidatorBugError
from ehf_builder.validation.verdict import Verdict
from ehf_builder.validation.wire import Validate
from ehf_builder.validation.worker import answer
from ehf_builder.validation.workers import WorkerStartError
from hub.invoice.findings import Finding
from hub.stack.artefacts import RuleSet, cache_folder
from hub.stack.errors import StackError
from hub.xml import Limits, UnreadableError, parse

app = typer.Typer(no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False)

ALL_VALID, SOME_NOT, COULD_NOT_RUN = 0, 1, 2
FEW_FILES = 20  # judged sooner in this process than workers start
FAILED = "the validator itself failed on it"
OSLO = ZoneInfo("Europe/Oslo")


@app.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Start the service (without a command)."""
    if context.invoked_subcommand is None:
        from ehf_builder.app import main  # noqa: PLC0415 - the commands need none of the service's wiring

        main()


@app.command()
def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="UBL invoices and credit notes.", show_default=False)
    ],
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Add `findings`: each in words (nb, en), with its place and official text."),
    ] = False,
) -> None:
    """Judge UBL files by the official rules in force today: one JSON line per file, in the order given.

    `fatal` and `warnings` hold the ids of the rules that failed, `XSD` for the schema; `error` says why a file could
    not be judged. Exit code: 0 all valid, 1 some not, 2 could not run.
    """
    try:
        all_valid = asyncio.run(_validate(files, explain=explain))
    except (StackError, WorkerStartError) as error:
        typer.echo(f"Could not run: {error}", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    raise typer.Exit(ALL_VALID if all_valid else SOME_NOT)


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A UBL document.", show_default=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write it.", show_default=False)],
    language: Annotated[Literal["nb", "en"], typer.Option(help="Of labels, numbers and dates.")] = "nb",
    form: Annotated[Literal["pdf", "html"], typer.Option("--format", help="What to write.")] = "pdf",
    logo: Annotated[Path | None, typer.Option(help="PNG, JPEG or SVG.")] = None,
) -> None:
    """Show a UBL invoice, credit note, reminder or response as a person reads it. Exit code 2: it cannot be shown."""
    from ehf_builder.preview import as_html, as_pdf, page_of  # noqa: PLC0415 - the service needs no typesetter

    try:
        page = page_of(parse(_read(file)), language)
        made = (as_pdf if form == "pdf" else as_html)(page, logo.read_bytes() if logo else None)
        out.write_bytes(made)
    except UnreadableError as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    except (OSError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(COULD_NOT_RUN) from error


@app.command("rules")
def list_rules() -> None:
    """List the rule sets with their days, document types and stylesheets (SHA-256): one JSON line per rule set."""
    try:
        loaded = rules.load(cache_folder(os.environ), lambda line: typer.echo(line, err=True))
    except StackError as error:
        typer.echo(f"Could not run: {error}", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    for rule_set in loaded.sets:
        print(json.dumps(_described(loaded.folder, rule_set)))


@app.command()
def shadow(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A day on which the other rules are in force.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="UBL documents.", show_default=False)],
) -> None:
    """Judge files by today's rules and by those of another day: one JSON line per file whose findings would change.

    Exit code: 0 no document becomes invalid, 1 some do, 2 could not run.
    """
    try:
        engine = Engine(rules.load(cache_folder(os.environ), lambda line: typer.echo(line, err=True)))
        changes = [change for file in files if (change := _change(engine, file, day.date()))]
    except (StackError, OSError) as error:
        typer.echo(f"Could not run: {error}", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    for change in changes:
        print(json.dumps(change, ensure_ascii=False))
    worse = any(change["today"]["valid"] and not change["then"]["valid"] for change in changes)
    raise typer.Exit(SOME_NOT if worse else ALL_VALID)


def _change(engine: Engine, file: Path, day: date) -> dict[str, Any] | None:
    """Compare two verdicts; None where they say the same."""
    document = _read(file)
    today, then = (_judged(file, engine.validate(document, each)) for each in (_today(), day))
    told = [{key: verdict[key] for key in ("valid", "fatal", "warnings", "error")} for verdict in (today, then)]
    if told[0] == told[1]:
        return None
    return {"file": str(file), "rule_sets": [today["rule_set"], then["rule_set"]], "today": told[0], "then": told[1]}


def _described(folder: Path, rule_set: RuleSet) -> dict[str, Any]:
    paths = sorted({path for each in rule_set.stylesheets.values() for path in each})
    return {
        "name": rule_set.name,
        "valid_from": rule_set.valid_from.isoformat(),
        "valid_to": rule_set.valid_to.isoformat() if rule_set.valid_to else None,
        "in_force": rule_set.in_force(_today()),
        "document_types": sorted(rule_set.stylesheets),
        "stylesheets": {path.as_posix(): hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths},
    }


async def _validate(files: Sequence[Path], *, explain: bool) -> bool:
    loaded = rules.load(cache_folder(os.environ), lambda line: typer.echo(line, err=True))
    all_valid = True
    verdicts = _in_this_process(files, loaded) if len(files) <= FEW_FILES else _in_a_pool(files)
    async for report in verdicts:
        if not explain:
            del report["findings"]
        print(json.dumps(report, ensure_ascii=False), flush=True)
        all_valid = all_valid and report["valid"]
    return all_valid


async def _in_this_process(files: Sequence[Path], loaded: rules.Rules) -> AsyncIterator[dict[str, Any]]:
    engine, today = Engine(loaded), _today()
    for file in files:
        try:
            verdict = answer(engine, Validate(_read(file), today))
        except OSError as error:
            yield _unjudged(file, error.strerror or str(error))
            continue
        yield _judged(file, verdict) if isinstance(verdict, Verdict) else _unjudged(file, f"{FAILED}: {verdict}")


async def _in_a_pool(files: Sequence[Path]) -> AsyncIterator[dict[str, Any]]:
    async with Pool(cache_folder(os.environ), today=_today()) as pool:
        window = asyncio.Semaphore(100)  # documents in memory at once

        async def judge(file: Path) -> dict[str, Any]:
            async with window:
                try:
                    return _judged(file, await pool.validate(_read(file), _today()))
                except OSError as error:
                    return _unjudged(file, error.strerror or str(error))
                except (KillsWorkerError, ValidatorBugError) as error:
                    return _unjudged(file, f"{FAILED}: {error}")

        for task in [asyncio.create_task(judge(file)) for file in files]:
            yield await task


def _today() -> date:
    return datetime.now(OSLO).date()


def _read(file: Path) -> bytes:
    """Read at most one byte more than the limit, so that a huge file is refused without being in memory."""
    with file.open("rb") as content:
        return content.read(Limits().size + 1)


def _judged(file: Path, verdict: Verdict) -> dict[str, Any]:
    if verdict.error:
        return {**_unjudged(file, verdict.error.en, verdict.rule_set), "findings": [asdict(verdict.error)]}
    return {
        "file": str(file),
        "valid": verdict.valid,
        "fatal": _ids(verdict.fatal),
        "warnings": _ids(verdict.warnings),
        "rule_set": verdict.rule_set,
        "error": None,
        "findings": [asdict(finding) for finding in verdict.findings],
    }


def _unjudged(file: Path, reason: str, rule_set: str | None = None) -> dict[str, Any]:
    nothing: dict[str, Any] = {"fatal": [], "warnings": [], "findings": []}
    return {"file": str(file), "valid": False, **nothing, "rule_set": rule_set, "error": reason}


def _ids(findings: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.rule for finding in findings))
