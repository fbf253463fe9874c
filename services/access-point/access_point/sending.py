"""Delivers through the access point, once (hub.delivery.ports.SendingChannel)."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from access_point import peppol, problems
from access_point.outcome import (
    NEVER_REACHED,
    Absent,
    Answer,
    Sent,
    Settled,
    Silent,
    of_status,
    of_submission,
)
from access_point.ports import AccessPoint, AnswerLostError, NeverReachedError, Submission
from hub import failpoints
from hub.blobs import BlobStore
from hub.delivery.ports import Attempt, Failed, NotSent, Unknown
from hub.errors import HubError, Refused, Unavailable
from hub.failpoints import Point
from hub.pipeline import DeliveryOrdered, PeppolDestination, Receipt

_REMEMBERED = 1000

log = structlog.get_logger(__name__)


class OpenOutcomeError(HubError):
    """The access point has the document, or may have it; what becomes of it is a question for its status."""


class PeppolChannel:
    """Sends each leg under one instance identifier, and never submits what may be there already.

    An answer that could not be acted upon is kept for `find_out` in the same process: it can prove what the status
    cannot (a receipt whose evidence could not be stored, a refusal, an attempt that ended at the lookup).
    """

    def __init__(self, access_point: AccessPoint, blobs: BlobStore, clock: Callable[[], datetime]) -> None:
        self._access_point = access_point
        self._blobs = blobs
        self._clock = clock
        self._answers: OrderedDict[UUID, Answer] = OrderedDict()

    def destination_of(self, order: DeliveryOrdered) -> str:
        """Return the receiver's electronic address: one silent receiver holds a call for minutes, and its own only."""
        return _destination(order).receiver

    async def deliver(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt:
        """Submit the document unless the access point knows its instance identifier."""
        submission = await self._submission(order)
        try:
            status = await self._access_point.status(submission.instance_id)
        except (NeverReachedError, AnswerLostError) as error:
            raise Unavailable(f"access point: {error}", problem=problems.ACCESS_POINT_DOWN) from error
        known = of_status(status)
        if isinstance(known, Sent):
            return await self._receipt(order, known)
        if isinstance(known, Silent):
            raise Unavailable(known.reason, problem=problems.ACCESS_POINT_DOWN)
        await attempt.committing()
        if not isinstance(known, Absent):
            raise OpenOutcomeError("the access point has had this instance identifier before")
        return await self._submit(order, submission)

    async def find_out(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt | NotSent | Failed | Unknown:
        """Ask the access point what became of the leg; 404 proves nothing once a submission was begun."""
        instance_id = peppol.instance_identifier(order.transaction_id, order.leg)
        outcome = await self._outcome(instance_id)
        log.info("outcome", attempt=attempt.number, instance_id=str(instance_id), outcome=type(outcome).__name__)
        result = await self._receipt(order, outcome) if isinstance(outcome, Sent) else outcome
        if not isinstance(result, Unknown):
            self._answers.pop(instance_id, None)
        return result

    async def _outcome(self, instance_id: UUID) -> Settled | Unknown:
        answer = self._answers.get(instance_id)
        if answer is not None and (settled := of_submission(answer)) is not None:
            return settled
        try:
            status = await self._access_point.status(instance_id)
        except (NeverReachedError, AnswerLostError) as error:
            log.warning("the access point could not be asked", error=str(error))
            return Unknown(problems.DELIVERY_UNCERTAIN)
        found = of_status(status, answer)
        return Unknown(problems.DELIVERY_UNCERTAIN) if isinstance(found, (Absent, Silent)) else found

    async def _submit(self, order: DeliveryOrdered, submission: Submission) -> Receipt:
        try:
            answer = await self._access_point.submit(submission)
        except NeverReachedError:
            self._remember(submission.instance_id, NEVER_REACHED)
            raise
        failpoints.reach(Point.PEPPOL_SUBMITTED)
        settled = of_submission(answer)
        self._remember(submission.instance_id, answer)
        if not isinstance(settled, Sent):
            raise OpenOutcomeError(f"the access point answered {answer.status}")
        receipt = await self._receipt(order, settled)
        self._answers.pop(submission.instance_id, None)
        return receipt

    async def _submission(self, order: DeliveryOrdered) -> Submission:
        where = _destination(order)
        try:
            return Submission(
                instance_id=peppol.instance_identifier(order.transaction_id, order.leg),
                sender=peppol.participant(order.parties.sender),
                receiver=peppol.participant(where.receiver),
                document_type=peppol.document_type(where.document_type_id),
                process=peppol.process(where.process_id),
                country=peppol.country(where.country),
                document=await self._blobs.get(order.document),
            )
        except peppol.InvalidIdentifierError as error:
            log.warning("identifiers refused before submitting", error=str(error))
            raise Refused(problems.INPUT_REFUSED) from error

    async def _receipt(self, order: DeliveryOrdered, sent: Sent) -> Receipt:
        evidence = await self._blobs.put(order.parties.client, sent.evidence)
        return Receipt(received_at=sent.at or self._clock(), confirmed_by=sent.confirmed_by, evidence=evidence)

    def _remember(self, instance_id: UUID, answer: Answer) -> None:
        self._answers[instance_id] = answer
        while len(self._answers) > _REMEMBERED:
            self._answers.popitem(last=False)


def _destination(order: DeliveryOrdered) -> PeppolDestination:
    if not isinstance(order.where, PeppolDestination):
        raise TypeError(f"not an order for Peppol: {order.where.channel}")
    return order.where
