"""Norwegian numbers with check digits: organisation number, account number, KID (facts: mod 10 and mod 11)."""

import re
from itertools import cycle

from stdnum import iban, luhn
from stdnum.no import kontonr, orgnr

_KID = re.compile(r"\d{3,24}[\d-]")


def bare_organisation_number(value: str) -> str:
    """Take `NO 310 000 019 MVA` for 310000019; what is none of the usual spellings stays as it is."""
    compact = re.sub(r"[\s.\u00a0]", "", value).upper()
    match = re.fullmatch(r"(?:NO)?(\d{9})(?:MVA)?", compact)
    return match.group(1) if match else value


def is_organisation_number(value: str) -> bool:
    """Tell nine digits with a valid mod-11 check digit; nine zeros, which python-stdnum takes, are none."""
    return bool(re.fullmatch(r"\d{9}", value)) and int(value) > 0 and bool(orgnr.is_valid(value))


def is_account(value: str) -> bool:
    """Tell eleven digits with a valid mod-11 check digit."""
    return bool(re.fullmatch(r"\d{11}", value)) and int(value) > 0 and bool(kontonr.is_valid(value))


def account_as_iban(value: str) -> str:
    """Write a Norwegian account as IBAN, which a payer abroad needs."""
    return str(kontonr.to_iban(value)).replace(" ", "")


def is_iban(value: str) -> bool:
    """Check digits and the length that its country has."""
    return bool(iban.is_valid(value))


def is_kid(value: str) -> bool:
    """4 to 25 characters, the last one a check digit after MOD10 or MOD11 (`-` where MOD11's remainder is 10)."""
    if not _KID.fullmatch(value):
        return False
    return value[-1] == _mod11(value[:-1]) or (value[-1] != "-" and bool(luhn.is_valid(value)))


def _mod11(digits: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(reversed(digits), cycle(range(2, 8)), strict=False))
    check = (11 - total % 11) % 11
    return "-" if check == 10 else str(check)
