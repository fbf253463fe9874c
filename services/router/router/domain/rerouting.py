"""The next leg of a document, by an operator's recorded word: pure, over what is stored and what the gateway knows."""

import re
from uuid import UUID

from hub.errors import Problem
from hub.parties import Channel, Direction, Fact
from hub.pipeline import (
    Cancelled,
    DeliveryFailed,
    DeliveryOrdered,
    Destination,
    FtpDestination,
    InboxDestination,
    PeppolDestination,
)
from hub.status import State
from router.domain import reasons
from router.domain.decision import Facts, decide_inbound, obstacle
from router.domain.orders import file_name
from router.domain.products import RECEIVED, SENT

_ADDRESS = re.compile(r"\d{4}:[0-9A-Za-z:._-]{1,50}")
_OVER = frozenset({State.FAILED, State.CANCELLED, State.RETURNED})

Former = DeliveryOrdered | DeliveryFailed | Cancelled


class Standing(Fact):
    """What the gateway knows of the transaction (`GET /ops/transactions/{id}`)."""

    status: State
    leg: int
    nothing_sent: bool
    number_taken_by: UUID | None = None


class Wanted(Fact):
    """Which way an operator orders. `to` is another address than the stored one: `scheme:id`, or an FTP target's id.

    `confirmed`: the operator has made sure that the recipient does not have the document.
    """

    channel: Channel
    to: str | None = None
    confirmed: bool = False


def not_over(former: Former, standing: Standing, wanted: Wanted) -> Problem | None:
    """Return why there can be no next leg now: one leg at a time, and never two copies unnoticed."""
    if standing.leg < former.leg or standing.status not in _OVER:
        return reasons.still_under_way(former.leg, standing.status)
    if standing.number_taken_by is not None:
        return reasons.sent_anew(standing.number_taken_by)
    if standing.status is State.FAILED and not (standing.nothing_sent or wanted.confirmed):
        return reasons.may_have_arrived(former.leg)
    return None


def unreachable(former: Former, facts: Facts, wanted: Wanted) -> Problem | None:
    """Return why the document cannot go that way: the same reasons as for a first leg."""
    if former.parties.direction is Direction.INBOUND:
        return reasons.inbound_goes_to_the_inbox() if wanted.channel is not Channel.INBOX else _inbound(facts)
    return _wrong_address(wanted) or obstacle(wanted.channel, facts)


def addressed(facts: Facts, wanted: Wanted) -> Facts:
    """Return the facts with the FTP target that the operator names."""
    target = _uuid(wanted.to) if wanted.channel is Channel.FTP else None
    return facts.model_copy(update={"ftp_target": target}) if target else facts


def next_leg(former: Former, facts: Facts, wanted: Wanted) -> DeliveryOrdered:
    """Return the order; the same former leg always gives the same event id."""
    inbound = former.parties.direction is Direction.INBOUND
    leg = former.leg + 1
    return DeliveryOrdered.caused(
        former.transaction_id,
        f"reroute/{former.id}",
        facts.at,
        str(leg),
        parties=former.parties,
        leg=leg,
        product=RECEIVED if inbound else SENT[wanted.channel],
        document=facts.document,
        where=_where(former, facts, wanted),
    )


def _where(former: Former, facts: Facts, wanted: Wanted) -> Destination:
    if wanted.channel is Channel.INBOX and facts.company is not None:
        return InboxDestination(company=facts.company)
    if wanted.channel is Channel.FTP and facts.ftp_target is not None:
        name = file_name(former.parties.number, str(former.transaction_id))
        return FtpDestination(target=facts.ftp_target, file_name=name)
    if wanted.channel is Channel.PEPPOL and facts.document_type_id and facts.process_id and facts.sender_country:
        return PeppolDestination(
            receiver=wanted.to or former.parties.recipient,
            document_type_id=facts.document_type_id,
            process_id=facts.process_id,
            country=facts.sender_country,
        )
    raise ValueError(f"{wanted.channel} was ordered without what it needs")


def _inbound(facts: Facts) -> Problem | None:
    return decide_inbound(facts).failure


def _wrong_address(wanted: Wanted) -> Problem | None:
    if wanted.to is None:
        return None
    right = {
        Channel.PEPPOL: _ADDRESS.fullmatch(wanted.to) is not None,
        Channel.FTP: _uuid(wanted.to) is not None,
        Channel.INBOX: False,
    }
    return None if right[wanted.channel] else reasons.wrong_address(wanted.channel)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
