"""Commands that look and change nothing."""

from typing import Annotated, Any

import orjson
import typer

from hub.ops.cli.client import Answer, CommandError, Hub
from hub.ops.cli.session import Session, session_of, tell
from hub.ops.cli.tables import age, ago, out, short, show, when

PARKED_HELP = "Parked messages by cause; with --cause its messages. `parked show SERVICE/NUMBER` shows one."


def _everywhere(session: Session, path: str) -> dict[str, Answer]:
    """Return each service's answer; says which did not answer, because their rows are missing."""
    found, failed = session.run(session.hub.everywhere(path))
    for told in failed:
        tell(told)
    if not found:
        raise typer.Exit(2)
    return found


def queues(
    context: typer.Context, every: Annotated[bool, typer.Option("--all", help="Empty ones too.")] = False
) -> None:
    """Show what waits in each service, how much of it, and since when; the oldest first."""
    session = session_of(context)
    found = _everywhere(session, "/queues")
    rows = [{"service": service, **queue} for service, answer in found.items() for queue in answer["queues"]]
    rows.sort(key=lambda row: (-(row["oldest_age"] or 0), -(row["depth"] or 0)))
    if session.printed(rows):
        return
    shown = [row for row in rows if every or row["depth"] != 0]
    show(
        "Queues",
        ("Service", "Queue", "Depth#", "Oldest#", "Most of it"),
        (
            (
                row["service"],
                row["queue"],
                "unknown" if row["depth"] is None else row["depth"],
                age(row["oldest_age"]),
                row["worst"]["destination"] if row.get("worst") else "",
            )
            for row in shown
        ),
        "Nothing waits anywhere.",
    )


def parked(
    context: typer.Context,
    cause: Annotated[str | None, typer.Option(help="Show the messages of this cause.")] = None,
) -> None:
    """Print the causes, or a cause's messages, unless a subcommand was given."""
    if context.invoked_subcommand is not None:
        return
    session = session_of(context)
    found = _everywhere(session, f"/parked?cause={cause}&limit=200" if cause else "/parked")
    rows = [
        {"service": service, **row}
        for service, answer in found.items()
        for row in answer["parked" if cause else "causes"]
    ]
    if session.printed(rows):
        return
    if cause:
        _messages(rows)
    else:
        _causes(rows)


def _causes(rows: list[dict[str, Any]]) -> None:
    show(
        "Parked messages by cause",
        ("Consumer", "Cause", "Dead#", "Retry#", "Behind#", "Oldest#", "What happened"),
        (
            (
                row["consumer"],
                row["cause"],
                row["dead"],
                row["retry"],
                row["waiting"],
                ago(row["oldest"]),
                short(row["sample"]),
            )
            for row in rows
        ),
        "Nothing is parked.",
    )


def _messages(rows: list[dict[str, Any]]) -> None:
    show(
        "Parked messages",
        ("Message", "State", "Event", "Transaction", "Tries#", "Since#"),
        (
            (
                f"{row['service']}/{row['seq']}",
                row["state"],
                (row["type"] or "").removeprefix("hub.").rpartition(".")[0],
                row["key"],
                row["attempts"],
                ago(row["parked_at"]),
            )
            for row in rows
        ),
        "No message has this cause.",
    )


def parked_show(context: typer.Context, message: Annotated[str, typer.Argument(metavar="SERVICE/NUMBER")]) -> None:
    """Show one parked message with its error, headers and body."""
    session = session_of(context)
    service, seq = message_of(message)
    _details(session, session.run(session.hub.call(service, "GET", f"/parked/{seq}")))


def message_of(given: str) -> tuple[str, int]:
    """Read SERVICE/NUMBER, as the tables show it."""
    service, _, number = given.rpartition("/")
    if not service or not number.isdecimal():
        tell(f"{given}: give SERVICE/NUMBER, as `parked --cause CAUSE` lists it (router/12).")
        raise typer.Exit(2)
    return service, int(number)


def consumers(context: typer.Context) -> None:
    """Show each service's consumers: how far behind, paused, or stopped because messages were lost."""
    session = session_of(context)
    rows = [
        {"service": service, **row}
        for service, answer in _everywhere(session, "/consumers").items()
        for row in answer["consumers"]
    ]
    if session.printed(rows):
        return
    show(
        "Consumers",
        ("Service", "Consumer", "Lag#", "State"),
        (
            (row["service"], row["consumer"], "unknown" if row["lag"] is None else row["lag"], _state_of(row))
            for row in rows
        ),
        "There are no consumers.",
    )


def _state_of(row: dict[str, Any]) -> str:
    if row["lost"]:
        gone = sum(max(0, one["begins_at"] - one["next"]) for one in row["lost"])
        what = f"{gone} messages are gone from" if gone else "another log lies in the place of"
        return f"STOPPED: {what} {row['lost'][0]['topic']}; see `skip --help`"
    if row["paused"]:
        return _paused(row["paused"])
    return "running" if row["running"] else f"not running: {row['lacks']}"


def _paused(held: dict[str, Any]) -> str:
    why = f": {held['reason']}" if held["reason"] else ""
    return f"paused by {held['by']} {when(held['at'])}{why}"


def destinations(context: typer.Context) -> None:
    """Show each sender's destinations that something waits for, or that are paused."""
    session = session_of(context)
    found = _everywhere(session, "/destinations")
    if session.printed(found):
        return
    for service, answer in found.items():
        if answer["paused"]:
            out.print(f"{service}: the channel {answer['channel']} is {_paused(answer['paused'])}", highlight=False)
    show(
        "Destinations",
        ("Service", "Destination", "Due#", "Wait#", "Run#", "Doubt#", "Oldest#", "State"),
        (
            (
                service,
                row["destination"],
                row["due"],
                row["waiting"],
                row["under_way"],
                row["in_doubt"],
                ago(row["oldest"]),
                _condition(row),
            )
            for service, answer in found.items()
            for row in answer["destinations"]
        ),
        "Nothing is under way to any destination.",
    )
    for answer in found.values():
        for row in answer["destinations"]:
            if row["paused"]:
                out.print(f"{row['destination']} is {_paused(row['paused'])}", markup=False, highlight=False)


def _condition(row: dict[str, Any]) -> str:
    if row["paused"]:
        return "paused"
    if row["breaker"] and row["breaker"]["open_until"]:
        return f"down until {(when(row['breaker']['open_until']) or '')[11:]}"
    return "down lately" if row["breaker"] else ""


def in_doubt(context: typer.Context) -> None:
    """Show the deliveries of which nobody knows whether the recipient has them."""
    session = session_of(context)
    rows = [
        {"service": service, **row}
        for service, answer in _everywhere(session, "/deliveries?state=in_doubt&limit=500").items()
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
    _details(session, found)


def transaction(context: typer.Context, identifier: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show where a transaction stands, and everything that happened to it."""
    session = session_of(context)
    found = session.run(_transaction(session.hub, identifier))
    if session.printed(found):
        return
    _facts({name: value for name, value in found.items() if name not in ("timeline", "legs", "problems")})
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


def audit(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50
) -> None:
    """Show who did what, when and why."""
    session = session_of(context)
    rows = [
        {"service": service, **row}
        for service, answer in _everywhere(session, f"/audit?limit={limit}").items()
        for row in answer["audit"]
    ]
    rows = sorted(rows, key=lambda row: str(row["at"]), reverse=True)[:limit]
    if session.printed(rows):
        return
    show(
        "Audit",
        ("Time", "Who", "What", "On", "Why"),
        (
            ((when(row["at"]) or "")[5:], row["actor"], row["action"], _target(row), short(row["reason"]))
            for row in rows
        ),
        "Nobody has changed anything.",
    )


def _target(row: dict[str, Any]) -> str:
    """Return what was acted on, as commands name it."""
    target: str = row["target"]
    return f"{row['service']}/{target}" if target.isdecimal() else target


def _details(session: Session, content: Answer) -> None:
    if not session.printed(content):
        _facts(content)


def _facts(content: Answer) -> None:
    """Print name and value, one below the other; what has parts as indented JSON."""
    for name, value in content.items():
        if value in (None, [], {}):
            continue
        label = name.replace("_", " ")
        if isinstance(value, (dict, list)):
            text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
            out.print(f"{label}:\n{text}", markup=False, highlight=False, soft_wrap=True)
        elif "\n" in str(value):
            out.print(f"{label}:\n{value}", markup=False, highlight=False, soft_wrap=True)
        else:
            time = name.endswith(("_at", "_until")) and isinstance(value, str)
            out.print(f"{label:18} {when(value) if time else value}", markup=False, highlight=False, soft_wrap=True)
