"""Messages as they lie in topics: what was published once is read for as long as a topic keeps it, and longer.

`golden/<type>.json` holds messages of one event version: the first has only what that version requires, the others what
it publishes with everything it can say. They are never edited. So a version can change in one way only:

- A new optional field: append a message that has it.
- Anything else (a field removed, renamed, made required, or with another meaning): a new class with the next version
  in its type beside the old one, a file of its own here, and handlers that know both. The old class goes, with its
  file, once no topic holds a message of it (30 days; never for `register.changed`, which is compacted) and no decision
  or delivery of it is stored.
"""

from collections import defaultdict
from collections.abc import Iterator, MutableMapping
from datetime import datetime
from typing import Any, cast

import pytest
from pydantic import BaseModel

from hub.errors import Problem
from hub.messages import MalformedMessageError, decode, encode
from hub.parties import Channel
from hub.pipeline import EVENTS, DeliveryRetrying, Event, LegEvent
from tests.hub.goldens import GOLDEN, Golden, messages

ALL = [pytest.param(golden, id=f"{golden.type}-{golden.place}") for golden in messages()]


def difference(golden: Golden) -> str | None:
    """Say what today's code makes of a golden message that it does not hold, None where it is understood whole."""
    try:
        event = decode(golden.message)
    except MalformedMessageError as error:
        return f"it cannot be read: {error}"
    if event is None:
        return "its type is unknown"
    again = Golden.of(encode(event, golden.headers["ce_source"]))
    if (again.topic, again.key, again.headers) != (golden.topic, golden.key, golden.headers):
        return f"it goes elsewhere: {again.topic} {again.key} {again.headers}"
    return missing(golden.body, again.body, "body")


def missing(wanted: Any, found: Any, where: str) -> str | None:
    """Name the first value of the golden message that did not come back."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        lost = (missing(value, found.get(name), f"{where}.{name}") for name, value in wanted.items())
        return next((one for one in lost if one), None)
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return next((one for place, (a, b) in pairs if (one := missing(a, b, f"{where}[{place}]"))), None)
    return None if wanted == found else f"{where} was {wanted!r} and is {found!r}"


def test_every_event_version_has_its_golden_messages() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(EVENTS)
    assert {golden.headers["ce_type"] for golden in messages()} == set(EVENTS)


@pytest.mark.parametrize("golden", ALL)
def test_a_golden_message_comes_back_as_it_was_published(golden: Golden) -> None:
    assert difference(golden) is None


@pytest.mark.parametrize("type_", EVENTS)
def test_the_newest_golden_message_is_what_is_published_today(type_: str) -> None:
    newest = [golden for golden in messages() if golden.type == type_][-1]
    event = decode(newest.message)
    assert event is not None
    published = Golden.of(encode(event, newest.headers["ce_source"])).body
    assert published == newest.body, f"append a message to golden/{type_}.json that has the new fields"


@pytest.mark.parametrize("golden", ALL)
def test_what_a_newer_version_adds_is_ignored_at_every_level(golden: Golden) -> None:
    def newer(value: Any) -> Any:
        if isinstance(value, dict):
            return {**{name: newer(one) for name, one in value.items()}, "added_later": {"x": [1, None]}}
        return [newer(one) for one in value] if isinstance(value, list) else value

    assert decode(golden.with_body(newer(golden.body)).message) == decode(golden.message)


def models(value: Any) -> Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        for name in value.model_fields_set:
            yield from models(getattr(value, name))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from models(one)


def test_golden_messages_show_every_field_and_leave_out_every_optional_one() -> None:
    with_: dict[type[BaseModel], set[str]] = defaultdict(set)
    without: dict[type[BaseModel], set[str]] = defaultdict(set)
    for golden in messages():
        for model in models(decode(golden.message)):
            fields = type(model).model_fields
            with_[type(model)] |= model.model_fields_set
            without[type(model)] |= fields.keys() - model.model_fields_set
    for kind, shown in with_.items():
        optional = {name for name, field in kind.model_fields.items() if not field.is_required()}
        discriminator = {"channel"} if kind.__name__.endswith("Destination") else set()
        assert shown == set(kind.model_fields), (
            f"{kind.__name__}: append a message with {set(kind.model_fields) - shown}"
        )
        assert without[kind] == optional - discriminator, kind.__name__


class FieldRemoved(LegEvent):
    type = DeliveryRetrying.type
    next_at: datetime


class FieldRenamed(LegEvent):
    type = DeliveryRetrying.type
    problem: Problem
    again_at: datetime | None = None


class FieldRequired(DeliveryRetrying):
    channel: Channel


class FieldOfAnotherKind(DeliveryRetrying):
    attempt: str  # type: ignore[assignment]


@pytest.mark.parametrize("changed", [FieldRemoved, FieldRenamed, FieldRequired, FieldOfAnotherKind])
def test_a_change_that_breaks_is_seen(changed: type[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    affected = [golden for golden in messages() if golden.type == DeliveryRetrying.type]
    assert not any(map(difference, affected))
    monkeypatch.setitem(cast("MutableMapping[str, type[Event]]", EVENTS), DeliveryRetrying.type, changed)
    assert any(map(difference, affected))
