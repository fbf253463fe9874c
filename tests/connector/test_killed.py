"""The connector is killed exactly at each of its own points, and started again: nothing is lost, nothing comes twice.

Counted at the hub, in the folders, and by an ERP that takes away what it finds at once.
"""

import signal
from collections import Counter

import pytest

from hub_connector import failpoints
from hub_connector.failpoints import Point
from tests.connector.premises import Door, Premises, csv, row
from tests.gateway.ubl import endpoint, legal, ubl
from tests.gateway.world import DELTA, GAMMA, invoice

NUMBERS = ("1", "2", "3", "4")
FILES = ["a.json", "b.csv", "c.xml"]
STATUSES = ("accepted", "ready", "routed", "delivered")


def drop_everything(premises: Premises) -> None:
    premises.drop("a.json", invoice("1", buyer={"organisation_number": GAMMA}))
    premises.drop("b.csv", csv(row("2"), row("3"), row("2", "Til")))
    premises.drop("c.xml", ubl(endpoint(DELTA) + legal(DELTA), endpoint(GAMMA), number="4"))


@pytest.mark.parametrize("point", Point, ids=str)
async def test_whoever_starts_after_a_death_goes_on_where_it_was(door: Door, premises: Premises, point: Point) -> None:
    armed = {failpoints.POINT: f"{point}:2", failpoints.SWITCH: failpoints.ALLOWED}
    drop_everything(premises)
    if await premises.work_apart(**armed) == 0:
        await door.deliver()
        await door.fill_inbox(DELTA, "77")
        await door.fill_inbox(DELTA, "78")
        await premises.work_apart(**armed)
        await premises.work()
    else:
        await premises.work()
        await door.deliver()
        await door.fill_inbox(DELTA, "77")
        await door.fill_inbox(DELTA, "78")
        await premises.work()
    assert premises.deaths == [-signal.SIGKILL]

    sent = [one.number for one in await door.transactions() if one.client == DELTA]
    assert sorted(sent) == list(NUMBERS)
    assert premises.names("sent") == FILES
    assert premises.names("out") == premises.names("sending") == premises.names("failed") == []
    for name in FILES:
        assert "LEVERT" in premises.receipt("sent", name)
    told = premises.told()
    assert {one: told[one] for one in told if one[0] in NUMBERS} == {
        (number, status): 1 for number in NUMBERS for status in STATUSES
    }
    assert Counter(one["sequence"] for one in premises.statuses).most_common(1)[0][1] == 1
    assert premises.documents == [b"<Invoice/>", b"<Invoice/>"]
    rows = await door.world.sql("SELECT acknowledged_at FROM inbox_item")
    assert [row.acknowledged_at is not None for row in rows] == [True, True]


async def test_a_fail_point_without_its_second_word_keeps_the_connector_from_starting(premises: Premises) -> None:
    assert await premises.work_apart(**{failpoints.POINT: "send.answered"}) == 1
