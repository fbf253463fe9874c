"""A decision as the events that carry it out: the order to a sender, or the failure told to the client."""

import re
from datetime import datetime

from hub.parties import Channel
from hub.pipeline import (
    DeliveryFailed,
    DeliveryOrdered,
    Destination,
    DocumentReceived,
    FtpDestination,
    InboxDestination,
    InvoiceReady,
    PeppolDestination,
)
from router.domain.decision import Decision, Facts
from router.domain.products import RECEIVED, SENT

FIRST_LEG = 1
_UNSAFE = re.compile(r"[^0-9A-Za-z-]+")
_MOST_OF_NUMBER = 40


def order(event: InvoiceReady | DocumentReceived, facts: Facts, decision: Decision) -> DeliveryOrdered | DeliveryFailed:
    """Return what the decision means for this document's first leg."""
    if decision.channel is None:
        if decision.failure is None:
            raise ValueError("a decision without a channel says why")
        return DeliveryFailed.caused(
            event.transaction_id,
            event.id,
            facts.at,
            str(FIRST_LEG),
            parties=event.parties,
            leg=FIRST_LEG,
            attempt=0,
            channel=None,
            problem=decision.failure,
            nothing_sent=True,
        )
    inbound = isinstance(event, DocumentReceived)
    return DeliveryOrdered.caused(
        event.transaction_id,
        event.id,
        facts.at,
        str(FIRST_LEG),
        parties=event.parties,
        leg=FIRST_LEG,
        product=RECEIVED if inbound else SENT[decision.channel],
        document=event.document,
        where=_where(event, facts, decision.channel),
    )


def _where(event: InvoiceReady | DocumentReceived, facts: Facts, channel: Channel) -> Destination:
    if channel is Channel.INBOX and facts.company is not None:
        return InboxDestination(company=facts.company)
    if channel is Channel.FTP and facts.ftp_target is not None:
        return FtpDestination(
            target=facts.ftp_target, file_name=file_name(event.parties.number, str(event.transaction_id))
        )
    if channel is Channel.PEPPOL and isinstance(event, InvoiceReady):
        return PeppolDestination(
            receiver=event.parties.recipient,
            document_type_id=event.document_type_id,
            process_id=event.process_id,
            country=event.sender_country,
        )
    raise ValueError(f"{channel} was chosen without what it needs")


def file_name(number: str, transaction_id: str) -> str:
    """Return a name that any server takes, unique by the transaction: `<number>_<transaction id>.xml`."""
    safe = _UNSAFE.sub("-", number).strip("-")[:_MOST_OF_NUMBER]
    return f"{safe or 'faktura'}_{transaction_id}.xml"


def facts_of(event: InvoiceReady | DocumentReceived, at: datetime) -> Facts:
    """Return the facts that the event itself tells; those of the register are filled in after."""
    customer = event.customer if isinstance(event, InvoiceReady) else None
    return Facts(
        at=at,
        recipient=event.parties.recipient,
        purposes=event.purposes if isinstance(event, InvoiceReady) else (),
        test=event.parties.test,
        choice=customer.channel if customer else None,
        ftp_target=customer.ftp_target if customer else None,
        document=event.document,
        document_type_id=event.document_type_id,
        process_id=event.process_id,
        sender_country=event.sender_country if isinstance(event, InvoiceReady) else None,
    )
