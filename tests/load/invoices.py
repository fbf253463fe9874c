"""Made-up invoices for load: JSON, ten lines, to another customer's inbox."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any


def invoice(number: str, recipient: str, lines: int = 10) -> bytes:
    """Return a JSON invoice that follows every rule."""
    today = datetime.now(UTC).date()
    content: dict[str, Any] = {
        "type": "invoice",
        "number": number,
        "issue_date": today.isoformat(),
        "due_date": (today + timedelta(days=14)).isoformat(),
        "buyer_reference": "Innkjøp",
        "buyer": {
            "organisation_number": recipient,
            "name": "Mottaker AS",
            "address": {"street": "Gata 1", "postal_code": "5003", "city": "Bergen", "country": "NO"},
        },
        "lines": [
            {
                "text": f"Vare {place}",
                "quantity": str(place),
                "unit": "C62",
                "unit_price": f"{10 * place}.50",
                "vat": {"category": "S", "rate": ("25", "15", "12")[place % 3]},
            }
            for place in range(1, lines + 1)
        ],
    }
    return json.dumps(content, ensure_ascii=False).encode()
