"""How long transactions take from stage to stage, and what becomes of them, as metrics.

Counted before the commit: a batch that has to run again counts again.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from gateway.domain.progress import Step
from hub import metrics
from hub.ids import milliseconds_of
from hub.status import ENDED


def measure(steps: Iterable[Step]) -> None:
    """Note each step that moved its transaction on."""
    for step in steps:
        if step.overtaken:
            continue
        reached(step.transaction_id, step.status.state, step.time)
        if step.status.state in ENDED:
            metrics.TRANSACTIONS.labels(step.status.state).inc()


def reached(transaction_id: UUID, stage: str, time: datetime) -> None:
    """Note that the stage was reached; the id begins with the moment of acceptance."""
    metrics.STAGE_SECONDS.labels(stage).observe(max(0.0, time.timestamp() - milliseconds_of(transaction_id) / 1000))
