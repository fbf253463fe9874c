"""Ports of this machine: free ones, from where they may be taken."""

import pytest

from hub.stack import process
from hub.stack.errors import StackError


def test_ports_are_taken_from_where_they_may_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(process.PORTS_VARIABLE, f"{process.PORTS.start}-{process.PORTS.start + 99}")
    ports = process.free_ports([], 5)
    assert len(set(ports)) == 5
    assert set(ports) <= set(process.PORTS[:100])


def test_nobody_is_given_a_port_that_another_was_given_and_does_not_listen_on_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_given", set())
    monkeypatch.setenv(process.PORTS_VARIABLE, f"{process.PORTS.start}-{process.PORTS.start + 49}")
    ports = [port for _ in range(20) for port in process.free_ports([], 1)]
    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize(
    ("given", "told"),
    [("21000", "no range"), ("22000-21000", "no range"), ("80-90", "no range"), ("21000-21001", "3 free ports")],
)
def test_a_range_that_does_not_do_is_told_with_the_remedy(
    given: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(process.PORTS_VARIABLE, given)
    with pytest.raises(StackError, match=rf"{told}.*21000-21999"):
        process.free_ports([], 3)
