"""What is not to be sent yet waits, out of everybody's way, and can be stopped until then."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from gateway.releaser import Releaser
from gateway.store import releases
from hub.pipeline import CancelRequested, InvoiceSubmitted
from tests.gateway.happenings import story_of
from tests.gateway.test_batches import batch, send
from tests.gateway.test_following import feed, submit
from tests.gateway.world import ALFA, BETA, World, headers, invoice, settings

PATH = "/v1/transactions"


@pytest.fixture
def releaser(world: World, tmp_path: object) -> Releaser:
    return Releaser(world.database, settings(world.database, tmp_path))  # type: ignore[arg-type]


async def held(http: AsyncClient, world: World, number: str, hours: float) -> str:
    time = (world.clock() + timedelta(hours=hours)).isoformat()
    answer = await http.post(PATH, json=invoice(number), headers=headers(ALFA), params={"send_not_before": time})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["transaction_id"])


async def released(world: World) -> list[str]:
    return [str(event.transaction_id) for event in await world.emitted() if isinstance(event, InvoiceSubmitted)]


async def test_nothing_is_let_go_before_its_time_and_others_pass_it(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        late, soon = await held(http, world, "1", 2), await held(http, world, "2", 1)
        now = await submit(http, "3")
        past = await held(http, world, "4", -1)
        shown = (await http.get(f"{PATH}/{late}")).json()
    await releaser.release(world.clock())
    assert await released(world) == [now, past]
    assert (shown["status"], shown["send_not_before"][-1]) == ("accepted", "Z")
    await releaser.release(world.clock() + timedelta(minutes=61))
    assert await released(world) == [now, past, soon]
    await releaser.release(world.clock() + timedelta(minutes=121))
    assert await released(world) == [now, past, soon, late]


@pytest.mark.parametrize("given", ["i morgen", "2026-12-01", "2026-12-01T08:00:00", "2099-01-01T00:00:00Z", ""])
async def test_a_time_that_is_none_or_too_far_ahead_is_refused(world: World, given: str) -> None:
    async with world.client("office") as http:
        answer = await http.post(PATH, json=invoice(), headers=headers(ALFA), params={"send_not_before": given})
    assert answer.status_code == 422
    assert answer.json()["field"] == "send_not_before"


async def test_a_company_keeps_its_own_invoices_for_as_long_as_it_says(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        assert (await http.get("/v1/hold", headers={"Hub-Client": ALFA})).json() == {"minutes": 0}
        put = await http.put("/v1/hold", json={"minutes": 15}, headers={"Hub-Client": ALFA})
        assert put.json() == (await http.get("/v1/hold", headers={"Hub-Client": ALFA})).json() == {"minutes": 15}
        too_long = await http.put("/v1/hold", json={"minutes": 10_081}, headers={"Hub-Client": ALFA})
        kept, longer = await submit(http, "1"), await held(http, world, "2", 1)
        betas = (await http.post(PATH, json=invoice("3"), headers=headers(BETA))).json()["transaction_id"]
    assert too_long.status_code == 422
    await releaser.release(world.clock())
    assert await released(world) == [betas]
    await releaser.release(world.clock() + timedelta(minutes=16))
    assert await released(world) == [betas, kept]
    await releaser.release(world.clock() + timedelta(minutes=61))
    assert await released(world) == [betas, kept, longer]


async def test_what_is_held_is_cancelled_at_once_and_never_let_go(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        identifier = await held(http, world, "1", 1)
        assert (await http.post(f"{PATH}/{identifier}/cancel")).json()["status"] == "cancelled"
    await releaser.release(world.clock() + timedelta(hours=2))
    assert await released(world) == []


async def cancel_all(http: AsyncClient, scope: str, client: str | None = None, **more: str) -> dict[str, int]:
    head = {"Hub-Client": client} if client else {}
    answer = await http.post(f"{PATH}/cancel", json={"scope": scope, **more}, headers=head)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def states(world: World) -> dict[str, str]:
    return {row.number: row.state for row in await world.sql("SELECT number, state FROM transaction")}


async def test_everything_unsent_of_a_batch_is_cancelled_in_one_call(world: World, releaser: Releaser) -> None:
    async with world.client("office") as http:
        lines = await send(http, batch(*(invoice(str(number)) for number in range(4))), key="b")
        await submit(http, "another")
        delivered = await story_of(world, lines[0]["transaction_id"])
        under_way = await story_of(world, lines[1]["transaction_id"])
        async with world.database.begin() as connection:
            await releases.release(connection, [delivered.id, under_way.id], world.clock())
        await world.handle(delivered.ready(), delivered.ordered_by_ftp(), delivered.delivered(), under_way.ready())
        assert await cancel_all(http, "batch", batch_id=lines[0]["batch_id"]) == {"cancelled": 2, "cancelling": 1}
        assert await cancel_all(http, "batch", batch_id=lines[0]["batch_id"]) == {"cancelled": 0, "cancelling": 1}
        told = [entry["invoice_number"] for entry in await feed(http) if entry["status"] == "cancelled"]
    asked = [event for event in await world.emitted() if isinstance(event, CancelRequested)]
    assert {event.transaction_id for event in asked} == {under_way.id}
    assert len({event.id for event in asked}) == 1, "asked again before anything happened, it is the same request"
    assert sorted(told) == ["2", "3"]
    assert (await states(world)) == {
        "0": "delivered",
        "1": "ready",
        "2": "cancelled",
        "3": "cancelled",
        "another": "accepted",
    }


async def test_everything_unsent_of_an_install_or_a_company_is_cancelled_and_no_one_elses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.api.cancelling.AT_ONCE", 2)
    await world.add_install("alfa's own", owner_company=ALFA)
    async with world.client("office") as office, world.client("alfa's own") as own, world.client("gamma") as gamma:
        for number in range(5):
            await submit(office, f"office {number}")
        await office.post(PATH, json=invoice("beta"), headers=headers(BETA))
        await own.post(PATH, json=invoice("own"), headers=headers())
        await gamma.post(PATH, json=invoice("gamma"), headers=headers())
        assert await cancel_all(own, "install") == {"cancelled": 1, "cancelling": 0}
        assert await cancel_all(office, "company", ALFA) == {"cancelled": 5, "cancelling": 0}
        assert await cancel_all(own, "company") == {"cancelled": 0, "cancelling": 0}
        assert (await states(world))["beta"] == (await states(world))["gamma"] == "accepted"
        assert await cancel_all(office, "install") == {"cancelled": 1, "cancelling": 0}
        assert (await states(world))["gamma"] == "accepted"


async def test_another_tenants_batch_and_company_are_as_if_they_were_none(world: World) -> None:
    async with world.client("office") as office, world.client("gamma") as gamma:
        [line] = await send(office, batch(invoice("1")))
        others = await gamma.post(f"{PATH}/cancel", json={"scope": "batch", "batch_id": line["batch_id"]})
        nobodys = await gamma.post(f"{PATH}/cancel", json={"scope": "batch", "batch_id": str(uuid4())})
        for method, path, body in (
            ("POST", f"{PATH}/cancel", {"scope": "company"}),
            ("PUT", "/v1/hold", {"minutes": 5}),
            ("GET", "/v1/hold", None),
        ):
            for client in (ALFA, "974760673"):
                answer = await gamma.request(method, path, json=body, headers={"Hub-Client": client})
                assert answer.status_code == 403
                assert answer.json()["type"].endswith(":client-not-allowed")
    assert others.status_code == nobodys.status_code == 404
    assert others.content == nobodys.content
    assert await states(world) == {"1": "accepted"}


@pytest.mark.parametrize(
    "body", [{}, {"scope": "all"}, {"scope": "batch"}, {"scope": "install", "batch_id": str(UUID(int=1))}]
)
async def test_what_to_cancel_must_be_said(world: World, body: dict[str, str]) -> None:
    async with world.client("office") as http:
        answer = await http.post(f"{PATH}/cancel", json=body)
    assert answer.status_code == 422
