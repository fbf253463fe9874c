"""Invoices, sellers and official documents that the tests share."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.parties import Address, RegisterEntry

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SUITES = ROOT.parent / "shared" / "suites"
TODAY = date(2026, 11, 23)

SELLER = RegisterEntry(
    organisation_number="310000019",
    name="Solkroken Konsulent AS",
    address=Address(street="Prøvegata 1", postal_code="0150", city="Oslo"),
    vat_registered=True,
    business_register=True,
    account="15069900019",
    email="faktura@solkroken.example",
)
OUTSIDE_VAT_REGISTER = SELLER.model_copy(update={"vat_registered": False, "business_register": False})


def suite(pattern: str) -> list[Any]:
    """Official documents by pattern; one skipped parameter where the suites are not at hand."""
    found = sorted(SUITES.glob(pattern))
    if found:
        return [pytest.param(path, id=path.name) for path in found]
    return [pytest.param(None, marks=pytest.mark.skip(reason=f"the official test documents are not in {SUITES}"))]


def line(**given: Any) -> dict[str, Any]:
    return {"text": "Konsulenttime", "vat": {"category": "S", "rate": "25"}, **given}


def invoice(**given: Any) -> dict[str, Any]:
    """A small invoice that is valid; keyword arguments replace its fields, None removes one."""
    whole = {
        "type": "invoice",
        "number": "10023",
        "issue_date": "2026-11-22",
        "due_date": "2026-12-06",
        "buyer_reference": "Kari",
        "buyer": {"organisation_number": "310002003", "name": "Grønnlia Eiendom AS"},
        "payment": {"account": "12345678903", "kid": "123456782"},
        "lines": [line(quantity="2", unit="HUR", unit_price="1200.00")],
        **given,
    }
    return {name: value for name, value in whole.items() if value is not None}
