"""Operations are for holders of a fresh token of this very service."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.auth import Actor, InvalidTokenError, issue, verify
from hub.ops.desk import Desk
from tests.conftest import DatabaseOf
from tests.hub.ops.office import KEY, OPERATOR, VIEWER, office
from tests.hub.transport import publish, refusal


def test_a_token_says_who_acts() -> None:
    assert verify(KEY, issue(KEY, OPERATOR, "router", datetime.now(UTC)), "router") == OPERATOR


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x.y.z",
        issue(KEY, OPERATOR, "gateway", datetime.now(UTC)),
        issue(KEY, OPERATOR, "router", datetime.now(UTC) - timedelta(minutes=2)),
        issue(SecretStr(base64.b64encode(b"o" * 32).decode()), OPERATOR, "router", datetime.now(UTC)),
    ],
    ids=["none", "nonsense", "for another service", "expired", "of another key"],
)
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidTokenError):
        verify(KEY, token, "router")


def test_a_short_key_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        issue(SecretStr("c2hvcnQ="), OPERATOR, "router", datetime.now(UTC))


@pytest.fixture
async def desk(database_of: DatabaseOf) -> Desk:
    return Desk("router", await database_of("router"))


async def test_health_and_metrics_need_no_token(desk: Desk) -> None:
    async with office(desk) as at:
        assert (await at.client.get("/health/live")).status_code == 200
        assert (await at.client.get("/health/ready")).status_code == 503
        assert "hub_outbox_published_total" in (await at.client.get("/metrics")).text


async def test_operations_are_for_holders_of_a_token(desk: Desk) -> None:
    async with office(desk) as at:
        assert (await at.client.get("/ops/queues")).status_code == 401


async def test_every_role_looks_and_only_operators_and_admins_change(desk: Desk) -> None:
    async with office(desk) as at:
        for path in ("/queues", "/parked", "/consumers", "/audit"):
            await at.get(path, actor=VIEWER)
        refused = await at.post("/parked/1/replay", actor=VIEWER, status=403)
        assert "only operator and admin" in refused["title"]
        await at.post("/parked/1/replay", actor=Actor(name="per", role="admin"), status=404)


async def test_a_queue_is_shown_with_its_depth_and_the_age_of_its_oldest(desk: Desk) -> None:
    await publish(desk.database, [refusal()])
    async with office(desk) as at:
        queues = {queue["queue"]: queue for queue in (await at.get("/queues"))["queues"]}
    assert queues["outbox"]["depth"] == 1
    assert datetime.fromisoformat(queues["outbox"]["oldest"]).tzinfo is not None
    assert queues["outbox"]["oldest_age"] >= 0
    assert (queues["parked dead"]["depth"], queues["parked dead"]["oldest_age"]) == (0, None)


async def test_a_wrong_question_names_the_field_and_what_it_takes(desk: Desk) -> None:
    async with office(desk) as at:
        assert "whole number" in (await at.get("/parked?after=x", status=422))["title"]
        assert "dead, retry, waiting" in (await at.get("/parked?state=lost", status=422))["title"]
        misspelt = await at.post("/parked/1/discard", reasn="x", status=422)
        assert "reason: give one" in misspelt["title"]
        assert "reasn: is not known" in misspelt["title"]
        assert "reason" in (await at.post("/parked/1/discard", reason=" ", status=422))["title"]
        assert "reason" in (await at.post("/parked/1/discard", reason="x" * 501, status=422))["title"]


def test_no_secret_reaches_the_log(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = (
        "from hub import logs; import structlog; logs.configure('x'); "
        "structlog.get_logger().info('hello', password='p1', API_Token='t1', transaction_id='t')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    line = json.loads(done.stderr)
    assert "p1" not in done.stderr
    assert "t1" not in done.stderr
    assert (line["service"], line["transaction_id"], line["level"]) == ("x", "t", "info")
