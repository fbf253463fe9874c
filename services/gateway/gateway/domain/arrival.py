"""Delivery to a company's inbox in the hub: who can still receive, and what is reported."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from hub.errors import Problem
from hub.ids import derived_id
from hub.parties import Activation, Channel
from hub.pipeline import Delivered, DeliveryFailed, DeliveryOrdered, InboxDestination, Receipt

GRACE = timedelta(hours=24)  # orders younger than this still deliver after a deactivation
CONFIRMED_BY = "Sentral inbox"
ITEM = "inbox-item"

NOT_RECEIVING = Problem(
    code="not-receiving",
    nb="Mottakeren tar ikke lenger imot fakturaer i meldingssentralen. Send på nytt, så velges en annen vei.",
    en="The recipient no longer receives invoices in the hub. Send it again, and another way is chosen.",
)


def company_of(order: DeliveryOrdered) -> str:
    """Return whose inbox the order is for."""
    if not isinstance(order.where, InboxDestination):
        raise TypeError(f"{order.id} is an order for {order.where.channel}, not for an inbox")
    return order.where.company


def may_receive(activation: Activation | None, order: DeliveryOrdered, now: datetime) -> bool:
    """Tell whether the company receives, or received until a moment ago as far as this order is concerned."""
    if activation is None:
        return False
    active = activation.active_from <= now and (activation.active_to is None or now < activation.active_to)
    return active or now - order.time < GRACE


def item_id(order: DeliveryOrdered) -> UUID:
    """Return the id of the inbox item that this order always makes."""
    return derived_id(order.transaction_id, order.id, ITEM)


def delivered(order: DeliveryOrdered, received_at: datetime) -> Delivered:
    """Report the item that lies in the inbox."""
    return Delivered.caused(
        order.transaction_id,
        order.id,
        received_at,
        str(order.leg),
        parties=order.parties,
        leg=order.leg,
        attempt=1,
        channel=Channel.INBOX,
        product=order.product,
        receipt=Receipt(received_at=received_at, confirmed_by=CONFIRMED_BY),
    )


def not_receiving(order: DeliveryOrdered, now: datetime) -> DeliveryFailed:
    """Report that nothing was put into an inbox that nobody opens."""
    return DeliveryFailed.caused(
        order.transaction_id,
        order.id,
        now,
        str(order.leg),
        parties=order.parties,
        leg=order.leg,
        attempt=1,
        channel=Channel.INBOX,
        problem=NOT_RECEIVING,
        nothing_sent=True,
    )


def inbox_entry(order: DeliveryOrdered, received_at: datetime) -> Mapping[str, str]:
    """Return what the feeds of the recipient's installs say: nothing of the sender's transaction but the document."""
    return {
        "type": "inbox.received",
        "time": received_at.isoformat(),
        "item_id": str(item_id(order)),
        "company": company_of(order),
        "sender": order.parties.sender,
        "invoice_number": order.parties.number,
        "document_type": order.parties.document_type,
    }
