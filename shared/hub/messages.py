"""Events as Kafka messages: CloudEvents 1.0, binary content mode (Kafka protocol binding, section 3.2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from pydantic import ValidationError

from hub.pipeline import EVENTS, Event, TransactionEvent

MAX_BODY = 200_000
CONTENT_TYPE = "application/json"


class Message(NamedTuple):
    """A message as it lies in an outbox or a parking place. `topic` is without the deployment's prefix."""

    topic: str
    key: str
    headers: Mapping[str, str]
    body: bytes


class MalformedMessageError(Exception):
    """A message that is no event of ours: a bug of whoever wrote it."""


class TooLargeError(Exception):
    """An event over 200 KB: documents belong in the blob store."""


def encode(event: Event, source: str) -> Message:
    """Return the event as a message; raises TooLargeError over 200 KB."""
    body = event.model_dump_json(exclude_none=True).encode()
    if len(body) > MAX_BODY:
        raise TooLargeError(f"{event.type} {event.id} is {len(body)} bytes; at most {MAX_BODY} travel in an event")
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_type": event.type,
        "ce_source": source,
        "ce_time": event.time.isoformat(),
        "ce_subject": event.key,
        "content-type": CONTENT_TYPE,
    }
    if isinstance(event, TransactionEvent):  # one W3C trace per transaction, one span per event
        headers["traceparent"] = f"00-{event.transaction_id.hex}-{event.id.hex[16:]}-01"
    return Message(event.destination.name, event.key, headers, body)


def text_headers(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Return Kafka's header pairs as text."""
    return {name: value.decode("utf-8", "replace") for name, value in headers}


def event_id(headers: Mapping[str, str]) -> UUID:
    """Return the event's id; raises MalformedMessageError."""
    try:
        return UUID(headers["ce_id"])
    except (KeyError, ValueError) as error:
        raise MalformedMessageError(f"no usable ce_id: {headers.get('ce_id')!r}") from error


def decode(message: Message) -> Event | None:
    """Return the event, None for a type this version does not know; raises MalformedMessageError."""
    identifier = event_id(message.headers)
    try:
        known = EVENTS.get(message.headers["ce_type"])
        if known is None:
            return None
        fields = orjson.loads(message.body)
        return known.model_validate(
            {**fields, "id": identifier, "time": datetime.fromisoformat(message.headers["ce_time"])}
        )
    except (KeyError, ValueError, TypeError, ValidationError) as error:
        raise MalformedMessageError(f"{message.headers.get('ce_type')} {identifier}: {error}") from error
