"""Tokens between the hub's own services and operators: HS256, 60 seconds, with actor and role."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from pydantic import SecretStr

LIFETIME = timedelta(seconds=60)
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and as what."""

    name: str
    role: str


class InvalidTokenError(Exception):
    """The token is not ours, is meant for another service, or has expired."""


def _key(secret: SecretStr) -> bytes:
    key = base64.b64decode(secret.get_secret_value())
    if len(key) < 32:
        raise ValueError("HUB_SECRET_KEY must be at least 32 bytes, base64")
    return key


def issue(secret: SecretStr, actor: Actor, service: str, now: datetime) -> str:
    """Return a token that lets the actor use one service's /ops for 60 seconds."""
    claims = {"sub": actor.name, "role": actor.role, "aud": service, "iat": now, "exp": now + LIFETIME}
    return jwt.encode(claims, _key(secret), algorithm=_ALGORITHM)


def verify(secret: SecretStr, token: str, service: str) -> Actor:
    """Return who acts; raises InvalidTokenError."""
    try:
        claims = jwt.decode(
            token,
            _key(secret),
            algorithms=[_ALGORITHM],
            audience=service,
            options={"require": ["exp", "aud", "sub", "role"]},
        )
    except jwt.PyJWTError as error:
        raise InvalidTokenError(str(error)) from error
    return Actor(name=str(claims["sub"]), role=str(claims["role"]))
