"""One example of each thing that is sent or answered."""

from typing import Any

_ID = "019a20d2-5e35-7318-ad9e-41b7569ce1e4"
_BATCH = "7f1d2c30-5a4e-5b0f-9c1d-2f6a7b8c9d0e"
_TIME = "2026-11-24T09:30:00.000Z"
_OWN = f"/v1/transactions/{_ID}"
_LINKS = {"self": _OWN, "document": f"{_OWN}/document"}
_COMPANY, _OFFICE, _BUYER = "310000035", "310000000", "310000027"
_INVOICE: dict[str, Any] = {
    "type": "invoice",
    "number": "10023",
    "issue_date": "2026-11-22",
    "due_date": "2026-12-06",
    "buyer_reference": "Kari",
    "buyer": {"organisation_number": _BUYER},
    "payment": {"account": "15069900019", "kid": "123456782"},
    "lines": [
        {
            "text": "Konsulenttime",
            "quantity": "2",
            "unit": "HUR",
            "unit_price": "1200.00",
            "vat": {"category": "S", "rate": "25"},
        },
        {"text": "Takk for oppdraget"},
    ],
}
_SUMMARY: dict[str, Any] = {
    "transaction_id": _ID,
    "status": "delivered",
    "client": _COMPANY,
    "direction": "outbound",
    "sender": f"0192:{_COMPANY}",
    "recipient": f"0192:{_BUYER}",
    "invoice_number": "10023",
    "document_type": "invoice",
    "channel": "inbox",
    "accepted_at": _TIME,
    "changed_at": _TIME,
    "links": _LINKS,
}
_RECEIPT = {"received_at": _TIME, "confirmed_by": "Sentral inbox"}
_ENTRY = {
    "organisation_number": _COMPANY,
    "name": "Selger AS",
    "address": {"street": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"},
    "vat_registered": True,
    "account": "15069900019",
}
_ENGAGEMENT = {
    "office": _OFFICE,
    "company": _COMPANY,
    "client_number": "17",
    "payer": "office",
    "valid_from": "2026-01-01",
}
_KEY = {"id": "4f6g7h8j9k0m", "key": "sentral_4f6g7h8j9k0m_…"}
_INSTALL = {"id": _ID, "name": "Our ERP", "office": _OFFICE, "company": None, "companies": [_COMPANY]}

# By the schema's name.
SCHEMAS: dict[str, Any] = {
    "Invoice": _INVOICE,
    "Accepted": {"transaction_id": _ID, "status": "accepted", "links": _LINKS},
    "LineAnswer": {"line": 1, "status": 202, "transaction_id": _ID, "batch_id": _BATCH, "links": _LINKS},
    "Cancellation": {"transaction_id": _ID, "status": "cancelled", "links": _LINKS},
    "CancelMany": {"scope": "batch", "batch_id": _BATCH},
    "Cancellations": {"cancelled": 118, "cancelling": 2},
    "Hold": {"minutes": 15},
    "Page": {"transactions": [_SUMMARY], "next": f"/v1/transactions?before={_ID}&limit=50"},
    "Transaction": {
        **_SUMMARY,
        "initiator": _OFFICE,
        "receipts": [_RECEIPT],
        "timeline": [
            {"status": "accepted", "time": _TIME},
            {"status": "ready", "time": _TIME, "rule_set": "peppol-2026.5"},
            {"status": "routed", "time": _TIME, "leg": 1, "channel": "inbox"},
            {"status": "delivered", "time": _TIME, "leg": 1, "attempt": 1, "channel": "inbox", "receipt": _RECEIPT},
        ],
    },
    "FeedPage": {
        "entries": [
            {
                "number": 41,
                "type": "transaction.delivered",
                "time": _TIME,
                "transaction_id": _ID,
                "client": _COMPANY,
                "invoice_number": "10023",
                "document_type": "invoice",
                "recipient": f"0192:{_BUYER}",
                "status": "delivered",
                "channel": "inbox",
            }
        ],
        "last": 41,
    },
    "InboxPage": {
        "items": [
            {
                "id": _ID,
                "company": _BUYER,
                "sender": f"0192:{_COMPANY}",
                "invoice_number": "10023",
                "document_type": "invoice",
                "received_at": _TIME,
                "leased_until": _TIME,
                "links": {"document": f"/v1/inbox/{_ID}/document", "ack": f"/v1/inbox/{_ID}/ack"},
            }
        ]
    },
    "Acknowledged": {"id": _ID, "acknowledged_at": _TIME},
    "CustomerInput": {"organisation_number": _BUYER, "name": "Kjøper AS", "email": "faktura@example.no"},
    "CustomerEntry": {
        "customer_number": "42",
        "endpoint": f"0192:{_BUYER}",
        "name": "Kjøper AS",
        "email": "faktura@example.no",
    },
    "OfficeInput": {"organisation_number": _OFFICE, "name": "Regnskap AS"},
    "ShownOffice": {"organisation_number": _OFFICE, "name": "Regnskap AS"},
    "CompanyInput": _ENTRY,
    "RegisterEntry": _ENTRY,
    "EngagementInput": _ENGAGEMENT,
    "Engagement": {**_ENGAGEMENT, "id": _ID, "office_name": "Regnskap AS", "valid_to": None},
    "EngagementEnd": {"valid_to": "2027-01-01"},
    "ActivationInput": {"active_from": "2026-12-01T00:00:00Z"},
    "Activation": {"company": _COMPANY, "service": "sending", "active_from": "2026-12-01T00:00:00Z"},
    "InstallInput": {"name": "Our ERP", "office": _OFFICE, "companies": [_COMPANY]},
    "ShownInstall": _INSTALL,
    "NewInstall": {**_INSTALL, "key": _KEY},
    "KeyInput": {"install": _ID, "label": "Our ERP", "scopes": ["transactions", "inbox"]},
    "IssuedKey": _KEY,
    "ShownKey": {
        "id": _KEY["id"],
        "install": _ID,
        "label": "Our ERP",
        "scopes": ["transactions", "inbox"],
        "created_at": _TIME,
        "expires_at": None,
        "revoked_at": None,
    },
    "Rotation": {"overlap_hours": 168},
}
_UBL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" …>
  <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
  <cbc:ID>10023</cbc:ID> …
</Invoice>"""

# By media type, or by operation and media type, where the schema is nobody's alone.
BODIES: dict[str, Any] = {
    "application/xml": _UBL,
    "multipart/form-data": {"invoice": _INVOICE, "attachment": ["timeliste.pdf"]},
    "usage_v1_usage_get application/json": {
        "month": "2026-11",
        "usage": [{"client": _COMPANY, "product": "inbox", "delivered": 13, "reversed": 1, "quantity": 12}],
        "quantity": 12,
    },
    "list_offices_v1_admin_offices_get application/json": [SCHEMAS["ShownOffice"]],
    "list_companies_v1_admin_companies_get application/json": [SCHEMAS["RegisterEntry"]],
    "list_engagements_v1_admin_engagements_get application/json": [SCHEMAS["Engagement"]],
    "list_activations_v1_admin_activations_get application/json": [SCHEMAS["Activation"]],
    "list_installs_v1_admin_installs_get application/json": [SCHEMAS["ShownInstall"]],
    "list_keys_v1_admin_keys_get application/json": [SCHEMAS["ShownKey"]],
}
