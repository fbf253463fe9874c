"""What pool and worker say to each other: a length (4 bytes, big-endian) and a pickle, over a socket pair of their own.

Both ends are this program, and the socket has no name that anyone else could open.
"""

import pickle
import struct
from dataclasses import dataclass
from datetime import date

from ehf_builder.validation.verdict import BuiltVerdict, Verdict
from hub.parties import CustomerEntry, RegisterEntry

LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Validate:
    """Judge UBL bytes by the rules of a day; `seller` is the register entry of who sends it, where that is known."""

    document: bytes
    today: date
    seller: RegisterEntry | None = None

    @property
    def size(self) -> int:
        """Bytes of the document."""
        return len(self.document)


@dataclass(frozen=True, slots=True)
class Build:
    """Build a JSON invoice and judge it by the rules of a day."""

    received: bytes
    seller: RegisterEntry
    customer: CustomerEntry | None
    today: date

    @property
    def size(self) -> int:
        """Bytes of the JSON."""
        return len(self.received)


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has compiled its rules."""


@dataclass(frozen=True, slots=True)
class Bug:
    """Something raised in the worker that should not; the worker itself goes on."""

    traceback: str


Job = Validate | Build
Answer = Verdict | BuiltVerdict | Bug | Ready


def frame(message: Job | Answer) -> bytes:
    """Pack a message with its length."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


def unframe(body: bytes) -> Job | Answer:
    """Unpack a message without its length."""
    message: Job | Answer = pickle.loads(body)  # noqa: S301 - our own process wrote it
    return message
