"""Questions of a moment share one answer from the database, and nobody is told another's."""

import asyncio
from collections.abc import Sequence

import pytest

from hub.together import Together
from tests.gateway.world import ALFA, BETA, World, headers, invoice

PATH = "/v1/transactions"


async def test_what_is_asked_meanwhile_goes_together_in_the_next_batch() -> None:
    batches: list[list[int]] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def double(batch: Sequence[int]) -> Sequence[int]:
        batches.append(list(batch))
        begun.set()
        await go_on.wait()
        return [2 * number for number in batch]

    together: Together[int, int] = Together(double, most=3, at_once=1)
    first = asyncio.create_task(together.ask(1))
    await begun.wait()
    others = [asyncio.create_task(together.ask(number)) for number in (2, 3, 4, 5)]
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10]
    assert batches == [[1], [2, 3, 4], [5]]


async def test_a_slow_batch_does_not_hold_up_what_comes_after_it() -> None:
    never = asyncio.Event()

    async def answer(batch: Sequence[int]) -> Sequence[int]:
        if 0 in batch:
            await never.wait()
        return batch

    together: Together[int, int] = Together(answer, at_once=2)
    slow = asyncio.create_task(together.ask(0))
    await asyncio.sleep(0)
    assert await asyncio.gather(*map(together.ask, (1, 2, 3))) == [1, 2, 3]
    never.set()
    assert await slow == 0


async def test_one_questions_error_is_its_own_and_a_failed_batch_is_everybodys() -> None:
    async def answer(batch: Sequence[int]) -> Sequence[int | Exception]:
        if 0 in batch:
            raise OSError("down")
        return [ValueError(str(number)) if number < 0 else number for number in batch]

    together: Together[int, int] = Together(answer)
    found = await asyncio.gather(*map(together.ask, (1, -1, 2)), return_exceptions=True)
    assert (found[0], str(found[1]), found[2]) == (1, "-1", 2)
    failed = await asyncio.gather(*map(together.ask, (1, 0)), return_exceptions=True)
    assert [type(error) for error in failed] == [OSError, OSError]
    assert await together.ask(7) == 7


async def test_who_has_gone_leaves_the_others_their_answers() -> None:
    async def answer(batch: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0.01)
        return batch

    together: Together[int, int] = Together(answer)
    leaving, staying = asyncio.create_task(together.ask(1)), asyncio.create_task(together.ask(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 2
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_number_in_use_among_others_is_refused_alone(world: World) -> None:
    async with world.client("office") as http:
        await http.post(PATH, json=invoice("taken"), headers=headers(ALFA, key="first"))
        numbers = ["1", "2", "taken", "3", "4"]
        answers = await asyncio.gather(
            *(http.post(PATH, json=invoice(number), headers=headers(ALFA, key=number)) for number in numbers)
        )
        again = await http.post(PATH, json=invoice("4"), headers=headers(ALFA, key="4"))
    assert [answer.status_code for answer in answers] == [202, 202, 409, 202, 202]
    assert again.content == answers[4].content
    assert len(await world.sql("SELECT id FROM transaction")) == 5
    assert len(await world.sql("SELECT key FROM idempotency WHERE key = 'taken'")) == 0


async def test_the_same_numbers_in_opposite_orders_are_accepted_once_each(world: World) -> None:
    numbers = [str(number) for number in range(40)]
    async with world.client("office") as http:
        answers = await asyncio.gather(
            *(http.post(PATH, json=invoice(number), headers=headers(ALFA)) for number in numbers + numbers[::-1])
        )
    assert sorted(answer.status_code for answer in answers) == [202] * 40 + [409] * 40
    assert len(await world.sql("SELECT id FROM transaction")) == 40


async def test_callers_of_one_moment_are_told_apart(world: World) -> None:
    async with world.client("office") as office, world.client("gamma") as gamma, world.client("nobody") as nobody:
        answers = await asyncio.gather(
            office.post(PATH, json=invoice("1"), headers=headers(ALFA)),
            office.post(PATH, json=invoice("1"), headers=headers(BETA)),
            gamma.post(PATH, json=invoice("1"), headers=headers(ALFA)),
            gamma.post(PATH, json=invoice("1"), headers=headers()),
            nobody.post(PATH, json=invoice("1"), headers=headers(ALFA)),
            office.post(PATH, json=invoice("1"), headers={**headers(ALFA), "Authorization": "Bearer sentral_x"}),
        )
    assert [answer.status_code for answer in answers] == [202, 202, 403, 202, 401, 401]
    rows = await world.sql("SELECT client, initiator FROM transaction")
    assert len({(row.client, row.initiator) for row in rows}) == 3
