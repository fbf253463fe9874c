"""Identifiers as `scheme:id` whose scheme has check digits or a fixed form (Peppol's COMMON rules)."""

import re
from collections.abc import Callable, Mapping

from stdnum import ean
from stdnum.au import abn
from stdnum.be import vat
from stdnum.se import orgnr

from hub.norway import is_organisation_number


def _form(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _digits(length: int, check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(rf"[0-9]{{{length}}}", value) is not None and bool(check(value))


_SCHEMES: Mapping[str, Callable[[str], bool]] = {
    "0007": _digits(10, orgnr.is_valid),  # Swedish organisation number, R049
    "0088": _digits(13, ean.is_valid),  # GLN, R040
    "0096": _form(r"[0-9]{10}"),  # Danish P number, R052
    "0151": _digits(11, abn.is_valid),  # Australian Business Number, R050
    "0184": _form(r"(DK)?[0-9]{8}"),  # Danish CVR, R042
    "0192": is_organisation_number,  # R041
    "0198": _form(r"DK[0-9]{8}"),  # Danish SE number, R053
    "0208": _digits(10, vat.is_valid),  # Belgian enterprise number, R043
}


def is_identifier(scheme_and_id: str) -> bool:
    """Tell whether the id has its scheme's form and check digits; other schemes are not judged."""
    scheme, _, value = scheme_and_id.partition(":")
    check = _SCHEMES.get(scheme)
    return check is None or check(value)
