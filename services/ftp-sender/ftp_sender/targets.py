"""A target: where a customer's files go, and what proves who is at the other end. Pure."""

import base64
import binascii
import hashlib
import hmac
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from paramiko import ECDSAKey, Ed25519Key, PasswordRequiredException, PKey, RSAKey, SSHException
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


class BadKeyError(ValueError):
    """A private key that cannot be used; the message says why."""


def private_key(text: str, passphrase: str | None) -> PKey:
    """Return the key (ed25519, RSA or ECDSA; PEM or OpenSSH); raises BadKeyError."""
    for kind in (Ed25519Key, RSAKey, ECDSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), passphrase)
        except PasswordRequiredException as error:
            raise BadKeyError("the key is encrypted, and no passphrase was given") from error
        except (SSHException, ValueError, TypeError, IndexError):
            continue
    raise BadKeyError("not a private key of a known kind (ed25519, RSA, ECDSA), or the passphrase is wrong")


class Secret(BaseModel):
    """A password, or a private key with or without a passphrase."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    password: SecretStr | None = None
    private_key: SecretStr | None = None
    passphrase: SecretStr | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.password is None) == (self.private_key is None):
            raise ValueError("give either password or private_key")
        return self

    def key(self) -> PKey | None:
        """Return the private key, None where a password is used; raises BadKeyError. Slow where it is encrypted."""
        if self.private_key is None:
            return None
        return private_key(
            self.private_key.get_secret_value(), self.passphrase.get_secret_value() if self.passphrase else None
        )

    def plain(self) -> dict[str, str]:
        """Return what is sealed."""
        given = {"password": self.password, "private_key": self.private_key, "passphrase": self.passphrase}
        return {name: value.get_secret_value() for name, value in given.items() if value is not None}


class TargetForm(BaseModel):
    """What `PUT /ops/targets/{id}` takes. Without a secret the known one stays, as long as host and user do.

    `host_key` is the server's public key (`ssh-ed25519 AAAA…`, also as a line of known_hosts) or its fingerprint
    (`SHA256:…`); `folder` is where the user lands unless something else is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    owner: str = Field(pattern=r"^[0-9]{9}$")
    protocol: Literal["sftp"] = "sftp"
    host: str = Field(min_length=1, max_length=253, pattern=r"^[^\s/%@\x00]+$")
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1, max_length=128)
    password: SecretStr | None = Field(default=None, min_length=1, max_length=1024)
    private_key: SecretStr | None = Field(default=None, min_length=1, max_length=32768)
    passphrase: SecretStr | None = None
    folder: str = Field(default=".", max_length=512, pattern=r"^[^\x00-\x1f]*$")
    host_key: str | None = None

    @property
    def secret(self) -> Secret | None:
        """The secret given, None when the known one is to stay."""
        if self.password is None and self.private_key is None:
            return None
        return Secret(password=self.password, private_key=self.private_key, passphrase=self.passphrase)

    @model_validator(mode="after")
    def _usable_secret(self) -> Self:
        if self.secret is not None:
            self.secret.key()
        return self

    @field_validator("folder")
    @classmethod
    def _somewhere(cls, value: str) -> str:
        return value.strip() or "."

    @field_validator("host_key")
    @classmethod
    def _known_form(cls, value: str | None) -> str | None:
        return None if value is None or not value.strip() else normal_host_key(value)


@dataclass(frozen=True, slots=True)
class Target:
    """A target with its secret opened. `changed_at` tells its versions apart."""

    id: UUID
    owner: str
    host: str
    port: int
    user: str
    secret: Secret
    folder: str
    host_key: str | None
    changed_at: datetime

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    def path(self, name: str) -> str:
        """Return a file's path in the folder."""
        return f"{self.folder.rstrip('/') or ''}/{name}"


def normal_host_key(text: str) -> str:
    """Return the pinned form of a public key (`type base64`, comment cut off) or a fingerprint; raises ValueError."""
    text = text.strip()
    if FINGERPRINT.fullmatch(text):
        return text.rstrip("=")
    words = text.split()
    if len(words) > 2 and not words[0].startswith(("ssh-", "ecdsa-")):  # known_hosts: the host's names come first
        words = words[1:]
    kind, encoded = (*words, "", "")[:2]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        blob = b""
    if blob[4 : 4 + len(kind)] != kind.encode() or not kind:
        raise ValueError("host_key must be a public key (ssh-ed25519 AAAA…) or a fingerprint (SHA256:…)")
    return f"{kind} {encoded}"


def fingerprint(key: bytes) -> str:
    """Return the fingerprint of a public key's wire form, as ssh-keygen prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def is_pinned(pinned: str, kind: str, key: bytes) -> bool:
    """Tell whether the server's key is the pinned one."""
    shown = fingerprint(key) if FINGERPRINT.fullmatch(pinned) else f"{kind} {base64.b64encode(key).decode()}"
    return hmac.compare_digest(pinned, shown)


def algorithms_of(pinned: str | None) -> Sequence[str]:
    """Return the host key algorithms to ask for, so that a server with several keys shows the pinned one."""
    if pinned is None or FINGERPRINT.fullmatch(pinned):
        return ()
    kind = pinned.partition(" ")[0]
    return _RSA if kind == "ssh-rsa" else (kind,)
