"""What the router does with events: decides once for each document, and learns what the register says."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.db import Connection
from hub.errors import TryLater
from hub.pipeline import (
    DOCUMENT_RECEIVED,
    INVOICE_VALIDATED,
    REGISTER_CHANGED,
    DocumentReceived,
    Event,
    InvoiceReady,
    RegisterEvent,
    Topic,
)
from router import store
from router.domain.decision import decide, decide_inbound
from router.domain.orders import facts_of, order

BEHIND = timedelta(seconds=1)


class RouterHandler:
    """Decides where each document goes (consumer `router`)."""

    name = "router"
    topics: Sequence[Topic] = (INVOICE_VALIDATED, DOCUMENT_RECEIVED)

    def __init__(self, seen: store.RegisterSeen, clock: Callable[[], datetime]) -> None:
        self._seen = seen
        self._clock = clock

    async def compute(self, event: Event) -> Any:
        """Raise TryLater for an invoice submitted when the register was newer than what is known here."""
        if isinstance(event, InvoiceReady) and not await self._seen.reaches(event.register_version):
            raise TryLater(f"the register is not known up to version {event.register_version} yet", after=BEHIND)

    async def write(self, connection: Connection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Decide for each document that has no decision yet, and emit the stored decision of each."""
        documents = [event for event, _ in batch if isinstance(event, (InvoiceReady, DocumentReceived))]
        if not documents:
            return []
        now = self._clock()
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
        return await store.record(connection, made)


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
