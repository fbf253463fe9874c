"""Secrets at rest: AES-256-GCM, bound to the target that they belong to.

A token is one version byte, the four-byte id of the key, a 12-byte nonce, and the ciphertext with its 16-byte tag. The
id of the key lets keys rotate: new tokens are sealed with the current key, older ones opened with the key they name.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_KEY_ID, _NONCE, _KEY = 4, 12, 32


class UnsealableError(Exception):
    """The token was sealed with a key that is not configured, for another target, or was changed."""


def _decoded(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error as error:
        raise ValueError("a seal key must be base64") from error
    if len(raw) != _KEY:
        raise ValueError(f"a seal key must be {_KEY} bytes, base64; this one is {len(raw)}")
    return raw


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"sentral seal key\x00" + key).digest()[:_KEY_ID]


class Sealer:
    """Seals with the current key, opens with any of the keys given (base64, 32 bytes each); raises ValueError."""

    def __init__(self, current: str, former: Sequence[str] = ()) -> None:
        keys = [_decoded(key) for key in (current, *former)]
        self._current = _id_of(keys[0])
        self._ciphers = {_id_of(key): AESGCM(key) for key in keys}

    def seal(self, secret: bytes, target: UUID) -> bytes:
        """Return the token that keeps this target's secret."""
        nonce = os.urandom(_NONCE)
        return _VERSION + self._current + nonce + self._ciphers[self._current].encrypt(nonce, secret, target.bytes)

    def open(self, token: bytes, target: UUID) -> bytes:
        """Return the secret; raises UnsealableError."""
        version, key_id = token[:1], token[1 : 1 + _KEY_ID]
        nonce, sealed = token[1 + _KEY_ID : 1 + _KEY_ID + _NONCE], token[1 + _KEY_ID + _NONCE :]
        cipher = self._ciphers.get(key_id)
        if version != _VERSION or cipher is None:
            raise UnsealableError(f"sealed with an unknown key ({key_id.hex()})")
        try:
            return cipher.decrypt(nonce, sealed, target.bytes)
        except (InvalidTag, ValueError) as error:
            raise UnsealableError("the sealed secret does not open for this target") from error

    def is_current(self, token: bytes) -> bool:
        """Tell whether the token was sealed with the current key."""
        return token[1 : 1 + _KEY_ID] == self._current
