"""What has had its time goes; what nobody read yet stays."""

from datetime import timedelta

from gateway.housekeeping import Housekeeping
from tests.gateway.happenings import story_of
from tests.gateway.test_following import feed, submit
from tests.gateway.world import World


async def test_read_entries_and_keys_go_after_ninety_days_and_numbers_go_on(world: World) -> None:
    house = Housekeeping(world.database)
    async with world.client("office") as http:
        read = await story_of(world, await submit(http, "1"))
        await world.handle(read.ready())
        assert [entry["number"] for entry in await feed(http)] == [1]
        await world.handle(read.delivered())
        await house.clean(world.clock() + timedelta(days=89))
        assert len(await world.sql("SELECT key FROM idempotency")) == 1
        assert not await house.clean(world.clock() + timedelta(days=91))
        assert await world.sql("SELECT key FROM idempotency") == []
        assert [entry["number"] for entry in await feed(http)] == [2]
