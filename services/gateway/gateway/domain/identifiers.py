"""Organisation numbers and electronic addresses (Peppol participant identifiers)."""

import re

from gateway import problems
from hub.errors import Refused
from hub.norway import is_organisation_number

NORWEGIAN = "0192"
_ADDRESS = re.compile(r"[0-9A-Z]{4}:\S{1,100}")


def organisation_number(value: str, field: str = "organisation_number") -> str:
    """Return the number without spaces; raises Refused when its check digit is wrong."""
    bare = re.sub(r"[\s\u00a0]", "", value)
    if not is_organisation_number(bare):
        raise Refused(
            problems.invalid(
                f"«{value[:50]}» er ikke et norsk organisasjonsnummer. Se etter tastefeil.",
                f"`{value[:50]}` is not a Norwegian organisation number. Look for a typing error.",
                field,
            )
        )
    return bare


def electronic_address(value: str, field: str = "endpoint") -> str:
    """Return `scheme:id` as given; raises Refused when it has another form, or a wrong Norwegian number."""
    scheme, _, identifier = value.partition(":")
    if not _ADDRESS.fullmatch(value) or (scheme == NORWEGIAN and not is_organisation_number(identifier)):
        raise Refused(
            problems.invalid(
                f"«{value[:120]}» er ikke en elektronisk adresse. Skriv den som 0192:organisasjonsnummer.",
                f"`{value[:120]}` is not an electronic address. Write it as 0192:organisation-number.",
                field,
            )
        )
    return value


def address_of(number: str) -> str:
    """Return the electronic address that a Norwegian organisation number is."""
    return f"{NORWEGIAN}:{number}"
