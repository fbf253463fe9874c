"""The command line: run the service, or change the register (`python -m gateway admin --help`)."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.app import NAME, build
from gateway.catalogue import CATALOGUE
from gateway.catalogue.page import page
from gateway.keys import INSTALL_SCOPES, NewKey, Scope
from gateway.register import api_keys, companies, engagements, installs
from gateway.store.access import OSLO
from hub.db import Database
from hub.errors import Refused, Unavailable
from hub.ids import utc_now
from hub.parties import Address, KidAgreement, RegisterEntry
from hub.runner import run as run_service

T = TypeVar("T")

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, help="Sentral's gateway. Without a command: run the service."
)
admin = typer.Typer(no_args_is_help=True, help="Offices, companies, engagements, activations, installs and keys.")
office_app = typer.Typer(no_args_is_help=True, help="Accounting firms.")
company_app = typer.Typer(no_args_is_help=True, help="Companies on the hub.")
install_app = typer.Typer(no_args_is_help=True, help="ERP installations and whom they may act for.")
key_app = typer.Typer(no_args_is_help=True, help="Keys: shown once, rotated with an overlap, revoked.")
app.add_typer(admin, name="admin")
for name, group in (("office", office_app), ("company", company_app), ("install", install_app), ("key", key_app)):
    admin.add_typer(group, name=name)

# What scripts read is never broken to a terminal's width.
out = Console(width=None if sys.stdout.isatty() else 250)
errors = Console(stderr=True)


def _number(value: str) -> str:
    return re.sub(r"\s", "", value)


def _kid_agreement(value: str) -> KidAgreement:
    length, _, modulus = value.partition(":")
    try:
        return KidAgreement.model_validate({"length": int(length), "modulus": int(modulus or 10)})
    except ValueError as error:
        raise typer.BadParameter(f"{value} is no KID agreement; write length:modulus, as 10:10.") from error


Number = Annotated[str, typer.Argument(parser=_number, metavar="ORGNR", help="Organisation number.")]
Url = Annotated[str, typer.Option(envvar="HUB_DATABASE_URL", help="The gateway's database.", show_envvar=True)]
_state = {"url": ""}


@app.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Run the gateway (settings from HUB_…)."""
    if context.invoked_subcommand is None:
        run_service(build)


@app.command()
def problems() -> None:
    """Print the catalogue of problems as a page (docs/problems.md)."""
    print(page(CATALOGUE.values()), end="")


@admin.callback()
def connect(database_url: Url = "") -> None:
    """Remember which database the register is in."""
    _state["url"] = database_url


def change(work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Do the work in one transaction; on failure say why and exit (1 refused, 2 no database)."""

    async def run() -> T:
        database = Database(_state["url"], NAME, pool_size=1)
        try:
            async with database.begin() as connection:
                return await work(connection)
        finally:
            await database.close()

    if not _state["url"]:
        errors.print("No database: set HUB_DATABASE_URL, or start from a data folder: python -m hub admin --data DIR …")
        raise typer.Exit(2)
    try:
        return asyncio.run(run())
    except Refused as refused:
        for problem in refused.problems:
            errors.print(f"[red]{problem.en}[/red]", highlight=False)
        raise typer.Exit(1) from refused
    except Unavailable as unavailable:
        errors.print(f"[red]The database cannot be reached.[/red] {unavailable}", highlight=False, markup=False)
        raise typer.Exit(2) from unavailable


def show(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False, box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else _cell(value) for value in row))
    out.print(table if table.row_count else f"{title}: none yet.")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(OSLO).strftime("%Y-%m-%d %H:%M")
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _print_key(key: NewKey) -> None:
    out.print(f"Key {key.id}. It is shown this once; keep it now:", highlight=False)
    out.print(key.text, highlight=False, soft_wrap=True)


@office_app.command("add")
def office_add(number: Number, name: str) -> None:
    """Create an office, or rename it."""
    made = change(lambda connection: companies.put_office(connection, number, name, utc_now()))
    out.print(f"Office {made.organisation_number} {made.name}", highlight=False)


@office_app.command("list")
def office_list() -> None:
    """List the offices."""
    show("Offices", ("Number", "Name"), change(companies.offices))


@company_app.command("add")
def company_add(  # noqa: PLR0913, PLR0917 - each is an option of the command
    number: Number,
    name: str,
    street: str | None = None,
    postal_code: str | None = None,
    city: str | None = None,
    country: str = "NO",
    vat_registered: Annotated[bool, typer.Option(help="In the VAT register.")] = False,
    business_register: Annotated[bool, typer.Option(help="In the register of business enterprises.")] = False,
    endpoint: Annotated[str | None, typer.Option(help="Electronic address, if not 0192:ORGNR.")] = None,
    account: Annotated[str | None, typer.Option(help="Norwegian account number, 11 digits.")] = None,
    iban: str | None = None,
    kid: Annotated[
        list[KidAgreement] | None,
        typer.Option(parser=_kid_agreement, metavar="LENGTH:MODULUS", help="KID agreement; up to three."),
    ] = None,
    email: str | None = None,
) -> None:
    """Create a company, or replace what the register says of it."""
    entry = RegisterEntry(
        organisation_number=number,
        name=name,
        address=Address(street=street, postal_code=postal_code, city=city, country=country),
        vat_registered=vat_registered,
        business_register=business_register,
        endpoint=endpoint,
        account=account,
        iban=iban,
        kid_agreements=tuple(kid or ()),
        email=email,
    )
    made = change(lambda connection: companies.put_company(connection, entry, utc_now()))
    out.print(f"Company {made.organisation_number} {made.name}", highlight=False)


@company_app.command("list")
def company_list() -> None:
    """List the companies."""
    rows = change(companies.companies)
    show(
        "Companies",
        ("Number", "Name", "Address", "VAT"),
        ((c.organisation_number, c.name, c.electronic_address, "yes" if c.vat_registered else "no") for c in rows),
    )


@admin.command("engage")
def engage(
    office: Number,
    company: Number,
    client_number: Annotated[str, typer.Option(help="The office's own number for this client.")],
    payer: Annotated[Literal["office", "company"], typer.Option(help="Whose statement it is.")] = "office",
    valid_from: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    valid_to: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="First day without.")] = None,
) -> None:
    """Let an office serve a company, from today unless a day is given."""
    now = utc_now()
    begins = valid_from.date() if valid_from else now.astimezone(OSLO).date()
    ends = valid_to.date() if valid_to else None
    made = change(
        lambda connection: engagements.engage(connection, office, company, client_number, payer, begins, now, ends)
    )
    out.print(f"Engagement {made.id}: {made.office} serves {made.company} from {made.valid_from}", highlight=False)


@admin.command("engagements")
def engagement_list() -> None:
    """List the engagements."""
    rows = change(engagements.engagements)
    columns = ("Id", "Office", "Client number", "Company", "Payer", "From", "To")
    shown = ((e.id, e.office, e.client_number, e.company, e.payer, e.valid_from, e.valid_to) for e in rows)
    show("Engagements", columns, shown)


@admin.command("activate")
def activate(company: Number, service: Literal["sending", "receiving"]) -> None:
    """Activate sending or receiving for a company, at once."""
    made = change(lambda connection: engagements.activate(connection, company, service, utc_now()))
    out.print(f"{made.company} is active for {made.service} from {_cell(made.active_from)}", highlight=False)


@admin.command("activations")
def activation_list() -> None:
    """List the activations."""
    rows = change(engagements.activations)
    shown = ((a.company, a.service, a.active_from, a.active_to, a.inbox_fetched_at) for a in rows)
    show("Activations", ("Company", "Service", "From", "To", "Inbox fetched"), shown)


@install_app.command("add")
def install_add(
    name: str,
    office: Annotated[str | None, typer.Option(parser=_number, help="The office that owns it.")] = None,
    company: Annotated[str | None, typer.Option(parser=_number, help="The company that owns it.")] = None,
    acts_for: Annotated[list[str] | None, typer.Option(help="A company it may act for; repeat for more.")] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="What its key opens; transactions and inbox.")] = None,
) -> None:
    """Create an install and print its key, once."""

    async def work(connection: AsyncConnection) -> tuple[installs.Install, NewKey]:
        now = utc_now()
        named = [_number(one) for one in acts_for or ()]
        made = await installs.add_install(
            connection, name, now, owner_office=office, owner_company=company, companies=named
        )
        return made, await api_keys.add_key(connection, made.id, name, now, scopes=scope or INSTALL_SCOPES)

    made, key = change(work)
    out.print(f"Install {made.id} {made.name}, acts for {_cell(made.companies) or 'nobody yet'}", highlight=False)
    _print_key(key)


@install_app.command("allow")
def install_allow(install: UUID, company: Number) -> None:
    """Let an install act for a company."""
    change(lambda connection: installs.allow(connection, install, company))


@install_app.command("disallow")
def install_disallow(install: UUID, company: Number) -> None:
    """Let an install act for a company no longer."""
    change(lambda connection: installs.disallow(connection, install, company))


@install_app.command("list")
def install_list() -> None:
    """List the installs."""
    rows = change(installs.installs)
    shown = ((i.id, i.name, i.owner_office or i.owner_company, i.companies) for i in rows)
    show("Installs", ("Id", "Name", "Owner", "Acts for"), shown)


@key_app.command("add")
def key_add(
    label: str,
    install: Annotated[UUID | None, typer.Option(help="The install; none for an operator's key.")] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="What it opens.")] = None,
) -> None:
    """Make a key: of an install, or of an operator (scope admin)."""
    scopes = scope or (INSTALL_SCOPES if install else [Scope.ADMIN])
    _print_key(change(lambda connection: api_keys.add_key(connection, install, label, utc_now(), scopes=scopes)))


@key_app.command("rotate")
def key_rotate(key: str, overlap_hours: Annotated[int, typer.Option(min=0, help="How long both work.")] = 168) -> None:
    """Make a key with the same rights; the old one works on for the overlap."""
    overlap = timedelta(hours=overlap_hours)
    _print_key(change(lambda connection: api_keys.rotate_key(connection, key, utc_now(), overlap=overlap)))


@key_app.command("revoke")
def key_revoke(key: str) -> None:
    """End a key at once."""
    change(lambda connection: api_keys.revoke_key(connection, key, utc_now()))
    out.print(f"Key {key} is revoked.", highlight=False)


@key_app.command("list")
def key_list() -> None:
    """List the keys, never their secrets."""
    rows = change(api_keys.api_keys)
    shown = ((k.id, k.label, k.scopes, k.install, k.created_at, k.expires_at, k.revoked_at) for k in rows)
    show("Keys", ("Id", "Label", "Scopes", "Install", "Created", "Expires", "Revoked"), shown)


def main() -> None:
    """Run the command line."""
    app()
