"""API keys: shown once, stored as a hash, compared in constant time.

A key is `sentral_<public id>_<secret>`. The secret has 256 random bits, so one round of SHA-256 is enough: there is
nothing to guess that stretching would make slower.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

_FORM = re.compile(r"sentral_([0-9a-z]{12})_([0-9A-Za-z_-]{43})")
_ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Scope(StrEnum):
    """What a key opens: the client's invoices and customers, its inbox, or the register itself."""

    TRANSACTIONS = "transactions"
    INBOX = "inbox"
    ADMIN = "admin"


INSTALL_SCOPES = (Scope.TRANSACTIONS, Scope.INBOX)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment when its secret is known. `text` is what its holder keeps."""

    id: str
    text: str
    hash: bytes

    def __repr__(self) -> str:
        return f"NewKey(id={self.id!r})"


def new_key() -> NewKey:
    """Make a key."""
    public = "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    return NewKey(public, f"sentral_{public}_{secret}", _hash(secret))


def split(text: str) -> tuple[str, str] | None:
    """Return a presented key's public id and secret, None for what cannot be a key."""
    found = _FORM.fullmatch(text)
    return (found[1], found[2]) if found else None


def matches(secret: str, stored: bytes) -> bool:
    """Tell whether the secret is the one that was stored, in constant time."""
    return hmac.compare_digest(_hash(secret), stored)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
