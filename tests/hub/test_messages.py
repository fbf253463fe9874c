"""Events travel as CloudEvents, with ids that a replay gives again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from hub.ids import derived_id, milliseconds_of, uuid7
from hub.messages import MalformedMessageError, Message, TooLargeError, decode, encode
from hub.pipeline import EVENTS, InvoiceRefused
from tests.hub.transport import PARTIES, refusal

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_an_event_comes_back_as_it_went() -> None:
    event = refusal()
    message = encode(event, "/sentral/ehf-builder")
    assert decode(message) == event
    assert message.topic == "invoice.validated"
    assert message.headers["ce_source"] == "/sentral/ehf-builder"
    assert message.headers["traceparent"].split("-")[1] == event.transaction_id.hex


def test_fields_that_a_newer_version_added_are_ignored() -> None:
    message = encode(refusal(), "/sentral/x")
    newer = message._replace(body=message.body[:-1] + b',"added_later":{"x":1}}')
    assert decode(newer) == decode(message)


def test_a_type_that_this_version_does_not_know_is_no_event() -> None:
    message = encode(refusal(), "/sentral/x")
    assert decode(message._replace(headers={**message.headers, "ce_type": "hub.invoice.melted.v9"})) is None


@pytest.mark.parametrize("missing", ["ce_id", "ce_time", "ce_type"])
def test_a_message_without_its_attributes_is_malformed(missing: str) -> None:
    message = encode(refusal(), "/sentral/x")
    headers = {name: value for name, value in message.headers.items() if name != missing}
    with pytest.raises(MalformedMessageError):
        decode(Message(message.topic, message.key, headers, message.body))


def test_an_event_over_200_kb_is_refused_where_it_is_made() -> None:
    big = PARTIES.model_copy(update={"number": "x" * 200_001})
    event = InvoiceRefused.caused(uuid7(NOW), uuid4(), NOW, parties=big, problems=())
    with pytest.raises(TooLargeError):
        encode(event, "/sentral/x")


def test_the_same_cause_gives_the_same_id_and_another_discriminator_another() -> None:
    transaction, cause = uuid7(NOW), uuid4()
    first = derived_id(transaction, cause, "t", "1")
    assert first == derived_id(transaction, cause, "t", "1")
    assert len({first, derived_id(transaction, cause, "t", "2"), derived_id(transaction, uuid4(), "t", "1")}) == 3


def test_ids_follow_their_transactions_time_and_say_their_version() -> None:
    transaction = uuid7(NOW)
    later = uuid7(NOW + timedelta(milliseconds=1))
    derived = derived_id(transaction, "x", "t")
    assert (transaction.version, derived.version) == (7, 8)
    assert transaction.variant == derived.variant == UUID(int=uuid4().int).variant
    assert milliseconds_of(derived) == milliseconds_of(transaction) == int(NOW.timestamp() * 1000)
    assert transaction < later


def test_every_event_has_a_type_of_its_own_with_a_version() -> None:
    assert len(EVENTS) >= 14
    assert all(name.startswith("hub.") and name.rsplit(".", 1)[1].startswith("v") for name in EVENTS)
