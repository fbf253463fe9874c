"""EHF Reminder 3.0: an invoice with a fee, and with less room than an invoice has."""

from collections.abc import Iterator, Mapping

from ehf_builder.domain.payment import DIRECT_DEBIT
from hub.invoice.lines import Line
from hub.invoice.model import Invoice

# Fields that EHF Reminder 3.0 has no place for (EHF-REMINDER-B00113, B16506, B18503, B10802), and what stands for none.
_NO_PLACE: Mapping[str, object] = {
    "order_reference": None,
    "sales_order": None,
    "project_reference": None,
    "receiving_advice": None,
    "despatch_advice": None,
    "tender_reference": None,
    "object_id": None,
    "period": None,
    "tax_point_code": None,
    "delivery": None,
    "attachments": (),
}
_NO_PLACE_ON_LINES: Mapping[str, object] = {
    "description": None,
    "order_line": None,
    "object_id": None,
    "seller_item_id": None,
    "buyer_item_id": None,
    "standard_item_id": None,
    "classifications": (),
    "origin": None,
    "properties": (),
}


def left_out(invoice: Invoice) -> Iterator[str]:
    """Name the fields that were given and that a reminder cannot say."""
    yield from (name for name in _NO_PLACE if getattr(invoice, name))
    for index, line in enumerate(invoice.lines):
        yield from (f"lines[{index}].{name}" for name in _missing(line))
    if invoice.payment.mandate:
        yield "payment.mandate"


def as_reminder(invoice: Invoice) -> Invoice:
    """Return the invoice without them; an order's number stands in for a buyer reference that is not given (R003)."""
    return invoice.model_copy(
        update={
            **_NO_PLACE,
            "buyer_reference": invoice.buyer_reference or invoice.order_reference,
            "payment": invoice.payment.model_copy(update=_without_mandate(invoice)),
            "lines": tuple(
                line.model_copy(update=dict(_NO_PLACE_ON_LINES)) if any(_missing(line)) else line
                for line in invoice.lines
            ),
        }
    )


def _without_mandate(invoice: Invoice) -> Mapping[str, object]:
    """Pay a reminder by transfer: a direct debit needs its mandate (R061), which has no place."""
    return {"mandate": None, "means": None if invoice.payment.means in DIRECT_DEBIT else invoice.payment.means}


def _missing(line: Line) -> Iterator[str]:
    """Name what a line loses; the description of a text-only line becomes part of a note, which a reminder has."""
    if not line.text_only:
        yield from (name for name in _NO_PLACE_ON_LINES if getattr(line, name))
