"""The JSON invoice (`application/json`), named after the business terms of EN 16931.

Money is decimal strings in the invoice's currency; dates are ISO 8601. Only what a field's own form can tell is checked
here (domain/types.py); what depends on other fields, the register or the day is checked by domain/checks.py.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hub.invoice.lines import Adjustment, Line
from hub.invoice.parties import Buyer, Delivery, Payment, Period
from hub.invoice.types import Amount, Base64, Currency, Date, ExchangeRate, Identifier, Part, Text

MAX_LINES = 10_000
MAX_ATTACHMENTS = 50
MIME_TYPES = (
    "application/pdf",
    "image/png",
    "image/jpeg",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
)


class PrecedingInvoice(Part):
    """The invoice that this one credits or corrects (BG-3)."""

    number: Identifier = Field(description="BT-25 Preceding Invoice reference")
    issue_date: Date | None = Field(None, description="BT-26 Preceding Invoice issue date")


class Attachment(Part):
    """A file beside the invoice (BG-24): embedded, or an address where it lies."""

    filename: Identifier | None = Field(None, description="BT-125 File name, required with `content`")
    mime_type: Identifier | None = Field(None, description="BT-125 Mime type, required with `content`")
    content: Base64 | None = Field(None, description="BT-125 Attached document, base64")
    url: Identifier | None = Field(None, description="BT-124 External document location")
    description: Text | None = Field(None, description="BT-123 Supporting document description")
    id: Identifier | None = Field(None, description="BT-122 Supporting document reference; the file name unless given")


class StatedTotals(Part):
    """Totals as the caller computed them; each one that is given is compared with ours."""

    line_net: Amount | None = Field(None, description="BT-106 Sum of Invoice line net amount")
    without_vat: Amount | None = Field(None, description="BT-109 Invoice total amount without VAT")
    vat: Amount | None = Field(None, description="BT-110 Invoice total VAT amount")
    with_vat: Amount | None = Field(None, description="BT-112 Invoice total amount with VAT")
    payable: Amount | None = Field(None, description="BT-115 Amount due for payment")


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


class Invoice(Part):
    """An invoice or a credit note. A credit note's amounts are positive: they are what is credited."""

    type: Literal["invoice", "credit_note"] = Field(description="BT-3 Invoice type: 380 or 381")
    number: Identifier = Field(description="BT-1 Invoice number")
    issue_date: Date = Field(description="BT-2 Invoice issue date")
    due_date: Date | None = Field(None, description="BT-9 Payment due date")
    currency: Currency = Field("NOK", description="BT-5 Invoice currency code, ISO 4217")
    vat_in_nok: Amount | None = Field(
        None, description="BT-111 Invoice total VAT amount in accounting currency (NOK), for another currency"
    )
    exchange_rate: ExchangeRate | None = Field(
        None, description="NOK for one unit of `currency`, to compute BT-111 where `vat_in_nok` is not given"
    )
    buyer_reference: Identifier | None = Field(None, description="BT-10 Buyer reference")
    order_reference: Identifier | None = Field(None, description="BT-13 Purchase order reference")
    sales_order: Identifier | None = Field(None, description="BT-14 Sales order reference")
    contract_reference: Identifier | None = Field(None, description="BT-12 Contract reference")
    accounting_cost: Identifier | None = Field(None, description="BT-19 Buyer accounting reference")
    note: Text | None = Field(None, description="BT-22 Invoice note")
    period: Period | None = Field(None, description="BG-14 Invoicing period")
    credits: Annotated[tuple[PrecedingInvoice, ...], BeforeValidator(_one_or_many)] = Field(
        (), description="BG-3 Preceding Invoice reference: what a credit note credits"
    )
    buyer: Buyer = Field(description="BG-7 Buyer")
    delivery: Delivery | None = Field(None, description="BG-13 Delivery information")
    payment: Payment = Field(default_factory=Payment, description="BG-16 Payment instructions")
    payment_terms: Text | None = Field(None, description="BT-20 Payment terms")
    allowances: tuple[Adjustment, ...] = Field((), description="BG-20 Document level allowances")
    charges: tuple[Adjustment, ...] = Field((), description="BG-21 Document level charges")
    prepaid: Amount | None = Field(None, description="BT-113 Paid amount")
    rounding: Amount | None = Field(None, description="BT-114 Rounding amount")
    totals: StatedTotals = Field(default_factory=StatedTotals, description="BG-22 Document totals, to be compared")
    lines: tuple[Line, ...] = Field(min_length=1, max_length=MAX_LINES, description="BG-25 Invoice lines")
    attachments: tuple[Attachment, ...] = Field(
        (), max_length=MAX_ATTACHMENTS, description="BG-24 Additional supporting documents"
    )

    @property
    def credit_note(self) -> bool:
        """Whether this is a credit note."""
        return self.type == "credit_note"
