"""The alert rules are PromQL over metrics that exist, with labels and values that these have."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from re import findall
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client import Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from hub import metrics
from hub.status import State

ALERTS = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yaml"
TARGET = {"instance", "job"}  # Prometheus adds them to what it scrapes
VALUES = {  # of labels whose values are ours
    "queue": {"outbox", "accepted", "parked dead", "parked retry", "deliveries in doubt", "deliveries due"},
    "outcome": {*State, "retry"},
    "stage": {"released", *State},
}


def declared() -> dict[str, MetricWrapperBase]:
    """Return every metric of the hub by the names that its samples have."""
    found: dict[str, MetricWrapperBase] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            for family in metric.describe():
                suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}.get(family.type, ("",))
                found |= {family.name + suffix: metric for suffix in suffixes}
    return found


def labels_of(metric: MetricWrapperBase) -> set[str]:
    return {*metric._labelnames, *TARGET, *({"le"} if isinstance(metric, Histogram) else ())}


RULES: list[Mapping[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
KNOWN = declared()


def parts(expression: promql.Expr, kind: type[promql.Expr]) -> Iterator[Any]:
    found: list[promql.Expr] = []
    promql.walk(expression, found.append)
    for part in found:
        yield from [part] if isinstance(part, kind) else []


def selectors(expression: promql.Expr) -> list[promql.VectorSelector]:
    return list(parts(expression, promql.VectorSelector))


def test_the_rules_have_names_of_their_own_and_say_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names) > 10
    for rule in RULES:
        assert rule["labels"] == {"severity": rule["labels"]["severity"]}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {*rule["annotations"]} == {"summary", "remedy"}
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        promql.parse_duration(rule.get("for", "1s"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_asks_for_what_the_hub_measures(rule: Mapping[str, Any]) -> None:
    expression = promql.parse(rule["expr"])
    asked = selectors(expression)
    assert asked
    for selector in asked:
        metric = KNOWN[str(selector.name)]
        for matcher in selector.matchers.matchers:
            assert matcher.name in labels_of(metric), matcher
            wanted = matcher.value.split("|")
            assert not set(wanted) - VALUES.get(matcher.name, set(wanted)), matcher
    for aggregate in parts(expression, promql.AggregateExpr):
        inner = selectors(aggregate)
        for label in aggregate.modifier.labels if aggregate.modifier else ():
            assert all(label in labels_of(KNOWN[str(one.name)]) for one in inner), label
    for call in parts(expression, promql.Call):
        over = selectors(call)
        gauges = [isinstance(KNOWN[str(one.name)], Gauge) for one in over]
        assert not (call.func.name in {"rate", "increase"} and any(gauges)), "a rate is of counters"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_speaks_only_of_labels_that_its_result_has(rule: Mapping[str, Any]) -> None:
    expression = promql.parse(rule["expr"])
    summed = [part.modifier for part in parts(expression, promql.AggregateExpr)]
    kept = [set(modifier.labels) if modifier else set() for modifier in summed]
    has = set.intersection(*(kept or [labels_of(KNOWN[str(one.name)]) for one in selectors(expression)]))
    spoken = set(findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    assert spoken <= has
