"""InvoiceSubmitted -> InvoiceReady or InvoiceRefused."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from ehf_builder.ports import Documents, Judge
from ehf_builder.validation.verdict import Verdict
from hub.db import Connection
from hub.errors import Problem
from hub.pipeline import INVOICE_SUBMITTED, BlobRef, Event, InvoiceReady, InvoiceRefused, InvoiceSubmitted

OSLO = ZoneInfo("Europe/Oslo")
MOST_PROBLEMS = 100  # who repairs a hundred finds the rest next time
MOST_BYTES = 150_000  # of all problems: an event stays under 200 KB
LONGEST_SENTENCE = 600
LONGEST_WORDING = 300


class BuilderHandler:
    """Builds and judges outside any transaction; there is nothing to write but the event (hub.consumer.Handler)."""

    name = "ehf-builder"
    topics = (INVOICE_SUBMITTED,)

    def __init__(self, judge: Judge, documents: Documents, clock: Callable[[], datetime]) -> None:
        self._judge = judge
        self._documents = documents
        self._clock = clock

    async def compute(self, event: Event) -> Any:
        """Return the event that tells the verdict; raises Unavailable, or the pool's errors for a breaking document."""
        if not isinstance(event, InvoiceSubmitted):
            return None
        today = self._clock().astimezone(OSLO).date()
        received = await self._documents.get(event.received)
        if event.media == "ubl":
            verdict = await self._judge.validate(received, today, event.seller)
            return verdict_event(event, verdict, event.received, self._clock())
        built = await self._judge.build(received, event.seller, event.customer, today)
        document = None
        if built.document is not None and built.verdict.purposes:
            document = await self._documents.put(event.parties.client, built.document)
        return verdict_event(event, built.verdict, document, self._clock())

    async def write(self, connection: Connection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Emit the verdicts."""
        del connection
        return [verdict for _, verdict in batch if verdict is not None]


def verdict_event(
    event: InvoiceSubmitted, verdict: Verdict, document: BlobRef | None, now: datetime
) -> InvoiceReady | InvoiceRefused:
    """Return what the verdict means: ready for the purposes it is fit for, or refused with every finding."""
    if document is None or verdict.document_type is None or not verdict.purposes:
        return InvoiceRefused.caused(
            event.transaction_id,
            event.id,
            now,
            parties=event.parties,
            problems=_told([finding.problem() for finding in verdict.fatal]),
            rule_set=verdict.rule_set,
        )
    return InvoiceReady.caused(
        event.transaction_id,
        event.id,
        now,
        parties=event.parties,
        document=document,
        document_type_id=verdict.document_type.document_type_id,
        process_id=verdict.document_type.process_id,
        sender_country=verdict.document_type.sender_country,
        purposes=tuple(sorted(verdict.purposes)),
        rule_set=verdict.rule_set or "",
        warnings=_told([finding.problem() for finding in verdict.warnings]),
        register_version=event.register_version,
        customer=event.customer,
    )


def _told(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the first problems, each with sentences of a bearable length, that an event has room for."""
    told = list(map(_shortened, problems[:MOST_PROBLEMS]))
    ends = accumulate(len(problem.model_dump_json().encode()) for problem in told)
    return tuple(problem for problem, end in zip(told, ends, strict=True) if end <= MOST_BYTES)


def _shortened(problem: Problem) -> Problem:
    return problem.model_copy(
        update={
            "nb": problem.nb[:LONGEST_SENTENCE],
            "en": problem.en[:LONGEST_SENTENCE],
            "text": problem.text and problem.text[:LONGEST_WORDING],
            "location": problem.location and problem.location[:LONGEST_WORDING],
        }
    )
