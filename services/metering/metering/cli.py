"""`python -m metering` runs the service, `python -m metering usage` shows what was counted."""

import asyncio
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub.db import Database
from hub.errors import Unavailable
from hub.ids import utc_now
from hub.runner import run
from metering import reports
from metering.app import NAME, build
from metering.usage import oslo_date

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, help="Sentral's metering. Without a command: run the service."
)
errors = Console(stderr=True)

Url = Annotated[str, typer.Option(envvar="HUB_DATABASE_URL", help="metering's database.", show_envvar=True)]
Month = Annotated[str | None, typer.Option(help="YYYY-MM, in Oslo; the current one if left out.")]
Client = Annotated[str | None, typer.Option(help="One client's organisation number.")]
Office = Annotated[str | None, typer.Option(help="What this accounting office may see.")]

_COLUMNS = (
    ("Office", "office_name"),
    ("Client no.", "client_number"),
    ("Client", "name"),
    ("Org. no.", "client"),
    ("Product", "product"),
    ("By client", "by_client"),
    ("By office", "by_office"),
    ("Reversed", "reversed"),
    ("Sum", "quantity"),
    ("Tests", "test"),
)
_NUMBERS = ("by_client", "by_office", "reversed", "quantity", "test")


@app.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Run metering (settings from HUB_…)."""
    if context.invoked_subcommand is None:
        run(build)


@app.command()
def usage(month: Month = None, client: Client = None, office: Office = None, database_url: Url = "") -> None:
    """Show a month's usage per client and product."""
    if not database_url:
        errors.print("No database: set HUB_DATABASE_URL to metering's own.")
        raise typer.Exit(2)
    try:
        asked = reports.Asked.of(month, client, office, oslo_date(utc_now()))
        rows = asyncio.run(_read(database_url, asked))
    except reports.BadQueryError as error:
        errors.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from error
    except Unavailable as error:
        errors.print("[red]The database cannot be reached.[/red]", str(error), highlight=False)
        raise typer.Exit(2) from error
    Console().print(_table(asked, rows))


async def _read(url: str, asked: reports.Asked) -> list[dict[str, Any]]:
    database = Database(url, NAME, pool_size=1)
    try:
        async with database.begin() as connection:
            return await reports.summary(connection, asked)
    finally:
        await database.close()


def _table(asked: reports.Asked, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"Usage {asked.month}", show_footer=True)
    for title, name in _COLUMNS:
        footer = str(sum(row[name] for row in rows)) if name in _NUMBERS else ""
        table.add_column(title, footer=footer, justify="right" if name in _NUMBERS else "left")
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for _, name in _COLUMNS))
    return table


def main() -> None:
    """Run the command line."""
    app()
