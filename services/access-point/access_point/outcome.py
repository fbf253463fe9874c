"""What an answer of phoss-ap means. Pure; every rule here was seen in a recorded exchange.

A submission's 200 is the receiver's receipt. Its 422 decides nothing: the document is stored there and normally
retried, so the status decides. A status of 404 after a submission proves nothing either (a repeated instance
identifier hides both), and `permanently_failed` can be a document that was delivered.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from lxml import etree

from access_point import problems
from access_point.sbdh import InvalidSbdError, parse
from hub.delivery.ports import Failed, NotSent, Unknown

_EBMS = "{http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/}"
# The receiver answered with an error, which is also how it rejects the repetition of what it has; or our access
# point was killed while sending. Both may be deliveries.
_MAYBE_DELIVERED = ("AS4_ERROR_MESSAGE_RECEIVED", "Recovered from unclean shutdown")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `NEVER_REACHED` stands for a request that no connection came about for."""

    status: int
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is anything else."""
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}


NEVER_REACHED = Answer(0, b"")


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver's access point has it. `evidence` is the signed receipt, or the status that proves it."""

    evidence: bytes
    confirmed_by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Absent:
    """The access point knows nothing under this instance identifier, or hides it."""


@dataclass(frozen=True, slots=True)
class Silent:
    """The access point did not answer the question (its token, its database, a proxy before it)."""

    reason: str


Settled = Sent | NotSent | Failed


def of_submission(answer: Answer) -> Settled | None:
    """Tell what a submission's answer proves by itself; None: only the status can tell."""
    if answer == NEVER_REACHED:
        return NotSent()
    said = answer.said
    if answer.status == 200 and said.get("overallSuccess") is True and said.get("sendingSuccess") is True:
        return _receipt(said)
    if answer.status in {401, 403, 404, 405}:  # the request was turned away before anything was read
        return NotSent()
    if answer.status in {400, 406, 413, 415}:
        return Failed(problems.INPUT_REFUSED, nothing_sent=True)
    return None


def of_status(answer: Answer, submission: Answer | None = None) -> Sent | Failed | Unknown | Absent | Silent:
    """Tell what the status proves, together with the submission's own answer where that is still known."""
    if answer.status == 404 and not answer.body:
        return Absent()
    said = answer.said
    if answer.status != 200 or "status" not in said:
        return Silent(f"the access point answered {answer.status} when asked for a status")
    status = said["status"]
    if status == "sent" or str(said.get("mlsStatus")).startswith("received_"):
        return Sent(answer.body, "Peppol AS4", _moment(said.get("completedDT")))
    if status in {"pending", "sending", "failed"}:
        return Unknown(problems.STILL_TRYING)
    if status == "permanently_failed":
        return _given_up(said, submission)
    return Unknown(problems.DELIVERY_UNCERTAIN)


def _given_up(said: dict[str, Any], submission: Answer | None) -> Failed | Unknown:
    error = str(said.get("errorDetails") or "")
    if any(text in error for text in _MAYBE_DELIVERED):
        return Unknown(problems.DELIVERY_UNCERTAIN)
    if "Failed to parse payload" in error:  # it never parses, so no attempt can have sent it
        return Failed(problems.DOCUMENT_UNREADABLE, nothing_sent=True)
    if "is not registered in the Peppol Network" in error:
        # A failing DNS is told in the same words; only the technical details differ.
        unknown = "[HOST_NOT_FOUND]" in error
        problem = problems.RECIPIENT_UNKNOWN if unknown else problems.LOOKUP_FAILED
        return Failed(problem, nothing_sent=_never_left(said, submission))
    if "Failed to resolve SMP endpoint" in error:
        missing = "[static]" in error  # the SMP answered, and names no endpoint for this document
        problem = problems.DOCUMENT_TYPE_UNSUPPORTED if missing else problems.LOOKUP_FAILED
        return Failed(problem, nothing_sent=_never_left(said, submission))
    return Failed(problems.UNDELIVERABLE, nothing_sent=False)


def _never_left(said: dict[str, Any], submission: Answer | None) -> bool:
    """Tell whether the only attempt ended at the lookup: the count alone leaves out one that a crash ended."""
    if submission is None or said.get("attemptCount") != 1:
        return False
    report = submission.said
    return bool(report.get("lookupError")) and "as4MessageId" not in report


def _receipt(said: dict[str, Any]) -> Sent:
    signal = str(said.get("as4ReceivedSignalMsg") or "").encode()
    seat = said.get("c3CertSubjectCN")
    # Without the signal the report itself is the best evidence there is.
    return Sent(signal or orjson.dumps(said), f"Peppol AS4 {seat}" if seat else "Peppol AS4", _signal_time(signal))


def _signal_time(signal: bytes) -> datetime | None:
    try:
        root: etree._Element = parse(signal)
    except InvalidSbdError:
        return None
    return _moment(root.findtext(f"{_EBMS}MessageInfo/{_EBMS}Timestamp"))


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
