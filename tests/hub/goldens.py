"""The golden messages, as files hold them and as Kafka gives them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from aiokafka.structs import ConsumerRecord

from hub.messages import Message

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class Golden:
    """One message; `place` is where it is in its file."""

    type: str
    place: int
    topic: str
    key: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @classmethod
    def of(cls, message: Message) -> "Golden":
        return cls(
            message.headers["ce_type"], 0, message.topic, message.key, message.headers, orjson.loads(message.body)
        )

    @property
    def message(self) -> Message:
        return Message(self.topic, self.key, self.headers, orjson.dumps(self.body))

    def with_body(self, body: Mapping[str, Any]) -> "Golden":
        return replace(self, body=body)

    def record(self, offset: int) -> "ConsumerRecord[bytes, bytes]":
        """Return it as a consumer gets it."""
        message = self.message
        headers = tuple((name, value.encode()) for name, value in message.headers.items())
        return ConsumerRecord(
            topic=message.topic,
            partition=0,
            offset=offset,
            timestamp=0,
            timestamp_type=0,
            key=message.key.encode(),
            value=message.body,
            checksum=None,
            serialized_key_size=len(message.key),
            serialized_value_size=len(message.body),
            headers=headers,
        )


def messages() -> Iterator[Golden]:
    """Return every golden message, file by file."""
    for file in sorted(GOLDEN.glob("*.json")):
        for place, message in enumerate(orjson.loads(file.read_bytes())):
            yield Golden(file.stem, place, **message)


def documents() -> Mapping[str, bytes]:
    """Return the documents that golden messages speak of, by name."""
    return {file.name: file.read_bytes() for file in (GOLDEN / "documents").iterdir()}
