"""A usage row as the event makes it: facts only. Who pays, and what, is found out when a statement is drafted."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hub.pipeline import Delivered, Event, Returned

OSLO = ZoneInfo("Europe/Oslo")
Kind = Literal["usage", "reversal"]


def oslo_date(time: datetime) -> date:
    """Return the day in Oslo: a delivery at 00:30 there belongs to that day, whatever UTC says."""
    return time.astimezone(OSLO).date()


def usage_row(event: Event) -> Mapping[str, Any] | None:
    """Return what the event means for the meter: a delivery is usage, a return is its reversal, others nothing."""
    if not isinstance(event, (Delivered, Returned)):
        return None
    kind: Kind = "usage" if isinstance(event, Delivered) else "reversal"
    parties = event.parties
    return {
        "transaction_id": event.transaction_id,
        "leg": event.leg,
        "product": event.product,
        "kind": kind,
        "client": parties.client,
        "initiator_kind": parties.initiator.kind,
        "initiator": parties.initiator.organisation_number,
        "direction": parties.direction,
        "channel": event.channel,
        "usage_date": oslo_date(event.time),
        "quantity": 1,
        "recipient": parties.recipient,
        "number": parties.number,
        "document_type": parties.document_type,
        "test": parties.test,
        "event_id": event.id,
        "happened_at": event.time,
    }
