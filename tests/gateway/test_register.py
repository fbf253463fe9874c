"""The register: what changes is told, whole, with a version that only grows."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from gateway.register import companies, engagements, installs
from hub.errors import Refused
from hub.parties import RegisterEntry
from hub.pipeline import ActivationChanged, CompanyChanged, EngagementChanged, RegisterEvent
from tests.gateway.world import ALFA, BETA, DELTA, GAMMA, OFFICE, STRANGER, World, number


async def told(world: World) -> list[RegisterEvent]:
    return [event for event in await world.emitted() if isinstance(event, RegisterEvent)]


async def test_every_change_is_told_whole_with_the_next_version(world: World) -> None:
    events = await told(world)
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    kinds: set[type[RegisterEvent]] = {CompanyChanged, EngagementChanged, ActivationChanged}
    assert {type(event) for event in events} == kinds
    assert len({event.id for event in events}) == len(events)
    assert {event.id.version for event in events} == {8}
    [counter] = await world.sql("SELECT version FROM register_counter")
    assert counter.version == len(events)


async def test_simultaneous_changes_lie_in_the_outbox_in_the_order_of_their_versions(world: World) -> None:
    async def change(seed: int) -> None:
        async with world.database.begin() as connection:
            entry = RegisterEntry(organisation_number=number(1000 + 20 * seed), name=f"No. {seed}")
            await companies.put_company(connection, entry, world.clock())

    await asyncio.gather(*(change(seed) for seed in range(20)))
    versions = [event.version for event in await told(world)]
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions)


async def test_renaming_an_office_tells_each_of_its_engagements_anew(world: World) -> None:
    before = len(await told(world))
    async with world.database.begin() as connection:
        await companies.put_office(connection, OFFICE, "Nye Regnskap AS", world.clock())
    changed = (await told(world))[before:]
    assert {event.engagement.company for event in changed if isinstance(event, EngagementChanged)} == {ALFA, BETA}
    assert {event.engagement.office_name for event in changed if isinstance(event, EngagementChanged)} == {
        "Nye Regnskap AS"
    }


async def test_an_engagement_cannot_overlap_another_of_the_same_two(world: World) -> None:
    async def engage(begins: date, ends: date | None = None) -> None:
        async with world.database.begin() as connection:
            await engagements.engage(connection, OFFICE, ALFA, "17", "company", begins, world.clock(), ends)

    with pytest.raises(Refused):
        await engage(date(2026, 1, 1))
    await engage(date(2019, 1, 1), date(2020, 1, 1))
    async with world.database.begin() as connection:
        current = [e for e in await engagements.engagements(connection) if e.company == ALFA and e.valid_to is None]
        await engagements.end_engagement(connection, current[0].id, date(2026, 1, 1), world.clock())
    await engage(date(2026, 1, 1))
    with pytest.raises(Refused):
        await engage(date(2027, 1, 1), date(2026, 1, 1))


async def test_what_the_register_does_not_hold_is_named(world: World) -> None:
    now = world.clock()
    async with world.database.begin() as connection:
        with pytest.raises(Refused, match=STRANGER):
            await engagements.activate(connection, STRANGER, "sending", now)
        with pytest.raises(Refused, match=STRANGER):
            await installs.add_install(connection, "x", now, owner_company=STRANGER)
        with pytest.raises(Refused):
            await installs.add_install(connection, "x", now, owner_company=GAMMA, owner_office=OFFICE)
        with pytest.raises(Refused, match="123456789"):
            await companies.put_office(connection, "123456789", "Feil AS", now)


async def test_an_activation_that_ended_begins_anew(world: World) -> None:
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    async with world.database.begin() as connection:
        ended = await engagements.activate(connection, DELTA, "receiving", world.clock(), active_to=ends)
        again = await engagements.activate(connection, DELTA, "receiving", world.clock())
    assert ended.active_to == ends
    assert again.active_to is None
    assert again.active_from > ended.active_from
