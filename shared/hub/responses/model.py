"""What a recipient says of an invoice: the small JSON that becomes an Invoice Response (Peppol T111)."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Literal

from pydantic import Field

from hub.invoice.findings import Finding, own
from hub.invoice.reading import read_as
from hub.invoice.types import Date, Identifier, Part, Text

RULE = "HUB-RESPONSE"


class Status(StrEnum):
    """Invoice status (UNCL4343 as T111 uses it)."""

    RECEIVED = "AB"
    IN_PROCESS = "IP"
    QUERY = "UQ"
    CONDITIONALLY_ACCEPTED = "CA"
    REJECTED = "RE"
    ACCEPTED = "AP"
    PAID = "PD"


# What the JSON calls them.
STATUSES: dict[str, Status] = {
    "received": Status.RECEIVED,
    "in_process": Status.IN_PROCESS,
    "query": Status.QUERY,
    "conditionally_accepted": Status.CONDITIONALLY_ACCEPTED,
    "rejected": Status.REJECTED,
    "accepted": Status.ACCEPTED,
    "paid": Status.PAID,
}
_CLARIFIED = frozenset({Status.QUERY, Status.CONDITIONALLY_ACCEPTED, Status.REJECTED})  # T111-R001
_PARTLY_PAID = "PPD"
_OTHER = "OTH"


class Condition(Part):
    """A business term that the reason is about, and what it should have been."""

    term: Identifier = Field(description="T111 AttributeID: a business term, such as BT-48")
    value: Text | None = Field(None, description="T111 Description: what it should be")


class Reason(Part):
    """Why (OPStatusReason)."""

    code: Literal["NON", "REF", "LEG", "REC", "QUA", "DEL", "PRI", "QTY", "ITM", "PAY", "UNR", "FIN", "PPD", "OTH"] = (
        Field(description="T111 StatusReasonCode, list OPStatusReason")
    )
    text: Text | None = Field(None, description="T111 StatusReason; required with PPD and OTH")
    conditions: tuple[Condition, ...] = Field((), max_length=20, description="T111 Condition")


class Action(Part):
    """What the sender is asked to do (OPStatusAction)."""

    code: Literal["NOA", "PIN", "NIN", "CNF", "CNP", "CNA", "OTH"] = Field(
        description="T111 StatusReasonCode, list OPStatusAction"
    )
    text: Text | None = Field(None, description="T111 StatusReason; required with OTH")


class Answer(Part):
    """The answer to one invoice. A query, a rejection and a conditional acceptance say why or what to do."""

    status: Literal["received", "in_process", "query", "conditionally_accepted", "rejected", "accepted", "paid"] = (
        Field(description="T111 ResponseCode")
    )
    reasons: tuple[Reason, ...] = Field((), max_length=20, description="T111 Status with a reason")
    actions: tuple[Action, ...] = Field((), max_length=20, description="T111 Status with an action")
    effective_date: Date | None = Field(None, description="T111 EffectiveDate: when the status was set")
    note: Text | None = Field(None, description="T111 Note")

    @property
    def code(self) -> Status:
        """The status as T111 codes it."""
        return STATUSES[self.status]


def read_answer(received: bytes) -> tuple[Answer | None, tuple[Finding, ...]]:
    """Parse the JSON; either an answer that T111 can say, or findings, never both."""
    answer, findings = read_as(Answer, received)
    if answer is None:
        return None, findings
    wrong = tuple(_wrong(answer))
    return (None, wrong) if wrong else (answer, ())


def _wrong(answer: Answer) -> Iterator[Finding]:
    if answer.code in _CLARIFIED and not (answer.reasons or answer.actions):
        yield own(
            RULE,
            "reasons",
            "Si hvorfor: oppgi minst én begrunnelse (reasons) eller ønsket handling (actions).",
            "Say why: give at least one reason (reasons) or requested action (actions).",
        )
    said: tuple[tuple[str, Sequence[Reason | Action]], ...] = (("reasons", answer.reasons), ("actions", answer.actions))
    for name, items in said:
        for index, item in enumerate(items):
            if item.code in (_OTHER, _PARTLY_PAID) and not item.text:
                yield own(
                    RULE,
                    f"{name}[{index}].text",
                    f"Koden {item.code} må forklares i tekst.",
                    f"The code {item.code} must be explained in words.",
                )
            if item.code == _PARTLY_PAID and answer.code is not Status.PAID:
                yield own(
                    RULE,
                    f"{name}[{index}].code",
                    "PPD (delvis betalt) hører bare til status paid.",
                    "PPD (partially paid) goes with the status paid only.",
                )
