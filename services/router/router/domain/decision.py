"""The router's decision: pure, over gathered facts, and every channel that was not chosen says why.

The order: (1) the customer's own choice, (2) the recipient's inbox in the hub, (6) none, with what would help. What
comes between them (a look-up in Peppol, e-mail, print) is another candidate in `_candidates`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.errors import Problem
from hub.parties import Activation, Channel, Fact
from hub.pipeline import BlobRef, Purpose
from router.domain import reasons

INBOX_FETCHED_WITHIN = timedelta(days=30)

_FIT = {
    Channel.PEPPOL: {Purpose.PEPPOL},
    Channel.FTP: {Purpose.PEPPOL, Purpose.DOCUMENT},
    Channel.INBOX: {Purpose.PEPPOL, Purpose.DOCUMENT},
}
_NEEDS_SENDING = {Channel.PEPPOL, Channel.INBOX}


class Facts(Fact):
    """What is known when the decision is made; kept with it.

    `company` is the recipient's organisation number, if it is on the hub; `receiving` its activation, `sending` the
    client's; `choice` and `ftp_target` what the client's customer register says. The document and what Peppol
    asks of it decide nothing now; a later leg is made of them.
    """

    at: datetime
    recipient: str
    purposes: tuple[Purpose, ...]
    test: bool = False
    choice: Channel | None = None
    ftp_target: UUID | None = None
    company: str | None = None
    receiving: Activation | None = None
    sending: Activation | None = None
    document: BlobRef | None = None
    document_type_id: str | None = None
    process_id: str | None = None
    sender_country: str | None = None


class Reason(Fact):
    """Why a channel was not chosen."""

    channel: Channel
    problem: Problem


@dataclass(frozen=True, slots=True)
class Decision:
    """A channel and what chose it (`choice`, `on_hub`), or a failure; and why the others were not chosen."""

    channel: Channel | None
    chosen_by: str | None
    failure: Problem | None
    rejected: tuple[Reason, ...]


def decide(facts: Facts) -> Decision:
    """Choose the first channel that nothing stands against."""
    rejected: list[Reason] = []
    for channel, chosen_by in _candidates(facts):
        against = obstacle(channel, facts)
        if against is None:
            return Decision(channel, chosen_by, None, tuple(rejected))
        rejected.append(Reason(channel=channel, problem=against))
    return Decision(None, None, _failure(facts, rejected), tuple(rejected))


def decide_inbound(facts: Facts) -> Decision:
    """Choose the inbox of a recipient that receives through the hub; there is nowhere else for it to go."""
    against = reasons.not_on_hub(facts.recipient) if facts.company is None else None
    if facts.company is not None and not is_active(facts.receiving, facts.at):
        against = reasons.receiving_not_activated(facts.company)
    if against is None:
        return Decision(Channel.INBOX, "on_hub", None, ())
    rejected = (Reason(channel=Channel.INBOX, problem=against),)
    return Decision(None, None, reasons.nobody_to_receive(facts.recipient, against), rejected)


def is_active(activation: Activation | None, at: datetime) -> bool:
    """Tell whether it is in force."""
    if activation is None or at < activation.active_from:
        return False
    return activation.active_to is None or at < activation.active_to


def _candidates(facts: Facts) -> Iterator[tuple[Channel, str]]:
    if facts.choice is not None:
        yield facts.choice, "choice"
    if facts.choice is not Channel.INBOX:
        yield Channel.INBOX, "on_hub"


def obstacle(channel: Channel, facts: Facts) -> Problem | None:
    """Return what stands against a channel; that only the sender is not activated comes last."""
    if facts.test:
        return reasons.test_stays_inside()
    if not _FIT[channel].intersection(facts.purposes):
        return reasons.not_fit(channel)
    if channel is Channel.FTP and facts.ftp_target is None:
        return reasons.no_ftp_target()
    if channel is Channel.INBOX and (closed := _inbox_obstacle(facts)) is not None:
        return closed
    if channel in _NEEDS_SENDING and not is_active(facts.sending, facts.at):
        return reasons.sending_not_activated(channel)
    return None


def _inbox_obstacle(facts: Facts) -> Problem | None:
    if facts.company is None:
        return reasons.not_on_hub(facts.recipient)
    if facts.receiving is None or not is_active(facts.receiving, facts.at):
        return reasons.receiving_not_activated(facts.company)
    seen = max(facts.receiving.active_from, facts.receiving.inbox_fetched_at or facts.receiving.active_from)
    if facts.at - seen > INBOX_FETCHED_WITHIN:
        return reasons.inbox_not_fetched(facts.company, seen, INBOX_FETCHED_WITHIN)
    return None


def _failure(facts: Facts, rejected: list[Reason]) -> Problem:
    """Return why nothing was chosen: the client's own missing activation, where that alone stands against a channel."""
    for code in (reasons.TEST, reasons.NOT_ACTIVATED):
        for reason in rejected:
            if reason.problem.code == code:
                return reason.problem
    return reasons.no_route(facts.recipient, [reason.problem for reason in rejected])
