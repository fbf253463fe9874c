"""Metrics tell what waits and for how long, and alerts speak of metrics that exist."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import REGISTRY
from sqlalchemy import text

from hub import metrics
from hub.db import DELIVERY_MIGRATIONS
from hub.delivery.store import DeliveryStore
from hub.queues import DELIVERIES, TRANSPORT, Sampler
from tests.conftest import DatabaseOf
from tests.hub.test_delivery import order
from tests.hub.transport import publish, refusal

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
NAME = re.compile(r"\bhub_[a-z_]+")


def value(metric: str, queue: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"queue": queue})


async def test_queues_are_measured_by_depth_and_by_the_age_of_their_oldest(database_of: DatabaseOf) -> None:
    database = await database_of("sender", [DELIVERY_MIGRATIONS])
    sampler = Sampler(database, [TRANSPORT, DELIVERIES])
    await publish(database, [refusal(), refusal()])
    async with database.begin() as connection:
        await DeliveryStore.insert(connection, [(order(place), place) for place in ("a", "b", "c")])
        await connection.execute(text("UPDATE delivery SET doubted_at = now() WHERE destination = 'b'"))
        await connection.execute(text("UPDATE delivery SET due_at = now() + interval '1 hour' WHERE destination = 'c'"))
    await sampler.sample(datetime.now(UTC) + timedelta(minutes=10))
    assert value("hub_queue_depth", "outbox") == 2
    assert 600 <= (value("hub_queue_oldest_seconds", "outbox") or 0) < 700
    states = ("due", "waiting", "in doubt", "under way")
    assert [value("hub_queue_depth", f"deliveries {state}") for state in states] == [1, 1, 1, 0]
    alerts = set(re.findall(r'queue="([^"]+)"', ALERTS.read_text())) - {"accepted"}  # the gateway's own
    assert all(value("hub_queue_depth", queue) is not None for queue in alerts)
    async with database.begin() as connection:
        await connection.execute(text("DELETE FROM outbox"))
    await sampler.sample(datetime.now(UTC))
    assert (value("hub_queue_depth", "outbox"), value("hub_queue_oldest_seconds", "outbox")) == (0, 0)


def test_every_metric_that_alerts_and_the_guide_name_exists() -> None:
    # One that has labels shows no sample before its first, so its declaration is asked.
    names = set(REGISTRY._names_to_collectors)
    assert metrics.QUEUE_DEPTH in REGISTRY._names_to_collectors.values()
    for file in (ALERTS, ROOT / "docs" / "operations.md"):
        used = set(NAME.findall(file.read_text()))
        assert used, file
        assert used <= names, file
