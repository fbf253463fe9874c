"""What a channel fulfils, and nothing else: deliver once, and find out what became of an attempt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.errors import Problem
from hub.pipeline import DeliveryOrdered, Receipt


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that the recipient got nothing and cannot get it from that attempt any more: another may be made.

    A worker that was thought dead may still be at its effect, so the proof must hold against that too (ftp takes the
    `.part` away, so that a late rename finds nothing).
    """


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether the recipient got it cannot be told now."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Failed:
    """It will never arrive on this leg: final. `nothing_sent` only with proof that the recipient got nothing."""

    problem: Problem
    nothing_sent: bool


class Attempt(Protocol):
    """One try at one delivery."""

    @property
    def number(self) -> int:
        """Counts from 1."""

    @property
    def started_at(self) -> datetime:
        """When it was prepared (UTC)."""

    async def committing(self) -> None:
        """Record that the next step is the one the outside sees; raises Fenced when another worker has taken over.

        Call it once, just before the effect (the rename, the POST).
        """


class Fenced(Exception):
    """Another worker holds this delivery now; do nothing more with it."""


class SendingChannel(Protocol):
    """An adapter to the outside world.

    `deliver` raises Refused (final, nothing sent), TryLater (nothing sent, this one delivery later) or Unavailable
    (nothing sent, the whole destination is down); after `committing` any exception makes the outcome a question
    for `find_out`. Both are bounded by the framework's hard deadline, which is shorter than the lease.
    """

    def destination_of(self, order: DeliveryOrdered) -> str:
        """Return what budgets, concurrency and breakers are kept per (a target's id, an access point)."""

    async def deliver(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt:
        """Deliver once and return the receipt."""

    async def find_out(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt | NotSent | Failed | Unknown:
        """Tell what became of an attempt that had reached `committing`; may be asked while its effect goes on."""
