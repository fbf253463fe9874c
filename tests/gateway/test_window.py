"""How much is let go towards the builder: what it judges in a second, whatever the machine."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.window import LEAST, SPAN, Window

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
STEP = timedelta(milliseconds=100)


def flooded(window: Window, *, judged_a_second: float, seconds: int, start: datetime = START) -> int:
    """Release whatever may be released, judged at this rate; return how many are in flight in the end."""
    in_flight, judged = 0, 0.0
    for step in range(round(seconds / STEP.total_seconds())):
        judged += judged_a_second * STEP.total_seconds()
        done = min(in_flight, int(judged))
        judged -= int(judged)
        in_flight -= done
        free = window.look(in_flight, start + step * STEP)
        window.released(free)
        in_flight += free
    return in_flight


def test_a_quick_builder_gets_as_much_as_an_operator_allows() -> None:
    assert flooded(Window(128), judged_a_second=300, seconds=20) == 128


@pytest.mark.parametrize(("rate", "expected"), [(50, 50), (5, LEAST)])
def test_a_slow_builder_gets_what_it_judges_in_a_second_and_never_nothing(rate: float, expected: int) -> None:
    assert flooded(Window(128), judged_a_second=rate, seconds=60) == pytest.approx(expected, abs=3)


def test_it_gets_more_again_when_it_has_become_quicker() -> None:
    window = Window(128)
    flooded(window, judged_a_second=10, seconds=60)
    assert flooded(window, judged_a_second=300, seconds=60, start=START + timedelta(minutes=2)) == 128


def test_a_time_with_little_to_do_says_nothing_about_how_fast_it_goes() -> None:
    window = Window(128)
    for second in range(60):
        assert window.look(0, START + second * SPAN) == 128
        window.released(1)


def test_an_operators_smaller_limit_stands() -> None:
    assert flooded(Window(5), judged_a_second=0, seconds=10) == 5
    assert flooded(Window(5), judged_a_second=500, seconds=10) == 5
