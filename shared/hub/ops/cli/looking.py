"""Commands that look and change nothing."""

from typing import Annotated, Any

import typer

from hub.ops.cli.session import session_of, tell
from hub.ops.cli.tables import age, ago, out, short, show, when

PARKED_HELP = "Parked messages by cause; with --cause its messages. `parked show SERVICE/NUMBER` shows one."


def queues(
    context: typer.Context, every: Annotated[bool, typer.Option("--all", help="Empty ones too.")] = False
) -> None:
    """Show what waits in each service, how much of it, and since when; the oldest first."""
    session = session_of(context)
    found = session.everywhere("/queues")
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
                (row["worst"]["name"] or row["worst"]["destination"]) if row.get("worst") else "",
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
    found = session.everywhere(f"/parked?cause={cause}&limit=200" if cause else "/parked")
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
    session.show(session.run(session.hub.call(service, "GET", f"/parked/{seq}")))


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
        for service, answer in session.everywhere("/consumers").items()
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
    found = session.everywhere("/destinations")
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
                row["name"] or row["destination"],
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
                name = row["name"] or row["destination"]
                out.print(f"{name} is {_paused(row['paused'])}", markup=False, highlight=False)


def _condition(row: dict[str, Any]) -> str:
    if row["paused"]:
        return "paused"
    if not row["breakers"]:
        return ""
    left = max((breaker["open_until"] for breaker in row["breakers"] if breaker["open_until"]), default=None)
    return f"down until {(when(left) or '')[11:]}" if left else "down lately"


def instances(context: typer.Context) -> None:
    """Show each service's instances: whether they live, since when, and what they lack."""
    session = session_of(context)
    rows = [
        {"service": service, **row}
        for service, answer in session.everywhere("/instances").items()
        for row in answer["instances"]
    ]
    if session.printed(rows):
        return
    show(
        "Instances",
        ("Service", "Instance#", "Since#", "State"),
        ((row["service"], row["ordinal"], ago(row["started_at"]), _instance_state(row)) for row in rows),
        "No instance has told of itself.",
    )


def _instance_state(row: dict[str, Any]) -> str:
    if row["silent"]:
        return f"silent for {ago(row['seen_at'])}: it was stopped, or cannot write"
    lacks = [f"{part['part']}: {part['lacks']}" for part in row["parts"] if part["lacks"]]
    return short("; ".join(lacks)) or "ready"


def audit(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50
) -> None:
    """Show who did what, when and why."""
    session = session_of(context)
    rows = [
        {"service": service, **row}
        for service, answer in session.everywhere(f"/audit?limit={limit}").items()
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
