"""What each recorded answer means to a delivery."""

import json
from datetime import UTC, datetime

import pytest

from access_point import problems
from access_point.outcome import (
    NEVER_REACHED,
    Absent,
    Answer,
    Sent,
    Silent,
    of_status,
    of_submission,
)
from hub.delivery.ports import Failed, NotSent, Unknown
from hub.errors import Problem
from tests.access_point.recordings import needs_recordings, recording

SENT = ["01", "02", "06", "07", "27", "28", "35", "39", "40", "60", "62", "64", "66", "68"]
# 422 decides nothing, whatever its report says.
OPEN = ["08", "09", "12", "14", "15", "23", "25", "36", "38", "43", "45", "47", "49", "51", "53", "55", "91"]
TURNED_AWAY = ["10", "11", "33", "34"]
REFUSED = ["16", "17", "18", "19", "20", "21", "22", "24", "26"]

DELIVERED_STATUS = [
    "03",
    "42",
    "72-outbound-status-later-e400",
    "72-outbound-status-later-nocc",
    "72-outbound-status-later-noretry",
    "94",
]
STILL_TRYING = ["13", "37", "48", "52", "56", "90", "92", "93"]
# The status, the submission's answer if it was seen, and what they mean together.
GIVEN_UP: list[tuple[str, str | None, Problem, bool]] = [
    ("44", "43", problems.RECIPIENT_UNKNOWN, True),
    ("81", "43", problems.RECIPIENT_UNKNOWN, True),
    ("44", None, problems.RECIPIENT_UNKNOWN, False),
    ("46", "45", problems.LOOKUP_FAILED, True),
    ("50", "49", problems.LOOKUP_FAILED, True),
    ("50", "51", problems.LOOKUP_FAILED, False),
]


def answer(name: str) -> Answer:
    response = recording(name).response
    return Answer(response.status, response.body)


def changed(name: str, **fields: object) -> Answer:
    return Answer(200, json.dumps({**recording(name).response.json, **fields}).encode())


@needs_recordings
@pytest.mark.parametrize("name", SENT)
def test_an_accepted_submission_is_a_receipt_with_the_signed_signal_as_evidence(name: str) -> None:
    outcome = of_submission(answer(name))
    assert isinstance(outcome, Sent)
    assert outcome.evidence == recording(name).response.json["as4ReceivedSignalMsg"].encode()
    assert outcome.confirmed_by.startswith("Peppol AS4 POP00000")
    assert outcome.at is not None
    assert outcome.at.date() == datetime(2026, 11, 22, tzinfo=UTC).date()


@needs_recordings
@pytest.mark.parametrize("name", OPEN)
def test_a_422_is_never_final(name: str) -> None:
    assert of_submission(answer(name)) is None


@needs_recordings
@pytest.mark.parametrize("name", TURNED_AWAY)
def test_a_request_that_was_turned_away_sent_nothing(name: str) -> None:
    assert of_submission(answer(name)) == NotSent()


@needs_recordings
@pytest.mark.parametrize("name", REFUSED)
def test_input_that_was_refused_is_final_and_sent_nothing(name: str) -> None:
    assert of_submission(answer(name)) == Failed(problems.INPUT_REFUSED, nothing_sent=True)


@pytest.mark.parametrize("status", [200, 204, 302, 408, 429, 500, 502, 503, 504])
def test_any_other_answer_to_a_submission_leaves_the_question_open(status: int) -> None:
    assert of_submission(Answer(status, b"")) is None
    assert of_submission(Answer(status, b'{"overallSuccess":false}')) is None


def test_a_request_that_no_connection_came_about_for_sent_nothing() -> None:
    assert of_submission(NEVER_REACHED) == NotSent()


@needs_recordings
@pytest.mark.parametrize("name", DELIVERED_STATUS)
def test_a_status_of_sent_or_with_an_mls_is_a_delivery(name: str) -> None:
    outcome = of_status(answer(name))
    assert isinstance(outcome, Sent)
    assert outcome.evidence == recording(name).response.body


@needs_recordings
@pytest.mark.parametrize("name", STILL_TRYING)
def test_what_the_access_point_tries_by_itself_is_waited_for(name: str) -> None:
    assert of_status(answer(name)) == Unknown(problems.STILL_TRYING)


@needs_recordings
@pytest.mark.parametrize("name", ["05", "54"])
def test_a_status_of_404_only_says_that_nothing_is_told(name: str) -> None:
    assert of_status(answer(name)) == Absent()


@needs_recordings
@pytest.mark.parametrize(("status", "submission", "problem", "nothing_sent"), GIVEN_UP)
def test_giving_up_is_a_failure_and_claims_nothing_without_proof(
    status: str, submission: str | None, problem: Problem, nothing_sent: bool
) -> None:
    seen = answer(submission) if submission else None
    assert of_status(answer(status), seen) == Failed(problem, nothing_sent=nothing_sent)


@needs_recordings
def test_giving_up_after_several_attempts_proves_nothing() -> None:
    later = changed("48", status="permanently_failed", attemptCount=3, nextRetryDT=None)
    assert of_status(later, answer("47")) == Failed(problems.DOCUMENT_TYPE_UNSUPPORTED, nothing_sent=False)
    silent = changed("92", status="permanently_failed", attemptCount=3, nextRetryDT=None)
    assert of_status(silent, answer("91")) == Failed(problems.UNDELIVERABLE, nothing_sent=False)


@needs_recordings
def test_giving_up_on_a_rejected_repetition_may_be_a_delivery() -> None:
    before_the_mls = changed("94", mlsStatus="pending")
    assert of_status(before_the_mls) == Unknown(problems.DELIVERY_UNCERTAIN)
    crashed = changed("93", status="permanently_failed")
    assert of_status(crashed) == Unknown(problems.DELIVERY_UNCERTAIN)


@needs_recordings
def test_a_document_that_never_parses_was_never_sent() -> None:
    given_up = changed("13", status="permanently_failed", attemptCount=3)
    assert of_status(given_up) == Failed(problems.DOCUMENT_UNREADABLE, nothing_sent=True)


@needs_recordings
def test_a_status_that_nobody_has_seen_is_not_guessed_at() -> None:
    assert of_status(changed("03", status="rejected")) == Unknown(problems.DELIVERY_UNCERTAIN)


@pytest.mark.parametrize(
    "silent",
    [
        Answer(401, b'{"error":"Invalid or missing API token"}'),
        Answer(404, b'{"status":404,"error":"Not Found","path":"/x"}'),
        Answer(500, b""),
        Answer(503, b"down"),
        Answer(200, b""),
        Answer(200, b"[]"),
        Answer(200, b"{"),
    ],
)
def test_an_answer_that_is_no_status_tells_nothing_of_the_document(silent: Answer) -> None:
    assert isinstance(of_status(silent), Silent)
