"""Seen from the outside, one tenant has no trace of another."""

from datetime import timedelta
from uuid import uuid4

from gateway.register import api_keys
from tests.gateway.happenings import story_of
from tests.gateway.test_following import feed, submit
from tests.gateway.test_inbox import arrive
from tests.gateway.world import ALFA, BETA, DELTA, World, headers, invoice


async def test_another_tenants_transaction_answers_as_one_that_does_not_exist(world: World) -> None:
    async with world.client("office") as http:
        identifier = await submit(http)
    async with world.client("gamma") as http:
        for tail in ("", "/document", "/document?version=received"):
            others = await http.get(f"/v1/transactions/{identifier}{tail}")
            nobodys = await http.get(f"/v1/transactions/{uuid4()}{tail}")
            assert others.status_code == 404
            assert others.content == nobodys.content
        assert (await http.get("/v1/transactions")).json()["transactions"] == []
        assert (await http.get("/v1/transactions", params={"client": ALFA})).json().get("transactions", []) == []


async def test_another_tenants_feed_and_inbox_stay_unseen(world: World) -> None:
    await arrive(world)
    async with world.client("delta") as http:
        [item] = (await http.get("/v1/inbox")).json()["items"]
        assert (await http.get("/v1/transactions")).json()["transactions"] == []  # the sender's, not the recipient's
    async with world.client("gamma") as http:
        assert await feed(http) == []
        assert (await http.get("/v1/inbox")).json()["items"] == []
        assert (await http.get("/v1/inbox", headers={"Hub-Client": DELTA})).status_code == 403
        for method, path in (("GET", "document"), ("POST", "ack")):
            others = await http.request(method, f"/v1/inbox/{item['id']}/{path}")
            nobodys = await http.request(method, f"/v1/inbox/{uuid4()}/{path}")
            assert others.status_code == 404
            assert others.content == nobodys.content


async def test_another_tenants_customers_stay_unseen(world: World) -> None:
    async with world.client("office") as http:
        await http.put("/v1/customers/1", json={"organisation_number": DELTA}, headers={"Hub-Client": ALFA})
        assert (await http.get("/v1/customers/1", headers={"Hub-Client": BETA})).status_code == 404
    async with world.client("gamma") as http:
        assert (await http.get("/v1/customers/1")).status_code == 404
        assert (await http.get("/v1/customers/1", headers={"Hub-Client": ALFA})).status_code == 403
        assert (await http.get("/v1/usage", params={"month": "2026-11", "client": ALFA})).status_code == 403


async def test_an_office_sees_what_falls_in_its_engagement_and_what_it_sent_itself(world: World) -> None:
    await world.add_install("alfa's own", owner_company=ALFA)
    async with world.client("alfa's own") as http:
        own = (await http.post("/v1/transactions", json=invoice("7"), headers=headers())).json()
    async with world.client("office") as http:
        sent = await submit(http, "8")
        assert (await http.get(own["links"]["self"])).status_code == 200
        await world.sql("UPDATE engagement SET valid_to = current_date - 1 WHERE company = :c", c=ALFA)
        assert (await http.get(own["links"]["self"])).status_code == 404
        assert (await http.get(f"/v1/transactions/{sent}")).status_code == 200
        listed = (await http.get("/v1/transactions")).json()["transactions"]
    assert [one["transaction_id"] for one in listed] == [sent]
    async with world.client("alfa's own") as http:
        listed = (await http.get("/v1/transactions")).json()["transactions"]
    assert [one["transaction_id"] for one in listed] == [sent, own["transaction_id"]]


async def test_only_a_whole_live_key_opens_anything(world: World) -> None:
    async with world.client("nobody") as http:
        good = world.keys["gamma"]
        wrong = ["", "Bearer", f"Basic {good}", f"Bearer {good[:-1]}x", f"Bearer {good}x", "Bearer x\tx"]
        wrong.append(f"Bearer {world.keys['delta'][:21]}{good[21:]}")
        for header in wrong:
            answer = await http.get("/v1/transactions", headers={"Authorization": header})
            assert answer.status_code == 401, header
            assert answer.headers["www-authenticate"] == "Bearer"
        assert (await http.get("/v1/transactions", headers={"Authorization": f"Bearer {good}"})).status_code == 200


async def test_a_rotated_key_works_until_its_overlap_ends_and_a_revoked_one_no_more(world: World) -> None:
    async with world.database.begin() as connection:
        fresh = await api_keys.rotate_key(connection, world.key_ids["gamma"], world.clock(), overlap=timedelta(hours=1))
    world.keys["gamma, new"] = fresh.text
    async with world.client("gamma") as old, world.client("gamma, new") as new:
        assert (await old.get("/v1/events")).status_code == 200
        assert (await new.get("/v1/events")).status_code == 200
        world.clock.offset = timedelta(hours=2)
        assert (await old.get("/v1/events")).status_code == 401
        async with world.database.begin() as connection:
            await api_keys.revoke_key(connection, fresh.id, world.clock())
        assert (await new.get("/v1/events")).status_code == 401


async def test_secrets_of_keys_are_nowhere_in_the_database(world: World) -> None:
    secret = world.keys["gamma"].rpartition("_")[2]
    for row in await world.sql("SELECT * FROM api_key"):
        assert secret not in str(row)


async def test_feeds_of_two_installs_of_one_company_are_their_own(world: World) -> None:
    await world.add_install("alfa's own", owner_company=ALFA)
    async with world.client("office") as http:
        story = await story_of(world, await submit(http))
        await world.handle(story.ready())
        assert len(await feed(http)) == 1
    async with world.client("alfa's own") as http:
        assert await feed(http) == []
