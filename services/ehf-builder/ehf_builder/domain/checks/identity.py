"""No national identity number travels in an invoice: a private buyer has a name and an address."""

from collections.abc import Iterator
from typing import Any

from hub import norway
from hub.invoice.findings import Finding, own
from hub.invoice.model import Invoice

_REFUSED = ("buyer", "buyer_reference")
_WARNED = ("order_reference", "delivery", "note", "payment_terms", "lines")


def found(invoice: Invoice) -> Iterator[Finding]:
    """Refuse such a number where it identifies the buyer; warn of one elsewhere, which may be something else.

    The number itself is never repeated in the finding.
    """
    for names, fatal in ((_REFUSED, True), (_WARNED, False)):
        whole = invoice.model_dump(include=set(names), exclude_none=True)
        for name in names:
            for field, text in _texts(name, whole.get(name)):
                if norway.national_identity_numbers(text):
                    yield _finding(field, fatal=fatal)


def _texts(field: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(f"{field}.{name}", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(f"{field}[{index}]", inner)


def _finding(field: str, *, fatal: bool) -> Finding:
    return own(
        "HUB-NATIONAL-ID",
        field,
        "Feltet ser ut til å inneholde et fødselsnummer. Det skal ikke stå i en faktura: bruk navn og adresse, og et "
        "kundenummer som referanse.",
        "The field seems to hold a national identity number. It does not belong in an invoice: use name and address, "
        "and a customer number as the reference.",
        fatal=fatal,
    )
