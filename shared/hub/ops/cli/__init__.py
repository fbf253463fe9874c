"""`python -m hub ops …`: what /ops gives, as tables that a person can read (or JSON for scripts)."""

from pathlib import Path
from typing import Annotated

import typer

from hub.ops.cli import acting, looking, tracing
from hub.ops.cli.session import Session, system_user

DATA = Path(".data")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Look into a running hub, and act on what is stuck.",
)


@app.callback()
def begin(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="The data folder of the hub that runs.", envvar="HUB_DATA_DIR")] = DATA,
    actor: Annotated[str, typer.Option(help="Who you are, for the audit trail; the system's user if left out.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Keep what stands before the command."""
    context.obj = Session(data, actor or system_user(), as_json)


_parked = typer.Typer(invoke_without_command=True, help=looking.PARKED_HELP)
_parked.callback()(looking.parked)
_parked.command("show")(looking.parked_show)
app.command("queues")(looking.queues)
app.add_typer(_parked, name="parked")
for name in ("instances", "consumers", "destinations"):
    app.command(name)(getattr(looking, name))
for name in ("in-doubt", "delivery", "transaction"):
    app.command(name)(getattr(tracing, name.replace("-", "_")))
app.command("audit")(looking.audit)
for name in ("replay", "discard", "pause", "resume", "skip", "ask", "settle", "reroute"):
    app.command(name)(getattr(acting, name))
