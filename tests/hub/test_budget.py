from datetime import UTC, datetime, timedelta

from hub.delivery.budget import Breakers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_attempts_side_by_side_open_a_breaker_for_a_second_and_no_longer() -> None:
    breakers = Breakers()
    for _ in range(16):
        breakers.failed("10.0.0.1:22", NOON)
    assert breakers.open(NOON) == ["10.0.0.1:22"]
    assert breakers.open(NOON + timedelta(seconds=1.3)) == []


def test_a_destination_that_stays_down_is_left_alone_for_ever_longer_and_an_answer_ends_it() -> None:
    breakers, now = Breakers(), NOON
    for _ in range(3):
        breakers.failed("10.0.0.1:22", now)
    for wait in (1, 2, 4, 8):
        assert breakers.open(now + timedelta(seconds=wait - 0.1)) == ["10.0.0.1:22"]
        now += timedelta(seconds=wait * 1.25)
        assert breakers.open(now) == []
        breakers.failed("10.0.0.1:22", now)
    breakers.answered("10.0.0.1:22")
    assert breakers.open(now) == []
