"""Numbers with check digits."""

import pytest

from hub import norway


@pytest.mark.parametrize("number", ["991825827", "974760673", "987654325", "123456785", "310000019"])
def test_a_real_organisation_number_is_one(number: str) -> None:
    assert norway.is_organisation_number(number)


@pytest.mark.parametrize("number", ["123456789", "111222333", "000000000", "99182582", "9918258270", "99182582x", ""])
def test_another_number_is_none(number: str) -> None:
    assert not norway.is_organisation_number(number)


@pytest.mark.parametrize("kid", ["123456782", "123456785", "100230010", "00018"])
def test_a_kid_has_a_check_digit_of_either_kind(kid: str) -> None:
    assert norway.is_kid(kid)


@pytest.mark.parametrize("kid", ["123456783", "18", "", "12345678X", "1" * 26, "-1234"])
def test_what_has_none_is_no_kid(kid: str) -> None:
    assert not norway.is_kid(kid)


def test_a_mod11_kid_may_end_with_a_dash() -> None:
    dashed = [f"{number}-" for number in range(100_000, 100_200) if norway.is_kid(f"{number}-")]
    assert dashed
    assert len(dashed) < 40  # one remainder of eleven


@pytest.mark.parametrize("account", ["12345678903", "15069900019"])
def test_an_account_becomes_an_iban(account: str) -> None:
    assert norway.is_account(account)
    assert norway.is_iban(norway.account_as_iban(account))


@pytest.mark.parametrize("account", ["12345678901", "123", "00000000000", "1234567890X"])
def test_a_mistyped_account_is_none(account: str) -> None:
    assert not norway.is_account(account)
