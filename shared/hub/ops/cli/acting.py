"""Commands that change something; each is in the audit trail of its service, with who did it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from hub.ops.cli.client import Answer, CommandError, Hub
from hub.ops.cli.looking import message_of
from hub.ops.cli.session import Session, session_of, tell
from hub.ops.cli.tables import age, out
from hub.pauses import Kind

Reason = Annotated[str, typer.Option(help="Why; kept in the audit trail.")]
MaybeReason = Annotated[str | None, typer.Option(help="Why; kept in the audit trail.")]
Message = Annotated[str | None, typer.Argument(metavar="[SERVICE/NUMBER]", help="One message.")]
Cause = Annotated[str | None, typer.Option(help="All messages of this cause.")]
OfConsumer = Annotated[str | None, typer.Option("--consumer", help="With --cause: this consumer's only.")]
Expected = Annotated[int | None, typer.Option(help="How many messages you expect; asked for if left out.")]
Delivery = Annotated[str, typer.Argument(metavar="TRANSACTION/LEG")]


class Result(StrEnum):
    """How a delivery in doubt ended."""

    DELIVERED = "delivered"
    FAILED = "failed"
    NOT_SENT = "not_sent"


def _say(session: Session, answer: Any, told: str) -> None:
    if not session.printed(answer):
        out.print(told, markup=False, highlight=False)


def replay(
    context: typer.Context,
    message: Message = None,
    cause: Cause = None,
    consumer: OfConsumer = None,
    rate: Annotated[float, typer.Option(min=0.01, max=1000, help="With --cause: messages a second.")] = 10.0,
    expected: Expected = None,
    reason: MaybeReason = None,
) -> None:
    """Have one parked message, or all of a cause, handled again; events keep their ids, so a repeat is harmless."""
    session = session_of(context)
    if message is not None:
        service, seq = _one(message, cause)
        answer = session.run(session.hub.call(service, "POST", f"/parked/{seq}/replay", {"reason": reason}))
        done = answer["state"] == "replayed"
        _say(session, answer, f"{message} was replayed before." if done else f"{message} is handled again now.")
        return
    service, group = _group(session, cause, consumer, expected)
    answer = session.run(session.hub.call(service, "POST", "/parked/replay", {**group, "rate": rate, "reason": reason}))
    over = f"over {age(answer['seconds'])}" if answer["seconds"] >= 1 else "at once"
    _say(session, answer, f"{answer['replaying']} messages are handled again, {over}.")


def discard(
    context: typer.Context,
    reason: Reason,
    message: Message = None,
    cause: Cause = None,
    consumer: OfConsumer = None,
    expected: Expected = None,
) -> None:
    """Give one parked message up for good, or all of a cause; what waits behind goes on."""
    session = session_of(context)
    if message is not None:
        service, seq = _one(message, cause)
        answer = session.run(session.hub.call(service, "POST", f"/parked/{seq}/discard", {"reason": reason}))
        _say(session, answer, f"{message} is discarded.")
        return
    service, group = _group(session, cause, consumer, expected)
    answer = session.run(session.hub.call(service, "POST", "/parked/discard", {**group, "reason": reason}))
    _say(session, answer, f"{answer['discarded']} messages are discarded.")


def _one(message: str, cause: str | None) -> tuple[str, int]:
    """Return the service and number of a single message."""
    if cause is not None:
        _either()
    return message_of(message)


def _either() -> NoReturn:
    tell("Give either SERVICE/NUMBER or --cause.")
    raise typer.Exit(2)


def _group(
    session: Session, cause: str | None, consumer: str | None, expected: int | None
) -> tuple[str, Mapping[str, Any]]:
    """Return where a cause's messages are, and how many the operator expects: typed, unless it was given."""
    if cause is None:
        _either()
    found, _ = session.run(session.hub.everywhere("/parked"))
    groups = [
        (service, group)
        for service, answer in found.items()
        for group in answer["causes"]
        if group["cause"] == cause and consumer in (None, group["consumer"])
    ]
    if not groups:
        tell(f"Nothing is parked for the cause {cause}; `parked` lists what is.")
        raise typer.Exit(1)
    if len(groups) > 1:
        several = ", ".join(group["consumer"] for _, group in groups)
        tell(f"Several consumers have messages of this cause; say which with --consumer: {several}.")
        raise typer.Exit(1)
    ((service, group),) = groups
    if expected is None:
        if session.as_json:
            tell("With --json, say with --expected how many messages you expect.")
            raise typer.Exit(2)
        failed = group["dead"] + group["retry"]
        out.print(f"{failed} messages of {group['consumer']}: {group['sample']}", markup=False, highlight=False)
        expected = typer.prompt("Type how many they are to go on", type=int)
    return service, {"consumer": group["consumer"], "cause": cause, "expected": expected}


def pause(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What to pause.")],
    name: Annotated[str, typer.Argument(help="Its name, as `consumers` and `destinations` list it.")],
    reason: MaybeReason = None,
) -> None:
    """Let a consumer, a destination or a sender's whole channel stand still, through restarts, until resumed."""
    _switch(session_of(context), kind, name, "pause", reason)


def resume(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What to resume.")],
    name: Annotated[str, typer.Argument(help="Its name.")],
    reason: MaybeReason = None,
) -> None:
    """Let it go on."""
    _switch(session_of(context), kind, name, "resume", reason)


def _switch(session: Session, kind: Kind, name: str, word: str, reason: str | None) -> None:
    service, path = session.run(_place(session.hub, kind, name))
    answer = session.run(session.hub.call(service, "POST", f"{path}/{word}", {"reason": reason}))
    _say(session, answer, f"The {kind} {name} {'stands still' if word == 'pause' else 'goes on'} ({service}).")


async def _place(hub: Hub, kind: Kind, name: str) -> tuple[str, str]:
    """Return the service that has it, and its path there; raises CommandError."""
    found, failed = await hub.everywhere("/consumers" if kind is Kind.CONSUMER else "/destinations")
    for service, answer in found.items():
        if kind is Kind.CONSUMER and name in {one["consumer"] for one in answer["consumers"]}:
            return service, f"/consumers/{quote(name)}"
        if kind is Kind.CHANNEL and answer["channel"] == name:
            return service, "/channel"
        if kind is Kind.DESTINATION and (known := _destination(answer["destinations"], name)):
            return service, f"/destinations/{quote(known, safe='')}"
    sender, _, idle = name.partition("/")
    if kind is Kind.DESTINATION and sender in found and idle:  # nothing waits for it, so it is not listed
        return sender, f"/destinations/{quote(idle, safe='')}"
    hint = (
        "`consumers` lists them." if kind is Kind.CONSUMER else "`destinations` lists those that something waits for."
    )
    hint += " Name an idle one as SERVICE/DESTINATION." if kind is Kind.DESTINATION else ""
    raise CommandError(" ".join([f"No {kind} is called {name}; {hint}", *failed]), 404)


def _destination(listed: Sequence[Mapping[str, Any]], name: str) -> str | None:
    """Return the destination of this name, given as listed; raises CommandError where several are known by it."""
    found = [one["destination"] for one in listed if name in (one["destination"], one["name"])]
    if len(found) > 1:
        raise CommandError(f"{len(found)} destinations are called {name}; give one by its id: {', '.join(found)}.", 409)
    return found[0] if found else None


def skip(context: typer.Context, consumer: str, reason: Reason) -> None:
    """Let a consumer that lost its position go on from the log's beginning; what it handled before is dropped."""
    session = session_of(context)
    service, path = session.run(_place(session.hub, Kind.CONSUMER, consumer))
    answer = session.run(session.hub.call(service, "POST", f"{path}/skip-to-beginning", {"reason": reason}))
    gone = sum(max(0, one["to"] - one["from"]) for one in answer["skipped"])
    told = f"{consumer} goes on from the beginning; {gone or 'it is not known how many'} messages were never handled."
    _say(session, answer, told if answer["skipped"] else f"{consumer} has lost no position.")


def ask(context: typer.Context, name: Delivery, reason: MaybeReason = None) -> None:
    """Ask after a delivery in doubt, or try one that waits for its next attempt, now."""
    session = session_of(context)
    answer = session.run(_on_delivery(session.hub, name, "ask", {"reason": reason}))
    _say(session, answer, f"{name} ({answer['state']}) is up now; `delivery {name}` shows what comes of it.")


def settle(
    context: typer.Context,
    name: Delivery,
    result: Annotated[Result, typer.Argument(help="not_sent has it sent again.")],
    reason: Reason,
    nothing_sent: Annotated[
        bool, typer.Option("--nothing-sent", help="With failed: there is proof that the recipient got nothing.")
    ] = False,
) -> None:
    """Say how a delivery in doubt ended. Should a receipt come later, it counts instead, and is shown beside it."""
    session = session_of(context)
    body = {"result": result, "reason": reason, "nothing_sent": nothing_sent}
    answer = session.run(_on_delivery(session.hub, name, "settle", body))
    _say(session, answer, f"{name} is settled as {answer['settled_as']}; it is {answer['state']} now.")


async def _on_delivery(hub: Hub, name: str, word: str, body: Mapping[str, Any]) -> Answer:
    service, _ = await hub.holder(f"/deliveries/{name}", f"the delivery {name}")
    return await hub.call(service, "POST", f"/deliveries/{name}/{word}", body)


def reroute(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="TRANSACTION")],
    channel: Annotated[str, typer.Option(help="peppol, ftp or inbox.")],
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="Another address: scheme:id, or an FTP target's id.")] = None,
    leg: Annotated[int | None, typer.Option(help="The new leg's number, so that a repeat is known.")] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="You have made sure that the recipient does not have it.")
    ] = False,
) -> None:
    """Send a document that was not delivered another way: its next leg, metered as its own delivery."""
    session = session_of(context)
    body = {"channel": channel, "to": to, "leg": leg, "reason": reason, "confirm": confirm}
    answer = session.run(session.hub.call("router", "POST", f"/transactions/{identifier}/reroute", body))
    before = " (ordered before)" if answer["repeated"] else ""
    _say(session, answer, f"{identifier} goes by {answer['channel']} as leg {answer['leg']}{before}.")
