"""What the router does with events: decides once for each document, and learns what the register says."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.db import Connection
from hub.errors import TryLater
from hub.pipeline import (
    CANCEL_REQUESTED,
    DOCUMENT_RECEIVED,
    INVOICE_VALIDATED,
    REGISTER_CHANGED,
    CancelRequested,
    DocumentReceived,
    Event,
    InvoiceReady,
    RegisterEvent,
    Topic,
)
from router import store
from router.domain.cancelling import NOWHERE, asked, cancelled, stop
from router.domain.decision import decide, decide_inbound
from router.domain.orders import facts_of, order

BEHIND = timedelta(seconds=1)
Document = InvoiceReady | DocumentReceived


class RouterHandler:
    """Decides where each document goes (consumer `router`)."""

    name = "router"
    topics: Sequence[Topic] = (INVOICE_VALIDATED, DOCUMENT_RECEIVED, CANCEL_REQUESTED)

    def __init__(self, seen: store.RegisterSeen, clock: Callable[[], datetime]) -> None:
        self._seen = seen
        self._clock = clock

    async def compute(self, event: Event) -> Any:
        """Raise TryLater for an invoice submitted when the register was newer than what is known here."""
        if isinstance(event, InvoiceReady) and not await self._seen.reaches(event.register_version):
            raise TryLater(f"the register is not known up to version {event.register_version} yet", after=BEHIND)

    async def write(self, connection: Connection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Decide what has no decision yet, and emit what the stored decisions mean: each again what it meant before."""
        now = self._clock()
        documents = [event for event, _ in batch if isinstance(event, (InvoiceReady, DocumentReceived))]
        requests = [event for event, _ in batch if isinstance(event, CancelRequested)]
        # Requests first: what can still be stopped is.
        made = [store.Made(asked(event, now), NOWHERE, cancelled(event, now)) for event in requests]
        made += await self._decide(connection, documents, now) if documents else []
        kept = await store.record(connection, made)
        events: dict[UUID, Event] = {}
        for event, _ in batch:
            if isinstance(event, (InvoiceReady, DocumentReceived)):
                first = kept[event.transaction_id][0]
                events.setdefault(first.id, first)
            elif isinstance(event, CancelRequested):
                for stopping in stop(event, kept[event.transaction_id][-1]):
                    events.setdefault(stopping.id, stopping)
        return list(events.values())

    @staticmethod
    async def _decide(connection: Connection, documents: Sequence[Document], now: datetime) -> list[store.Made]:
        recipients = await store.recipients(connection, [event.parties.recipient for event in documents])
        sending = await store.sending(connection, [event.parties.client for event in documents])
        made = []
        for event in documents:
            recipient = recipients.get(event.parties.recipient.lower())
            facts = facts_of(event, now).model_copy(
                update={
                    "company": recipient and recipient.company,
                    "receiving": recipient and recipient.receiving,
                    "sending": sending.get(event.parties.client),
                }
            )
            decision = decide(facts) if isinstance(event, InvoiceReady) else decide_inbound(facts)
            made.append(store.Made(facts, decision, order(event, facts, decision)))
        return made


class RegisterHandler:
    """Keeps the router's copy of the register (consumer `router-register`)."""

    name = "router-register"
    topics: Sequence[Topic] = (REGISTER_CHANGED,)

    async def compute(self, event: Event) -> Any:
        """Nothing to look up."""

    async def write(self, connection: Connection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Keep what is newer."""
        await store.learn(connection, [event for event, _ in batch if isinstance(event, RegisterEvent)])
        return []
