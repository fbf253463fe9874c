"""The outbound half: transactions, attempts with retries, and the status that is told of them."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hub.testing.phoss_ap import report
from hub.testing.phoss_ap.report import Result
from hub.testing.phoss_ap.sbd import InvalidSbdError, Submission, parsed
from hub.testing.phoss_ap.world import Behaviour, Delivered, Receiver, World, utc_text

T = TypeVar("T")


class ConnectionCutError(Exception):
    """The access point died during the call: its caller gets no answer."""


@dataclass(slots=True)
class Transaction:
    """One submission as the access point's table has it; with its `status` and error as told there."""

    document: Submission
    id: UUID = field(default_factory=uuid4)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: str = "pending"
    attempts: int = 0
    completed: datetime | None = None
    error: str | None = None
    next_retry: datetime | None = None
    mls: str = "pending"

    def as_json(self) -> dict[str, Any]:
        """Return what GET /api/outbound/status tells."""
        document = self.document
        return {
            "ID": str(self.id),
            "attemptCount": self.attempts,
            "completedDT": utc_text(self.completed) if self.completed else None,
            "createdDT": utc_text(self.created),
            "custom1": document.custom[0],
            "custom2": document.custom[1],
            "custom3": document.custom[2],
            "docTypeID": document.document_type,
            "errorDetails": self.error,
            "mlsStatus": self.mls,
            "nextRetryDT": utc_text(self.next_retry) if self.next_retry else None,
            "processID": document.process,
            "receiverID": document.receiver,
            "reportingStatus": "reported" if self.status == "sent" else "pending",
            "sbdhInstanceID": document.instance_id,
            "senderID": document.sender,
            "status": self.status,
            "transactionType": "business_document",
        }


class Outbound:
    """Transactions by arrival; attempts run in the background until `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: set[asyncio.Task[Any]] = set()
        self.transactions: list[Transaction] = []

    def of(self, instance_id: str) -> Transaction | None:
        """Return the transaction of an instance id; none when there is none, nor when there are two (as recorded)."""
        found = [known for known in self.transactions if known.document.instance_id == instance_id]
        return found[0] if len(found) == 1 else None

    async def submit(self, document: Submission) -> Result:
        """Store the document and make the first attempt at once; raises ConnectionCutError."""
        self._world.submissions[document.instance_id, document.receiver] += 1
        transaction = Transaction(document)
        self.transactions.append(transaction)
        behaviour = self._world.receiver(document.receiver).behaviour
        if behaviour in {Behaviour.CRASHES_BEFORE, Behaviour.CRASHES_AFTER}:
            if behaviour is Behaviour.CRASHES_AFTER:
                self._arrive(transaction)
            transaction.status, transaction.error = "failed", "Recovered from unclean shutdown"
            self._schedule(transaction)
            raise ConnectionCutError
        # A caller that gives up does not stop the real one either.
        return await asyncio.shield(self._run(self._attempt(transaction)))

    async def close(self) -> None:
        """Stop every attempt."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _attempt(self, transaction: Transaction) -> Result:
        transaction.status = "sending"
        result = await self._send(transaction)
        if result.sent:
            transaction.status, transaction.completed = "sent", datetime.now(UTC)
            transaction.error = transaction.next_retry = None
            return result
        transaction.attempts += 1
        transaction.error, transaction.next_retry = result.error, None
        if result.final or transaction.attempts >= self._world.most_attempts:
            transaction.status = "permanently_failed"
        else:
            transaction.status = "failed"
            self._schedule(transaction)
        return result

    def _schedule(self, transaction: Transaction) -> None:
        transaction.next_retry = datetime.now(UTC) + self._world.retry_after

        async def later() -> None:
            await asyncio.sleep(self._world.retry_after.total_seconds())
            await self._attempt(transaction)

        self._run(later())

    def _run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send(self, transaction: Transaction) -> Result:
        document, receiver = transaction.document, self._world.receiver(transaction.document.receiver)
        if failed := _lookup(document, receiver):
            return failed
        try:
            parsed(document.payload)
        except InvalidSbdError:
            return report.unparsable(document)
        if receiver.behaviour in {Behaviour.DOWN, Behaviour.HANGS}:
            hangs = receiver.behaviour is Behaviour.HANGS
            wait = self._world.hangs_for if hangs else self._world.refused_after
            await asyncio.sleep(wait.total_seconds())
            return report.unreachable(document)
        return report.success(document) if self._arrive(transaction) else report.duplicate(document)

    def _arrive(self, transaction: Transaction) -> bool:
        document = transaction.document
        arrived = self._world.arrive(
            Delivered(
                instance_id=document.instance_id,
                sender=document.sender,
                receiver=document.receiver,
                document_type=document.document_type,
                process=document.process,
                country=document.country,
                document=document.payload,
                at=datetime.now(UTC),
            )
        )
        mls = self._world.receiver(document.receiver).mls
        if arrived and mls:
            transaction.mls = f"received_{mls.lower()}"
        return arrived


def _lookup(document: Submission, receiver: Receiver) -> Result | None:
    """Return how the lookup of the receiver failed, or nothing when it names an endpoint."""
    behaviour = receiver.behaviour
    if behaviour in {Behaviour.UNREGISTERED, Behaviour.DNS_FAILS}:
        return report.unregistered(document, servfail=behaviour is Behaviour.DNS_FAILS)
    if behaviour is Behaviour.SMP_FAILS:
        return report.smp_failed(document)
    types, processes = receiver.document_types, receiver.processes
    known = types is None or document.document_type.partition("::")[2] in types
    if behaviour is Behaviour.SMP_MISSING or not known:
        return report.unresolved(document, "server error")
    if processes is not None and document.process.partition("::")[2] not in processes:
        return report.unresolved(document, "failed to select endpoint from ServiceMetadata")
    return None
