"""Sends what waits, each invoice under the key that was written down with it, and never twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub_connector.client.errors import (
    Busy,
    Conflict,
    Finding,
    Forbidden,
    HubError,
    NotFound,
    Passing,
    Refusal,
    Unauthorized,
)
from hub_connector.client.hub import Hub
from hub_connector.client.models import Attachment, Submission
from hub_connector.client.retrying import backoff
from hub_connector.failpoints import Point, reach
from hub_connector.intake.ubl import without
from hub_connector.journal.journal import Journal
from hub_connector.journal.rows import Letter
from hub_connector.texts import Text

# The hub keeps Idempotency-Keys for 72 hours at least. An attempt older than this is looked up before it is repeated.
KEY_IS_SAFE = timedelta(hours=60)
CLOCKS_DIFFER = timedelta(hours=24)  # at most, between this machine's and the hub's
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
_SCOPE_MISSING, _CLIENT_MISSING, _DUPLICATE = "scope-missing", "client-missing", "duplicate-number"
_OTHER_CONTENT = Text(
    "Meldingssentralen har allerede et annet dokument med nummer {number} (transaksjon {transaction}). Gi det et nytt "
    "nummer, eller stans det andre først.",
    "The hub already has another document numbered {number} (transaction {transaction}). Give it a new number, or "
    "cancel the other one first.",
)


@dataclass(frozen=True, slots=True)
class Halt:
    """Nothing can be sent now: why, and for how many seconds."""

    error: HubError
    seconds: float


class Sender:
    """Sends one invoice after the other. `clock` gives aware datetimes."""

    def __init__(self, hub: Hub, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._hub = hub
        self._journal = journal
        self._clock = clock
        self._halts = 0

    def round(self, most: int) -> tuple[int, Halt | None]:
        """Send up to so many of what is due; return how many, and what stands in the way of all others, if anything."""
        sent = 0
        while sent < most and (letter := self._journal.due(self._clock().timestamp())):
            halt = self._send(letter)
            if halt is not None:
                return sent, halt
            self._halts = 0
            sent += 1
        return sent, None

    def _send(self, letter: Letter) -> Halt | None:
        try:
            self._deliver(letter)
        except Unauthorized as error:
            return self._halt(letter, error)
        except Forbidden as error:
            if error.code == _SCOPE_MISSING:
                return self._halt(letter, error)
            self._later(letter, error)  # a company without a mandate: the others' invoices go on
        except Busy as error:
            if error.status != 500:
                return self._halt(letter, error)
            self._later(letter, error)  # one document that the hub stumbles over holds up no other
        except Passing as error:
            return self._halt(letter, error)
        except Refusal as error:
            if error.code == _CLIENT_MISSING:
                self._later(letter, error)  # a setting is missing here; the file is good
            else:
                self._journal.rejected(letter, error.findings, self._clock())
        return None

    def _deliver(self, letter: Letter) -> None:
        """Send one invoice, and write down that the hub has it; raises HubError."""
        now = self._clock()
        if letter.first_attempt_at and now - letter.first_attempt_at > KEY_IS_SAFE:
            found = self._find(letter, letter.first_attempt_at - CLOCKS_DIFFER)
            if found is not None:
                self._journal.accepted(letter, found, now, repeated=True)
                return
        payload = self._journal.payload(letter)
        self._journal.announce(letter, now)
        reach(Point.SEND_ANNOUNCED)
        try:
            accepted = self._hub.submit(
                Submission(payload, letter.media, letter.client, self._attachments(letter), letter.key)
            )
        except Conflict as error:
            self._in_use(letter, payload, error)
            return
        reach(Point.SEND_ANSWERED)
        self._journal.accepted(letter, accepted.transaction_id, self._clock())
        reach(Point.SEND_RECORDED)

    def _attachments(self, letter: Letter) -> list[Attachment]:
        if letter.attachment is None:
            return []
        content = self._journal.beside(letter.file)[letter.attachment]
        return [Attachment(letter.attachment, content)] if content is not None else []

    def _in_use(self, letter: Letter, payload: bytes, error: Conflict) -> None:
        """Take the same document that the hub has already for accepted; refuse another one with its number."""
        holder = error.transaction_id if error.code == _DUPLICATE else None
        if holder is None:
            raise error
        if self._is_same(holder, letter, payload):
            self._journal.accepted(letter, holder, self._clock(), repeated=True)
            return
        text = _OTHER_CONTENT.of(number=letter.number, transaction=holder)
        finding = Finding(error.type, text.nb, text.en, error.findings[0].field)
        self._journal.rejected(letter, [finding], self._clock())

    def _find(self, letter: Letter, since: datetime) -> UUID | None:
        """Look whether the hub got an attempt whose key it may have forgotten: the same document, accepted since then.

        Sent again, what was cancelled or returned in the meantime would go out a second time, and nobody has said so.
        """
        payload = self._journal.payload(letter)
        for transaction in self._hub.transactions(client=letter.client):
            if transaction.accepted_at < since:
                return None
            if (
                transaction.direction == "outbound"
                and (transaction.number, transaction.document_type) == (letter.number, letter.document_type)
                and self._is_same(transaction.id, letter, payload)
            ):
                return transaction.id
        return None

    def _is_same(self, transaction: UUID, letter: Letter, payload: bytes) -> bool:
        """Tell whether the hub received this very document in a transaction."""
        try:
            received = self._hub.received(transaction)
        except NotFound:
            return False
        beside = self._attachments(letter)
        if not beside:
            return received == payload
        mine, theirs = (without(one, beside[0].name, beside[0].content) for one in (payload, received))
        return mine == theirs and received != payload  # equal bytes: that one was sent without its PDF

    def _halt(self, letter: Letter, error: HubError) -> Halt:
        self._halts += 1
        asked = error.retry_after if isinstance(error, Passing) else None
        seconds = backoff(self._halts, _FIRST_WAIT, _LONGEST_WAIT, asked)
        # The others are tried first then: it may be this one alone that something on the way does not let through.
        self._journal.wait(letter, self._clock().timestamp() + seconds, [_why(error)])
        return Halt(error, seconds)

    def _later(self, letter: Letter, error: HubError) -> None:
        wait = backoff(letter.attempts + 1, _FIRST_WAIT, _LONGEST_WAIT)
        self._journal.wait(letter, self._clock().timestamp() + wait, [_why(error)])


def _why(error: HubError) -> Finding:
    return Finding("", error.nb, error.en, error.findings[0].field if isinstance(error, Refusal) else None)
