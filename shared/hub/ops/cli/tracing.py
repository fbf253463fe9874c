"""Commands that follow one transaction or delivery: where it stands, what happened to it, what nobody knows of it."""

from typing import Annotated, Any

import typer

from hub.ops.cli.client import CommandError, Hub
from hub.ops.cli.session import session_of
from hub.ops.cli.tables import ago, facts, out, short, show, when


def in_doubt(context: typer.Context) -> None:
    """Show the deliveries of which nobody knows whether the recipient has them."""
    session = session_of(context)
    rows = [
        {"service": service, **row}
        for service, answer in session.everywhere("/deliveries?state=in_doubt&limit=500").items()
        for row in answer["deliveries"]
    ]
    if session.printed(rows):
        return
    show(
        "Deliveries in doubt",
        ("Delivery", "Client", "Invoice", "To", "Since#", "Asked#"),
        (
            (
                f"{row['transaction_id']}/{row['leg']}",
                row["client"],
                row["number"],
                row["recipient"],
                ago(row["doubted_at"]),
                row["asked"],
            )
            for row in rows
        ),
        "Nothing is in doubt.",
    )


def delivery(context: typer.Context, name: Annotated[str, typer.Argument(metavar="TRANSACTION/LEG")]) -> None:
    """Show one delivery with its attempts, and how it was settled."""
    session = session_of(context)
    _, found = session.run(session.hub.holder(f"/deliveries/{name}", f"the delivery {name}"))
    session.show(found)


def transaction(context: typer.Context, identifier: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show where a transaction stands, and everything that happened to it."""
    session = session_of(context)
    found = session.run(_transaction(session.hub, identifier))
    if session.printed(found):
        return
    facts({name: value for name, value in found.items() if name not in ("timeline", "legs", "problems")})
    for problem in found["problems"]:
        out.print(f"  {problem['en']}", markup=False, highlight=False)
    show(
        "\nTimeline",
        ("Time", "State", "Leg#", "Detail"),
        (
            (
                when(step["time"]),
                step["state"] + (" (overtaken)" if step["overtaken"] else ""),
                step["detail"].get("leg"),
                short(_step(step["detail"])),
            )
            for step in found["timeline"]
        ),
        "Nothing has happened yet.",
    )


async def _transaction(hub: Hub, identifier: str) -> dict[str, Any]:
    found = dict(await hub.call("gateway", "GET", f"/transactions/{identifier}"))
    try:
        found["legs"] = (await hub.call("router", "GET", f"/transactions/{identifier}"))["legs"]
    except CommandError as error:
        if error.status != 404:
            raise
        found["legs"] = []
    return found


def _step(detail: dict[str, Any]) -> str:
    told = [str(detail["channel"])] if detail.get("channel") else []
    told += [f"attempt {detail['attempt']}"] if detail.get("attempt") else []
    told += [problem["en"] for problem in detail.get("problems", ())]
    told += [f"confirmed by {detail['receipt']['confirmed_by']}"] if detail.get("receipt") else []
    return "; ".join(told)
