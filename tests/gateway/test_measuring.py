"""How long a transaction took to each stage is told by the times of its events, and only by those that moved it on."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from prometheus_client import REGISTRY

from gateway.domain.progress import Step
from gateway.measuring import measure
from hub.ids import uuid7
from hub.status import Rank, State, Status


def seconds(stage: str) -> float:
    return REGISTRY.get_sample_value("hub_stage_seconds_sum", {"stage": stage}) or 0.0


def ended(outcome: str) -> float:
    return REGISTRY.get_sample_value("hub_transactions_total", {"outcome": outcome}) or 0.0


def test_a_step_is_measured_from_acceptance_and_an_overtaken_one_is_not() -> None:
    accepted = datetime.now(UTC)
    transaction = uuid7(accepted)
    rank = Rank(1, 1, 1, 7)

    def step(state: State, after: float, *, overtaken: bool = False) -> Step:
        time = accepted + timedelta(seconds=after)
        return Step(transaction, uuid4(), time, Status(rank, state), overtaken, {})

    before = seconds("delivered"), seconds("routed"), ended("delivered"), ended("routed")
    measure([step(State.ROUTED, 2), step(State.DELIVERED, 5), step(State.ROUTED, 100, overtaken=True)])
    after = seconds("delivered"), seconds("routed"), ended("delivered"), ended("routed")
    assert [round(now - then, 1) for now, then in zip(after, before, strict=True)] == [5.0, 2.0, 1.0, 0.0]
