"""Every field of the JSON invoice, all at once and with nonsense in each."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from ehf_builder.domain.build import build
from ehf_builder.validation.engine import Engine
from hub.invoice.model import Invoice
from tests.ehf_builder.invoices import SELLER, invoice, line
from tests.ehf_builder.judging import judge

NASTY = [
    "",
    " ",
    "\x00",
    "\ufffe",
    "æ<&>\"'",
    "x" * 20_000,
    "-1",
    "1e30",
    "0",
    0,
    -1.5,
    True,
    None,
    [],
    {},
    [[]],
    ["x"],
]
PERIOD = {"start": "2026-11-01", "end": "2026-11-30"}
STREET = {"street": "a", "additional_street": "b", "city": "c", "postal_code": "0150", "country": "NO"}
EVERY_FIELD = invoice(
    note="a",
    tax_point_date="2026-11-20",
    currency="NOK",
    vat_in_nok="2.30",
    exchange_rate="1",
    order_reference="a",
    sales_order="a",
    contract_reference="a",
    project_reference="a",
    receiving_advice="a",
    despatch_advice="a",
    tender_reference="a",
    object_id="a",
    accounting_cost="a",
    period=PERIOD,
    credits=[{"number": "1", "issue_date": "2026-10-01"}],
    delivery={"date": "2026-11-01", "name": "a", "location": "0088:7080000000005", "address": STREET},
    payment={
        "account": "12345678903",
        "iban": "NO7112345678903",
        "bic": "DNBANOKK",
        "kid": "123456782",
        "means": "30",
        "mandate": "a",
        "factoring_note": "a",
    },
    payment_terms="a",
    payee={"name": "a", "organisation_number": "310002003", "id": "a"},
    allowances=[{"percent": "10", "base_amount": "10.00", "amount": "1.00", "reason": "a", "vat": "3"}],
    charges=[{"amount": "1.00", "reason_code": "FC", "vat": {"category": "E", "reason_code": "VATEX-EU-132"}}],
    prepaid="1.00",
    rounding="0.45",
    totals={"line_net": "10.20", "without_vat": "10.20", "vat": "2.30", "with_vat": "12.50", "payable": "11.95"},
    attachments=[
        {
            "id": "a",
            "filename": "a.pdf",
            "mime_type": "application/pdf",
            "content": "JVBERi0xLjQK",
            "description": "a",
        },
        {"id": "b", "url": "https://eksempel.example/b.pdf"},
    ],
    buyer={
        "organisation_number": "310002003",
        "endpoint": "0192:310002003",
        "legal_registration": "0192:310002003",
        "customer_number": "a",
        "name": "a",
        "address": STREET,
        "vat_number": "NO310002003MVA",
        "contact": {"name": "a", "phone": "b", "email": "c@d.example"},
    },
    lines=[
        line(
            description="a",
            note="a",
            quantity="30",
            unit="C62",
            unit_price="4.00",
            gross_price="5.00",
            price_discount="1.00",
            base_quantity="10",
            amount="10.20",
            allowances=[{"percent": "10", "base_amount": "20.00", "amount": "2.00", "reason_code": "95"}],
            charges=[{"percent": "10", "base_amount": "2.00", "reason": "a"}],
            period=PERIOD,
            accounting_cost="a",
            order_line="a",
            object_id="a",
            seller_item_id="a",
            buyer_item_id="a",
            standard_item_id="0160:7012345000004",
            classifications=[{"code": "a", "scheme": "STI", "version": "a"}],
            origin="NO",
            properties=[{"name": "a", "value": "b"}],
        )
    ],
)
# These exclude others above, and have tests of their own.
NOT_BESIDE_OTHERS = {"tax_point_code", "reminds", "reminder_fee", "kid_from", "reference", "code", "reason"}


def leaves(value: Any, path: tuple[int | str, ...] = ()) -> list[tuple[int | str, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(leaf for key, inner in items for leaf in leaves(inner, (*path, key)))]


def replaced(value: Any, path: tuple[int | str, ...], nasty: object) -> Any:
    if not path:
        return nasty
    copied = value.copy()
    copied[path[0]] = replaced(value[path[0]], path[1:], nasty)
    return copied


def left_out(part: BaseModel) -> Iterator[str]:
    """The fields of a part, and of the parts in it, that have no value."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if value is None or value == ():
            yield name
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, BaseModel):
                yield from left_out(inner)


def test_every_field_is_in_the_invoice_with_every_field() -> None:
    whole = Invoice.model_validate(EVERY_FIELD)
    ours = {"filename", "mime_type", "content", "url", "description"}  # of the two attachments, one has each
    vat = {"category", "rate", "reason_code"}
    adjustments = {"percent", "base_amount", "amount", "reason", "reason_code", "vat"}  # of the four, one has each
    assert set(left_out(whole)) <= NOT_BESIDE_OTHERS | ours | vat | adjustments


def test_every_field_together_is_valid(engine: Engine) -> None:
    assert judge(engine, EVERY_FIELD).findings == set()


def test_every_field_says_which_business_term_it_is() -> None:
    def described(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for part in (schema, *schema.get("$defs", {}).values()):
            for name, field in part.get("properties", {}).items():
                yield f"{part['title']}.{name}", field.get("description", "")

    # These have no business term: they are instead of others.
    instead = {"Invoice.exchange_rate", "Vat.code"}
    terms = dict(described(Invoice.model_json_schema()))
    assert len(terms) > 100
    assert {name for name, text in terms.items() if not text.startswith(("BT-", "BG-"))} == instead


@pytest.mark.parametrize("nasty", NASTY, ids=lambda nasty: repr(nasty)[:20])
def test_nothing_in_any_field_is_more_than_a_finding(nasty: object) -> None:
    for path in leaves(EVERY_FIELD):
        built = build(json.dumps(replaced(EVERY_FIELD, path, nasty)).encode(), SELLER, None)
        assert built.document or built.findings
