"""The JSON invoice (`application/json`), named after the business terms of EN 16931.

Money is decimal strings in the invoice's currency; dates are ISO 8601. Only what a field's own form can tell is checked
here (types.py); what depends on other fields, the register or the day is checked by the ehf-builder (domain/checks).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hub.invoice.lines import MAX_ADJUSTMENTS, Adjustment, Line
from hub.invoice.parties import Buyer, Delivery, Payee, Payment, Period
from hub.invoice.types import Amount, Base64, Currency, Date, ExchangeRate, Identifier, Part, Text

MAX_LINES = 10_000
MAX_ATTACHMENTS = 50
MAX_REFERENCES = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
# What a file name's ending says of its content; these types alone may be embedded (CL001).
ENDINGS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "csv": "text/csv",
    "xlsx": _XLSX,
    "ods": _ODS,
}
MIME_TYPES = tuple(dict.fromkeys(ENDINGS.values()))


class PrecedingInvoice(Part):
    """The invoice that this one credits or corrects (BG-3)."""

    number: Identifier = Field(description="BT-25 Preceding Invoice reference")
    issue_date: Date | None = Field(None, description="BT-26 Preceding Invoice issue date")


class Attachment(Part):
    """A file beside the invoice (BG-24): embedded, or an address where it lies."""

    filename: Identifier | None = Field(None, description="BT-125 File name, required with `content`")
    mime_type: Identifier | None = Field(
        None, description="BT-125 Mime type of `content`; by the file name's ending unless given"
    )
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
    """An invoice, a credit note or a reminder (EHF Reminder 3.0).

    A credit note's amounts are positive: they are what is credited. An invoice that corrects another has negative
    ones, and names it in `credits`. A reminder has the lines of the invoice that it reminds of, and perhaps a fee.
    """

    type: Literal["invoice", "credit_note", "reminder"] = Field(
        description="BT-3 Invoice type: 380 or 381; a reminder has none"
    )
    number: Identifier = Field(description="BT-1 Invoice number")
    issue_date: Date = Field(description="BT-2 Invoice issue date")
    due_date: Date | None = Field(None, description="BT-9 Payment due date")
    tax_point_date: Date | None = Field(None, description="BT-7 Value added tax point date; or give `tax_point_code`")
    tax_point_code: Literal["3", "35", "432"] | None = Field(
        None, description="BT-8 When VAT falls due: 3 the issue date, 35 the delivery, 432 the payment (UNTDID 2005)"
    )
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
    project_reference: Identifier | None = Field(None, description="BT-11 Project reference")
    receiving_advice: Identifier | None = Field(None, description="BT-15 Receiving advice reference")
    despatch_advice: Identifier | None = Field(None, description="BT-16 Despatch advice reference (pakkseddel)")
    tender_reference: Identifier | None = Field(None, description="BT-17 Tender or lot reference")
    object_id: Identifier | None = Field(
        None, description="BT-18 Invoiced object identifier, such as a subscription or metering point"
    )
    accounting_cost: Identifier | None = Field(None, description="BT-19 Buyer accounting reference")
    note: Text | None = Field(None, description="BT-22 Invoice note")
    period: Period | None = Field(None, description="BG-14 Invoicing period")
    credits: Annotated[tuple[PrecedingInvoice, ...], BeforeValidator(_one_or_many)] = Field(
        (),
        max_length=MAX_REFERENCES,
        description="BG-3 Preceding Invoice reference: what a credit note credits or a negative invoice corrects",
    )
    reminds: PrecedingInvoice | None = Field(None, description="BG-3 The invoice that a reminder reminds of")
    reminder_fee: Annotated[Amount, Field(gt=0)] | None = Field(
        None, description="BG-21 Fee of a reminder (reason code REM), outside VAT"
    )
    buyer: Buyer = Field(description="BG-7 Buyer")
    payee: Payee | None = Field(None, description="BG-10 Payee, where it is not the seller")
    delivery: Delivery | None = Field(None, description="BG-13 Delivery information")
    payment: Payment = Field(default_factory=Payment, description="BG-16 Payment instructions")
    payment_terms: Text | None = Field(None, description="BT-20 Payment terms")
    allowances: tuple[Adjustment, ...] = Field(
        (), max_length=MAX_ADJUSTMENTS, description="BG-20 Document level allowances"
    )
    charges: tuple[Adjustment, ...] = Field((), max_length=MAX_ADJUSTMENTS, description="BG-21 Document level charges")
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

    @property
    def reminder(self) -> bool:
        """Whether this is a reminder."""
        return self.type == "reminder"

    @property
    def preceding(self) -> tuple[PrecedingInvoice, ...]:
        """BG-3: what this document credits, corrects or reminds of."""
        return (*self.credits, self.reminds) if self.reminds else self.credits
