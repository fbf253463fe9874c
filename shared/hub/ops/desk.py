"""What the operations of one service work on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import TextClause

from hub.batch import Handler
from hub.db import Database
from hub.health import Part
from hub.instances import Instance
from hub.pauses import Pauses
from hub.queues import TRANSPORT

Names = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]


class WatchedConsumer(Protocol):
    """A consumer, as operators look at it."""

    part: Part

    @property
    def handler(self) -> Handler:
        """What it hands batches to."""

    async def lag(self) -> int | None:
        """Return how many messages lie before it, over all processes; None where that is not known now."""


@dataclass(frozen=True, slots=True)
class WatchedSender:
    """A sender's channel. `names` gives destinations the names that people know them by, where they have any."""

    channel: str
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One service. `queues` are statements as hub.queues has them."""

    service: str
    database: Database
    committed: Callable[[], None] = lambda: None
    pauses: Pauses | None = None
    consumers: Sequence[WatchedConsumer] = ()
    instance: Instance | None = None
    sender: WatchedSender | None = None
    queues: Sequence[TextClause] = (TRANSPORT,)

    async def rows(self, statement: TextClause, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return what a statement reads."""
        async with self.database.begin() as connection:
            return [dict(row) for row in (await connection.execute(statement, values or {})).mappings()]

    async def instances(self) -> list[dict[str, Any]]:
        """Return what each instance of the service says of itself (hub.instances)."""
        if self.instance is None:
            return []
        async with self.database.begin() as connection:
            return await self.instance.all(connection)

    async def names(self, destinations: Sequence[str]) -> Mapping[str, str]:
        """Return the names that people know these destinations of a sender by, where they have any."""
        if self.sender is None or self.sender.names is None:
            return {}
        return await self.sender.names(destinations)

    async def changed(self) -> None:
        """Wake what waits for commits, and respect a pause in this process at once."""
        self.committed()
        if self.pauses is not None:
            await self.pauses.look()
