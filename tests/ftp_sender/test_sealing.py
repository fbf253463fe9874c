"""Secrets at rest."""

import base64
from uuid import uuid4

import pytest

from ftp_sender.sealing import Sealer, UnsealableError

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()


def test_a_sealed_secret_opens_again_and_is_not_readable_before() -> None:
    target = uuid4()
    token = Sealer(NEW).seal(b"hemmelig", target)
    assert b"hemmelig" not in token
    assert Sealer(NEW).open(token, target) == b"hemmelig"


def test_the_same_secret_never_looks_the_same() -> None:
    target = uuid4()
    assert Sealer(NEW).seal(b"hemmelig", target) != Sealer(NEW).seal(b"hemmelig", target)


def test_a_secret_opens_for_its_own_target_only() -> None:
    token = Sealer(NEW).seal(b"hemmelig", uuid4())
    with pytest.raises(UnsealableError):
        Sealer(NEW).open(token, uuid4())


def test_keys_rotate() -> None:
    target = uuid4()
    token = Sealer(OLD).seal(b"hemmelig", target)
    rotated = Sealer(NEW, [OLD])
    assert rotated.open(token, target) == b"hemmelig"
    assert not rotated.is_current(token)
    assert rotated.is_current(rotated.seal(b"hemmelig", target))
    with pytest.raises(UnsealableError):
        Sealer(NEW).open(token, target)


@pytest.mark.parametrize("place", [0, 1, 6, 20, -1])
def test_a_changed_token_does_not_open(place: int) -> None:
    target = uuid4()
    token = bytearray(Sealer(NEW).seal(b"hemmelig", target))
    token[place] ^= 1
    with pytest.raises(UnsealableError):
        Sealer(NEW).open(bytes(token), target)
    with pytest.raises(UnsealableError):
        Sealer(NEW).open(b"", target)


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"x" * 31).decode(), "*" * 44])
def test_a_key_of_the_wrong_size_stops_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="seal key"):
        Sealer(key)
