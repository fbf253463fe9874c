"""Invoice lines, and the document's allowances and charges below them."""

from ehf_builder.preview.parts import Row, Table
from ehf_builder.preview.ubl import every, first, text
from ehf_builder.preview.words import Words
from hub.ubl import Element

_LINES = "cac:InvoiceLine | cac:CreditNoteLine"


def table(root: Element, words: Words) -> Table:
    """Show every line with quantity, price, VAT and net amount."""
    rows = [_line(line, words) for line in every(root, _LINES)]
    rows += [_adjustment(each, words) for each in every(root, "cac:AllowanceCharge")]
    headings = [words[name] for name in ("text", "quantity", "price", "vat", "amount")]
    return Table("", headings, rows)


def _line(line: Element, words: Words) -> Row:
    quantity = first(line, "cbc:InvoicedQuantity | cbc:CreditedQuantity")
    unit = words.unit(quantity.get("unitCode", "")) if quantity is not None else ""
    counted = f"{words.number(text(quantity))}\u00a0{unit}".strip()
    price = words.price(text(line, "cac:Price/cbc:PriceAmount"))
    if (base := text(line, "cac:Price/cbc:BaseQuantity")) and words.number(base) != "1":
        price = f"{price} {words['per']} {words.number(base)}"
    category = first(line, "cac:Item/cac:ClassifiedTaxCategory")
    vat = words.category(text(category, "cbc:ID"), text(category, "cbc:Percent")) if category is not None else ""
    name = text(line, "cac:Item/cbc:Name")
    return Row([name, counted, price, vat, words.money(text(line, "cbc:LineExtensionAmount"))], _details(line, words))


def _details(line: Element, words: Words) -> list[str]:
    details = text(line, "cac:Item/cbc:Description").splitlines() + text(line, "cbc:Note").splitlines()
    for name, path in (
        ("item", "cac:Item/cac:SellersItemIdentification/cbc:ID"),
        ("object", "cac:DocumentReference/cbc:ID"),
        ("order_line", "cac:OrderLineReference/cbc:LineID"),
        ("accounting_cost", "cbc:AccountingCost"),
    ):
        if found := text(line, path):
            details.append(f"{words[name]}: {found}")
    for known in every(line, "cac:Item/cac:AdditionalItemProperty"):
        details.append(f"{text(known, 'cbc:Name')}: {text(known, 'cbc:Value')}")
    days = [text(line, f"cac:InvoicePeriod/cbc:{name}") for name in ("StartDate", "EndDate")]
    if any(days):
        details.append(f"{words['period']}: " + "\u2013".join(words.day(day) for day in days if day))
    details += [_said(each, words) for each in every(line, "cac:AllowanceCharge")]
    return [detail for detail in details if detail.strip()]


def _said(adjustment: Element, words: Words) -> str:
    """Write a line's allowance or charge in its details: it is in the line's amount already."""
    sign = "+" if text(adjustment, "cbc:ChargeIndicator") == "true" else "\u2212"
    return f"{_named(adjustment, words)}: {sign}{words.money(text(adjustment, 'cbc:Amount'))}"


def _adjustment(adjustment: Element, words: Words) -> Row:
    charge = text(adjustment, "cbc:ChargeIndicator") == "true"
    amount = words.money(text(adjustment, "cbc:Amount"))
    category = first(adjustment, "cac:TaxCategory")
    vat = words.category(text(category, "cbc:ID"), text(category, "cbc:Percent")) if category is not None else ""
    return Row([_named(adjustment, words), "", "", vat, amount if charge else f"\u2212{amount}"])


def _named(adjustment: Element, words: Words) -> str:
    charge = text(adjustment, "cbc:ChargeIndicator") == "true"
    name = text(adjustment, "cbc:AllowanceChargeReason") or words["charge" if charge else "allowance"]
    percent = text(adjustment, "cbc:MultiplierFactorNumeric")
    return f"{name} {words.number(percent)}\u00a0%" if percent else name
