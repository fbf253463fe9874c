"""Norwegian numbers with check digits: organisation number, account number, KID (facts: mod 10 and mod 11)."""

import re
from collections.abc import Sequence
from itertools import cycle

from stdnum import iban, luhn
from stdnum.no import fodselsnummer, kontonr, orgnr

_KID = re.compile(r"[0-9]{3,24}[0-9-]")
_ELEVEN = re.compile(r"(?<!\d)([0-9]{6}) ?([0-9]{5})(?!\d)")


def bare_organisation_number(value: str) -> str:
    """Take `NO 310 000 019 MVA` for 310000019; what is none of the usual spellings stays as it is."""
    compact = re.sub(r"[\s.\u00a0]", "", value).upper()
    match = re.fullmatch(r"(?:NO)?([0-9]{9})(?:MVA)?", compact)
    return match.group(1) if match else value


def is_organisation_number(value: str) -> bool:
    """Tell nine digits with a valid mod-11 check digit; nine zeros, which python-stdnum takes, are none."""
    return bool(re.fullmatch(r"[0-9]{9}", value)) and int(value) > 0 and bool(orgnr.is_valid(value))


def is_account(value: str) -> bool:
    """Tell eleven digits with a valid mod-11 check digit."""
    return bool(re.fullmatch(r"[0-9]{11}", value)) and int(value) > 0 and bool(kontonr.is_valid(value))


def account_as_iban(value: str) -> str:
    """Write a Norwegian account as IBAN, which a payer abroad needs."""
    return str(kontonr.to_iban(value)).replace(" ", "")


def is_iban(value: str) -> bool:
    """Check digits and the length that its country has."""
    return bool(iban.is_valid(value))


def is_kid(value: str) -> bool:
    """4 to 25 characters, the last one a check digit after MOD10 or MOD11 (`-` where MOD11's remainder is 10)."""
    return any(has_check_digit(value, modulus) for modulus in (10, 11))


def has_check_digit(value: str, modulus: int) -> bool:
    """Tell a KID whose last character is its check digit after this modulus (10 or 11)."""
    return bool(_KID.fullmatch(value)) and value[-1] == check_digit(value[:-1], modulus)


def fits(kid: str, structures: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a KID has one of the agreed structures (length, modulus); where none is known, any KID fits."""
    if not structures:
        return True
    return any(len(kid) == length and has_check_digit(kid, modulus) for length, modulus in structures)


def kid_of(number: str, length: int, modulus: int) -> str | None:
    """Make the KID of a number: filled with zeros from the left to `length`, check digit included.

    None where the number has other characters than digits, or more than fit.
    """
    if not re.fullmatch(r"[0-9]+", number) or len(number) >= length:
        return None
    digits = number.zfill(length - 1)
    return digits + check_digit(digits, modulus)


def check_digit(digits: str, modulus: int) -> str:
    """Return the check digit of a KID after MOD10 (Luhn) or MOD11 (weights 2 to 7 from the right, `-` for ten)."""
    return str(luhn.calc_check_digit(digits)) if modulus == 10 else _mod11(digits)


def national_identity_numbers(text: str) -> list[str]:
    """Find eleven digits that pass as a national identity number (or D-number): a date and two check digits."""
    found = ("".join(match.groups()) for match in _ELEVEN.finditer(text))
    return [number for number in found if fodselsnummer.is_valid(number)]


def _mod11(digits: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(reversed(digits), cycle(range(2, 8)), strict=False))
    check = (11 - total % 11) % 11
    return "-" if check == 10 else str(check)
