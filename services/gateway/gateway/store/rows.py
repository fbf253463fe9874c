"""A transaction's row as the facts that events carry."""

from typing import Any

from hub.parties import Direction, Initiator
from hub.pipeline import Parties


def parties_of(row: Any) -> Parties:
    """Return whom a transaction concerns."""
    return Parties(
        client=row.client,
        initiator=Initiator(kind=row.initiator_kind, organisation_number=row.initiator),
        install=row.install,
        direction=Direction(row.direction),
        sender=row.sender,
        recipient=row.recipient,
        number=row.number,
        document_type=row.document_type,
        test=row.test,
    )
