"""Invoice and credit note lines (BG-25 to BG-32)."""

from ehf_builder.domain.lines import DraftLine
from ehf_builder.domain.ubl.amounts import adjustment, tax_category
from ehf_builder.domain.ubl.references import INVOICED_OBJECT
from hub.invoice.lines import Line
from hub.invoice.parties import Period
from hub.invoice.vat import NIL
from hub.ubl import Element, group, identifier, number, value


def line(root: Element, item: DraftLine, position: int, currency: str, *, credit_note: bool) -> None:
    """Write one line; `position` counts from 1 and is its identifier (BT-126)."""
    given = item.line
    element = group(root, "CreditNoteLine" if credit_note else "InvoiceLine")
    value(element, "ID", position)
    value(element, "Note", item.note)
    number(element, "CreditedQuantity" if credit_note else "InvoicedQuantity", item.quantity, unitCode=item.unit)
    number(element, "LineExtensionAmount", item.net, currencyID=currency)
    value(element, "AccountingCost", given.accounting_cost)
    period(element, given.period)
    if given.order_line:
        value(group(element, "OrderLineReference"), "LineID", given.order_line)
    if given.object_id:
        reference = group(element, "DocumentReference")
        value(reference, "ID", given.object_id)
        value(reference, "DocumentTypeCode", INVOICED_OBJECT)
    for each in item.adjustments:
        adjustment(element, each, currency)
    _item(group(element, "Item"), given, item)
    price = group(element, "Price")
    number(price, "PriceAmount", item.price, currencyID=currency)
    number(price, "BaseQuantity", item.base_quantity, unitCode=item.unit)
    if given.gross_price is not None:
        discount = group(price, "AllowanceCharge")
        value(discount, "ChargeIndicator", "false")
        number(discount, "Amount", given.price_discount or NIL, currencyID=currency)
        number(discount, "BaseAmount", given.gross_price, currencyID=currency)


def period(parent: Element, given: Period | None, tax_point_code: str | None = None) -> None:
    """Write InvoicePeriod of a document, which may say when VAT falls due as well (BT-8), or of a line."""
    if (given and (given.start or given.end)) or tax_point_code:
        element = group(parent, "InvoicePeriod")
        value(element, "StartDate", given and given.start)
        value(element, "EndDate", given and given.end)
        value(element, "DescriptionCode", tax_point_code)


def _item(element: Element, given: Line, item: DraftLine) -> None:
    value(element, "Description", given.description)
    value(element, "Name", given.text)
    if given.buyer_item_id:
        value(group(element, "BuyersItemIdentification"), "ID", given.buyer_item_id)
    if given.seller_item_id:
        value(group(element, "SellersItemIdentification"), "ID", given.seller_item_id)
    if given.standard_item_id:
        identifier(group(element, "StandardItemIdentification"), "ID", given.standard_item_id)
    if given.origin:
        value(group(element, "OriginCountry"), "IdentificationCode", given.origin)
    for each in given.classifications:
        versioned = {"listVersionID": each.version} if each.version else {}
        classified = group(element, "CommodityClassification")
        value(classified, "ItemClassificationCode", each.code, listID=each.scheme, **versioned)
    tax_category(element, "ClassifiedTaxCategory", item.tax)
    for known in given.properties:
        property_ = group(element, "AdditionalItemProperty")
        value(property_, "Name", known.name)
        value(property_, "Value", known.value)
