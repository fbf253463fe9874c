"""What the service needs of an access point, fulfilled by adapters/."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from access_point.outcome import Answer


@dataclass(frozen=True, slots=True)
class Submission:
    """One document on its way: identifiers with their schemes, `country` of the sender (C1), the UBL bytes."""

    instance_id: UUID
    sender: str
    receiver: str
    document_type: str
    process: str
    country: str
    document: bytes


class NeverReachedError(Exception):
    """No connection came about: the access point has nothing of this request."""


class AnswerLostError(Exception):
    """The request may have arrived; its answer did not (time-out, cut connection)."""


class AccessPoint(Protocol):
    """An access point with phoss-ap's contract. Both raise NeverReachedError or AnswerLostError."""

    async def submit(self, submission: Submission) -> Answer:
        """Submit once and wait for the receiver's receipt (up to five minutes)."""

    async def status(self, instance_id: UUID) -> Answer:
        """Ask what became of an instance identifier."""
