"""Any invoice that the model accepts builds into a valid document, or is refused by naming a field."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ehf_builder.validation.engine import Engine
from tests.ehf_builder.invoices import SELLER, TODAY, invoice

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=30
).filter(str.strip)
MONEY = st.decimals("-100000", "100000", places=2).map(str)
CHARGED = st.decimals("0.01", "1000", places=2).map(str)
PRICE = st.decimals("-10000", "10000", places=4).map(str)
QUANTITY = st.decimals("-1000", "1000", places=3).map(str)
VAT = st.sampled_from(
    [
        {"category": "S", "rate": "25"},
        {"category": "S", "rate": "15"},
        {"category": "Z"},
        "5",
        "6",
        "52",
        {"category": "E"},
    ]
)
ADJUSTMENTS = st.lists(st.fixed_dictionaries({"amount": CHARGED}, optional={"reason": TEXT}), max_size=2)


def optional(**fields: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return fields


LINES = st.one_of(
    st.fixed_dictionaries({"text": TEXT}),
    st.fixed_dictionaries({"text": TEXT, "amount": MONEY, "vat": VAT}, optional={"quantity": QUANTITY}),
    st.fixed_dictionaries(
        {"text": TEXT, "unit_price": PRICE, "vat": VAT},
        optional={
            "quantity": QUANTITY,
            "unit": st.sampled_from(["C62", "HUR", "KGM", "EA"]),
            "note": TEXT,
            "description": TEXT,
            "seller_item_id": TEXT,
            "allowances": ADJUSTMENTS,
            "charges": ADJUSTMENTS,
        },
    ),
)
INVOICES = st.fixed_dictionaries(
    {"lines": st.lists(LINES, min_size=1, max_size=5), "type": st.sampled_from(["invoice", "credit_note"])},
    optional={
        "note": TEXT,
        "buyer_reference": TEXT,
        "order_reference": TEXT,
        "allowances": st.lists(st.fixed_dictionaries({"amount": CHARGED, "vat": VAT}), max_size=2),
        "charges": st.lists(st.fixed_dictionaries({"amount": CHARGED}), max_size=1),
        "prepaid": MONEY,
        "rounding": st.decimals("-0.99", "0.99", places=2).map(str),
        "currency": st.sampled_from(["NOK", "EUR", "SEK"]),
        "exchange_rate": st.decimals("0.5", "20", places=4).map(str),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fields=INVOICES)
def test_an_accepted_invoice_is_valid_or_refused_in_its_own_fields(engine: Engine, fields: dict[str, Any]) -> None:
    built = engine.build(json.dumps(invoice(**fields)).encode(), SELLER, None, TODAY)
    for finding in built.verdict.fatal:
        assert finding.rule.startswith("HUB-"), (finding, built.document)
        assert finding.field
    assert built.document or built.verdict.fatal
