"""Operations are for holders of a fresh token of this very service."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from hub import parking
from hub.auth import Actor, InvalidTokenError, issue, verify
from hub.db import Database
from hub.health import Health
from hub.messages import encode
from hub.ops.app import make_app
from tests.conftest import DatabaseOf
from tests.hub.transport import publish, refusal

KEY = SecretStr(base64.b64encode(b"k" * 32).decode())
OPERATOR = Actor(name="kari", role="operator")


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
async def client(database_of: DatabaseOf) -> httpx.AsyncClient:
    database = await database_of("router")
    await publish(database, [refusal()])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=_app(database)), base_url="http://router")


def _app(database: Database) -> ASGIApp:
    health = Health(database, {})
    health.opened = True
    return make_app("router", database, KEY, health, [], None)


async def test_health_and_metrics_need_no_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 503
    assert "hub_outbox_published_total" in (await client.get("/metrics")).text


async def test_queues_are_shown_to_operators_only(client: httpx.AsyncClient) -> None:
    assert (await client.get("/ops/queues")).status_code == 401
    token = issue(KEY, OPERATOR, "router", datetime.now(UTC))
    answer = await client.get("/ops/queues", headers={"Authorization": f"Bearer {token}"})
    found = {queue["queue"]: queue for queue in answer.json()["queues"]}
    outbox = found["outbox"]
    assert (outbox["depth"], found["parked dead"]["depth"]) == (1, 0)
    assert datetime.fromisoformat(outbox["oldest"]).tzinfo is not None


async def test_a_parked_page_is_asked_for_by_number(client: httpx.AsyncClient) -> None:
    token = issue(KEY, OPERATOR, "router", datetime.now(UTC))
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/ops/parked?after=x", headers=headers)).status_code == 422
    assert (await client.get("/ops/parked", headers=headers)).json() == {"parked": []}


async def test_a_parked_message_is_shown_with_its_error(database_of: DatabaseOf) -> None:
    database = await database_of("router")
    event = refusal()
    async with database.begin() as connection:
        await parking.park(connection, "router", [(event.id, encode(event, "/x"), ZeroDivisionError("a bug"))])

    app = _app(database)
    token = issue(KEY, OPERATOR, "router", datetime.now(UTC))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://router") as client:
        answer = await client.get("/ops/parked", headers={"Authorization": f"Bearer {token}"})
    (shown,) = answer.json()["parked"]
    assert (shown["event_id"], shown["state"], shown["error_class"]) == (str(event.id), "dead", "ZeroDivisionError")


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
