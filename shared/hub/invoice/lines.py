"""Invoice lines, allowances and charges of the JSON invoice."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hub.invoice.parties import Period
from hub.invoice.types import Amount, Country, Identifier, Part, Percent, Price, Quantity, SchemeAndId, Text, UnitCode
from hub.invoice.vat import NIL, Vat

MAX_ADJUSTMENTS = 100
MAX_PROPERTIES = 100


def _saf_t_code(value: Any) -> Any:
    return {"code": value} if isinstance(value, str | int) and not isinstance(value, bool) else value


VatOrCode = Annotated[Vat, BeforeValidator(_saf_t_code)]


class LineAdjustment(Part):
    """An allowance (BG-27) or charge (BG-28) of one line; it has the line's VAT. Either `amount` or `percent`."""

    amount: Annotated[Amount, Field(gt=0)] | None = Field(None, description="BT-136, BT-141 Amount, positive")
    percent: Percent | None = Field(None, description="BT-138, BT-143 Percentage of `base_amount`")
    base_amount: Annotated[Amount, Field(gt=0)] | None = Field(
        None, description="BT-137, BT-142 Base amount; quantity times price unless given"
    )
    reason: Text | None = Field(None, description="BT-139, BT-144 Reason")
    reason_code: Identifier | None = Field(None, description="BT-140, BT-145 Reason code (UNCL5189, UNCL7161)")


class Adjustment(LineAdjustment):
    """An allowance (BG-20) or charge (BG-21) of the whole invoice, with VAT of its own.

    `vat` may be left out where all lines have the same.
    """

    amount: Annotated[Amount, Field(gt=0)] | None = Field(None, description="BT-92, BT-99 Amount without VAT, positive")
    percent: Percent | None = Field(None, description="BT-94, BT-101 Percentage of `base_amount`")
    base_amount: Annotated[Amount, Field(gt=0)] | None = Field(
        None, description="BT-93, BT-100 Base amount; the net of all lines with the same VAT unless given"
    )
    reason: Text | None = Field(None, description="BT-97, BT-104 Reason")
    reason_code: Identifier | None = Field(None, description="BT-98, BT-105 Reason code (UNCL5189, UNCL7161)")
    vat: VatOrCode | None = Field(None, description="BT-95, BT-102 VAT category and rate, or a SAF-T code")


class Classification(Part):
    """A class that an item belongs to (BT-158)."""

    code: Identifier = Field(description="BT-158 Item classification identifier")
    scheme: Identifier = Field(description="BT-158 List of the code (UNCL7143): STI is CPV, TST is UNSPSC")
    version: Identifier | None = Field(None, description="BT-158 Version of the list")


class ItemProperty(Part):
    """A property of an item (BG-32)."""

    name: Text = Field(description="BT-160 Item attribute name")
    value: Text = Field(description="BT-161 Item attribute value")


class Line(Part):
    """An invoice line (BG-25): priced (`unit_price` or `gross_price`), amount only (`amount`), or text only.

    A text-only line attaches to the line above it (BT-127), or to the invoice (BT-22) when it comes first.
    """

    text: Text = Field(description="BT-153 Item name; of a text-only line, the note")
    description: Text | None = Field(None, description="BT-154 Item description")
    note: Text | None = Field(None, description="BT-127 Invoice line note")
    quantity: Quantity | None = Field(None, description="BT-129 Invoiced quantity; 1 unless given")
    unit: UnitCode | None = Field(None, description="BT-130 Unit of measure (UN/ECE Rec. 20); C62 (one) unless given")
    unit_price: Price | None = Field(None, description="BT-146 Item net price, without VAT")
    gross_price: Annotated[Price, Field(ge=0)] | None = Field(
        None, description="BT-148 Item gross price, before `price_discount`; `unit_price` is computed unless given"
    )
    price_discount: Annotated[Price, Field(gt=0)] | None = Field(
        None, description="BT-147 Item price discount; needs `gross_price`"
    )
    base_quantity: Annotated[Quantity, Field(gt=0)] | None = Field(
        None, description="BT-149 Item price base quantity: how many units the prices are for"
    )
    amount: Amount | None = Field(None, description="BT-131 Invoice line net amount; compared where it is computed too")
    vat: VatOrCode | None = Field(None, description="BG-30 VAT category and rate, or a SAF-T code")
    allowances: tuple[LineAdjustment, ...] = Field(
        (), max_length=MAX_ADJUSTMENTS, description="BG-27 Invoice line allowances"
    )
    charges: tuple[LineAdjustment, ...] = Field(
        (), max_length=MAX_ADJUSTMENTS, description="BG-28 Invoice line charges"
    )
    period: Period | None = Field(None, description="BG-26 Invoice line period")
    accounting_cost: Identifier | None = Field(None, description="BT-133 Invoice line Buyer accounting reference")
    order_line: Identifier | None = Field(None, description="BT-132 Referenced purchase order line reference")
    object_id: Identifier | None = Field(
        None, description="BT-128 Invoice line object identifier, such as a subscription or metering point"
    )
    seller_item_id: Identifier | None = Field(None, description="BT-155 Item Seller's identifier")
    buyer_item_id: Identifier | None = Field(None, description="BT-156 Item Buyer's identifier")
    standard_item_id: SchemeAndId | None = Field(
        None, description="BT-157 Item standard identifier, `scheme:id` (0160 is GTIN)"
    )
    classifications: tuple[Classification, ...] = Field(
        (), max_length=MAX_PROPERTIES, description="BT-158 Item classification identifiers"
    )
    origin: Country | None = Field(None, description="BT-159 Item country of origin")
    properties: tuple[ItemProperty, ...] = Field((), max_length=MAX_PROPERTIES, description="BG-32 Item attributes")

    @property
    def net_price(self) -> Decimal | None:
        """BT-146: the price as given, else the gross price less its discount."""
        if self.unit_price is not None or self.gross_price is None:
            return self.unit_price
        return self.gross_price - (self.price_discount or NIL)

    @property
    def text_only(self) -> bool:
        """Whether the line says something and charges nothing."""
        priced = (self.quantity, self.unit_price, self.gross_price, self.price_discount, self.amount)
        return all(value is None for value in priced) and not self.allowances and not self.charges
