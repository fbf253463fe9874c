"""A batch is prepared while the one before is committed, and a slow message holds up nobody but its own key."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from hub import batch
from hub.ids import uuid7
from hub.pipeline import Event
from tests.conftest import DatabaseOf, Servers
from tests.hub.transport import Recorder, Transport, handled, parked_states, publish, refusal, running, until


@pytest.fixture
async def transport(servers: Servers, database_of: DatabaseOf) -> Transport:
    made = Transport(await database_of("recorder"), servers.kafka, f"t{secrets.token_hex(4)}.")
    await made.prepare()
    return made


class Held(Recorder):
    """A recorder whose writes wait, and whose computing can be told to fail or to wait for one event."""

    def __init__(self) -> None:
        super().__init__()
        self.computed: list[Event] = []
        self.writing, self.go_on = asyncio.Event(), asyncio.Event()
        self.slow: Event | None = None
        self.finished = asyncio.Event()
        self.broken: set[Event] = set()

    async def compute(self, event: Event) -> Any:
        self.computed.append(event)
        if event in self.broken:
            raise ZeroDivisionError
        if event == self.slow:
            await self.finished.wait()

    async def write(self, connection: AsyncConnection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        self.writing.set()
        await self.go_on.wait()
        return await super().write(connection, batch)


async def test_the_next_batch_is_computed_while_the_one_before_is_written(transport: Transport) -> None:
    recorder, first, second = Held(), refusal(), refusal()

    async def both_computed() -> bool:
        return second in recorder.computed

    async def both_handled() -> bool:
        return await handled(transport.database) == [first.id, second.id]

    async with running(transport.relay().run, transport.consumer(recorder).run):
        await publish(transport.database, [first])
        await recorder.writing.wait()
        await publish(transport.database, [second])
        await until(both_computed, "the second is computed while the first is written")
        assert await handled(transport.database) == []
        recorder.go_on.set()
        await until(both_handled, "both are written, in their order")


async def test_what_was_prepared_already_waits_behind_its_key_when_the_batch_before_parked_it(
    transport: Transport,
) -> None:
    recorder, key = Held(), uuid7(datetime.now(UTC))
    bystander, broken, later = refusal(), refusal(key), refusal(key)
    recorder.broken.add(broken)

    async def later_computed() -> bool:
        return later in recorder.computed

    async def both_parked() -> bool:
        return await parked_states(transport.database) == ["dead", "waiting"]

    async with running(transport.relay().run, transport.consumer(recorder).run):
        await publish(transport.database, [bystander, broken])
        await recorder.writing.wait()
        await publish(transport.database, [later])
        await until(later_computed, "the later one is computed before the broken one is parked")
        recorder.go_on.set()
        await until(both_parked, "the later one waits behind the broken one")
    assert await handled(transport.database) == [bystander.id]


async def test_a_slow_message_is_handled_by_itself_and_holds_up_only_its_own_key(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "PATIENCE", timedelta(seconds=0.3))
    recorder, key = Held(), uuid7(datetime.now(UTC))
    recorder.go_on.set()
    slow, behind, others = refusal(key), refusal(key), [refusal() for _ in range(5)]
    recorder.slow = slow

    async def others_handled() -> bool:
        return sorted(await handled(transport.database)) == sorted(event.id for event in others)

    async def all_handled() -> bool:
        return (await handled(transport.database))[5:] == [slow.id, behind.id]

    await publish(transport.database, [slow, behind, *others])
    async with running(transport.relay().run, transport.consumer(recorder).run, transport.replayer(recorder).run):
        await until(others_handled, "the others pass the slow one")
        assert sorted(await parked_states(transport.database)) == ["retry", "waiting"]
        recorder.finished.set()
        await until(all_handled, "the slow one and what waited behind it are handled in order")
