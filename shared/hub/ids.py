"""Identifiers: time-ordered transaction ids, and event ids that a replay gives again.

An event id is a UUIDv8 (RFC 9562 section 5.8): the 48-bit milliseconds of its transaction, so that inbox and outbox
indexes stay warm, then a hash of what caused it, its type and a business discriminator (leg, attempt, line).
"""

import hashlib
import os
from datetime import UTC, datetime
from uuid import UUID

_V7, _V8 = 0x7, 0x8


def _uuid(milliseconds: int, low80: int, version: int) -> UUID:
    """Lay out 48 bits of time and 80 bits of content as a UUID of the version given (six bits are overwritten)."""
    value = (milliseconds & (2**48 - 1)) << 80 | (low80 & (2**80 - 1))
    value = value & ~(0xF << 76) | version << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def uuid7(now: datetime) -> UUID:
    """Return a new time-ordered id (UUIDv7): 48 bits of milliseconds, 74 random bits."""
    return _uuid(int(now.timestamp() * 1000), int.from_bytes(os.urandom(10)), _V7)


def milliseconds_of(identifier: UUID) -> int:
    """Return the milliseconds since 1970 that a UUIDv7 or one of our UUIDv8 begins with."""
    return identifier.int >> 80


def derived_id(time_of: UUID, cause: UUID | str, type_: str, discriminator: str = "") -> UUID:
    """Return the id that the same transaction (or entity), cause, type and discriminator always give."""
    text = "\x1f".join((str(time_of), str(cause), type_, discriminator)).encode()
    return _uuid(milliseconds_of(time_of), int.from_bytes(hashlib.sha256(text).digest()[:10]), _V8)


def utc_now() -> datetime:
    """Return the time now, aware, in UTC: the one clock that wiring passes in."""
    return datetime.now(UTC)
