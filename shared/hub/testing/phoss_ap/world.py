"""What the fake access point finds outside: receivers and how they behave, our own address, and what has arrived."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

PARTICIPANT_SCHEME = "iso6523-actorid-upis"


class Behaviour(StrEnum):
    """What happens to a document on its way to one receiver."""

    DELIVERS = "delivers"
    UNREGISTERED = "unregistered"  # the SML knows no such participant
    DNS_FAILS = "dns_fails"  # SERVFAIL
    SMP_MISSING = "smp_missing"  # the SMP answers 404
    SMP_FAILS = "smp_fails"  # the SMP answers 500
    DOWN = "down"  # its access point refuses the connection
    HANGS = "hangs"  # its access point accepts the connection and never answers
    CRASHES_BEFORE = "crashes_before"  # our access point is killed before anything has left it
    CRASHES_AFTER = "crashes_after"  # our access point is killed after the delivery, before the receipt


@dataclass(slots=True)
class Receiver:
    """A participant: what it does, what it can receive (None: everything) and which MLS code it answers, if any."""

    behaviour: Behaviour = Behaviour.DELIVERS
    document_types: tuple[str, ...] | None = None
    processes: tuple[str, ...] | None = None
    mls: str | None = None


@dataclass(frozen=True, slots=True)
class Backend:
    """Where inbound documents are posted, with the headers that an operator configured (such as Authorization)."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One document as a receiver has it; identifiers as `scheme::value`, `document` the bytes submitted."""

    instance_id: str
    sender: str
    receiver: str
    document_type: str
    process: str
    country: str
    document: bytes
    at: datetime


@dataclass(slots=True)
class World:
    """The script and the record. Receivers are named by electronic address (`0192:991825827`).

    `submissions` counts what was submitted to the access point, by (instance id, receiver), and `arrivals` what
    reached the receiver's access point, rejected duplicates included; `delivered` holds what it kept.
    """

    token: str = "phoss-token"  # noqa: S105 - the fake's own default
    receivers: dict[str, Receiver] = field(default_factory=dict)
    others: Behaviour = Behaviour.UNREGISTERED
    backend: Backend | None = None
    folder: Path | None = None
    refused_after: timedelta = timedelta(seconds=10)
    hangs_for: timedelta = timedelta(seconds=250)
    retry_after: timedelta = timedelta(minutes=3)
    most_attempts: int = 3
    submissions: Counter[tuple[str, str]] = field(default_factory=Counter)
    arrivals: Counter[tuple[str, str]] = field(default_factory=Counter)
    delivered: list[Delivered] = field(default_factory=list)

    def receiver(self, participant: str) -> Receiver:
        """Return what is known of a participant (`iso6523-actorid-upis::0192:…` or the address alone)."""
        address = participant.removeprefix(f"{PARTICIPANT_SCHEME}::")
        return self.receivers.get(address) or Receiver(self.others)

    def arrive(self, document: Delivered) -> bool:
        """Let the document reach its receiver; False when it has one with that instance id already."""
        key = (document.instance_id, document.receiver)
        self.arrivals[key] += 1
        if self.arrivals[key] > 1:
            return False
        self.delivered.append(document)
        if self.folder is not None:
            place = self.folder / document.receiver.rpartition("::")[2].replace(":", "-")
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{document.instance_id}.xml").write_bytes(document.document)
        return True


def utc_text(moment: datetime, digits: int = 6) -> str:
    """Write a moment as phoss-ap does: `2026-11-22T11:59:03.911977Z`."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text[: len(text) - (6 - digits)] + "Z"
