"""The hub's command line: `python -m hub --help`."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.demo import command
from hub.ops import cli as ops
from hub.pipeline import TOPICS
from hub.stack.catalogue import GATEWAY, SERVICES, missing, specs
from hub.stack.errors import StackError
from hub.stack.local import known_service_url
from hub.stack.run import RunningStack, run_stack

COULD_NOT_RUN = 2
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sentral, a message hub for e-invoices.",
)
app.add_typer(ops.app, name="ops")
Data = Annotated[Path, typer.Option(help="Where databases, documents and logs are kept.", envvar="HUB_DATA_DIR")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The gateway's port on 127.0.0.1.")]
Instances = Annotated[
    int, typer.Option(min=1, max=8, help="How many of each service share the work.", envvar="HUB_INSTANCES")
]
DATA = Path(".data")


def _run(work: Coroutine[Any, Any, bool | None]) -> None:
    """Run to its end; exit code 0 as it should be (or after Ctrl-C), 1 not so, 2 could not run."""
    try:
        good = asyncio.run(work)
    except StackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    raise typer.Exit(1 if good is False else 0)


@app.command("run")
def run_hub(
    data: Data = DATA,
    port: Port = 8080,
    demo: Annotated[bool, typer.Option("--demo", help="With made-up parties and an outside world.")] = False,
    instances: Instances = 1,
) -> None:
    """Start PostgreSQL, Kafka and every service, and serve until Ctrl-C.

    The first gateway listens on the port given; services.json in the data folder names where the others do.
    With HUB_DATABASE_URL and HUB_KAFKA_BOOTSTRAP set, those servers are used and none is started.
    """
    if demo:
        _run(command.run(data, port, command.serve, instances))
    for service in SERVICES:
        if lacking := missing(service, os.environ):
            typer.echo(f"{service} is not started ({', '.join(lacking)} not set); its deliveries wait.")

    async def serve(_stack: RunningStack) -> bool:
        typer.echo(f"Sentral serves at http://127.0.0.1:{port} until Ctrl-C.")
        await asyncio.Event().wait()
        return True

    async def start() -> bool | None:
        return await run_stack(data, specs(port, os.environ, instances=instances), TOPICS, then=serve)

    _run(start())


@app.command("demo")
def run_demo(
    data: Data = DATA,
    port: Port = 8080,
    once: Annotated[bool, typer.Option("--once", help="Stop after the table; exit 1 if anything ended wrong.")] = False,
) -> None:
    """Send the examples through the hub and show each one's way; then serve until Ctrl-C."""
    _run(command.run(data, port, command.send_once if once else command.send))


@app.command(context_settings=PASSED_ON, add_help_option=False)
def validate(context: typer.Context) -> None:
    """Judge UBL files by the official rules: `validate FILE…` prints a JSON line per file."""
    _become("ehf_builder", "validate", *context.args)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def admin(context: typer.Context, data: Data = DATA) -> None:
    """Offices, companies, installs and keys, on a hub that runs: `admin --help`."""
    try:
        os.environ["HUB_DATABASE_URL"] = known_service_url(data, GATEWAY, os.environ)
    except StackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    _become("gateway", "admin", *context.args)


def _become(module: str, *arguments: str) -> None:
    """Become a service's own command: the hub imports none of them."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", module, *arguments])  # noqa: S606
