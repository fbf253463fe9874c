"""Lines, allowances and charges: amounts that add up, and VAT that is lawful."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain

from ehf_builder.domain.adjustments import amount_of, tax_of
from ehf_builder.domain.checks import vat
from ehf_builder.domain.lines import gross, line_amounts
from hub.invoice.findings import Finding, own
from hub.invoice.lines import Adjustment, Line, LineAdjustment
from hub.invoice.model import Invoice
from hub.invoice.vat import NIL, TaxCategory, VatCategory, tax_category
from hub.parties import RegisterEntry


def found(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    """Check every line, allowance and charge; text-only lines have nothing to check."""
    days = _days(invoice)
    taxes: list[TaxCategory] = []
    for index, line in enumerate(invoice.lines):
        if line.text_only:
            continue
        field = f"lines[{index}]"
        yield from _line(field, line)
        own_days = [day for day in (line.period.start, line.period.end) if day] if line.period else []
        yield from vat.found(f"{field}.vat", line.vat, seller, [*days, *own_days])
        if tax := tax_category(line.vat, registered=seller.vat_registered):
            taxes.append(tax)
    if all(line.text_only for line in invoice.lines):
        yield own(
            "HUB-LINE",
            "lines",
            "Fakturaen har ingen linje med beløp.",
            "The invoice has no line with an amount.",
            term="BG-25",
        )
    yield from _document(invoice, seller, taxes, days)
    yield from _reverse_charge(invoice, taxes)


def _days(invoice: Invoice) -> list[date]:
    """List the days whose rate may apply: of invoicing, delivery, period, and of what is credited."""
    days = [invoice.issue_date, *(preceding.issue_date for preceding in invoice.preceding)]
    if invoice.tax_point_date:
        days.append(invoice.tax_point_date)
    if invoice.delivery:
        days.append(invoice.delivery.date)
    if invoice.period:
        days += [invoice.period.start, invoice.period.end]
    return [day for day in days if day]


def _line(field: str, line: Line) -> Iterator[Finding]:
    if line_amounts(line) is None:
        yield own(
            "HUB-LINE",
            f"{field}.unit_price" if line.quantity else f"{field}.amount",
            "Linjen mangler pris eller beløp.",
            "The line has neither a price nor an amount.",
            term="BT-146",
        )
    yield from _discount(field, line)
    for name, items in (("allowances", line.allowances), ("charges", line.charges)):
        for index, item in enumerate(items):
            yield from _adjustment(f"{field}.{name}[{index}]", item, priced=gross(line) is not None)


def _discount(field: str, line: Line) -> Iterator[Finding]:
    """Check that a price is the gross price less its discount (R046), and not below zero."""
    gross_price, discount = line.gross_price, line.price_discount or NIL
    if gross_price is None:
        if line.price_discount is not None:
            yield own(
                "HUB-LINE",
                f"{field}.gross_price",
                "En rabatt på prisen hører sammen med prisen før rabatt. Oppgi gross_price.",
                "A discount of the price goes with the price before it. Give gross_price.",
                term="BT-148",
            )
    elif discount > gross_price:
        yield own(
            "HUB-LINE",
            f"{field}.price_discount",
            f"Rabatten {discount} er større enn prisen {gross_price}.",
            f"The discount {discount} is greater than the price {gross_price}.",
            term="BT-147",
        )
    elif line.unit_price not in (None, gross_price - discount):
        yield own(
            "HUB-LINE",
            f"{field}.unit_price",
            f"Oppgitt {line.unit_price}, men {gross_price} minus rabatten {discount} er {gross_price - discount}.",
            f"Given as {line.unit_price}, but {gross_price} less the discount {discount} is {gross_price - discount}.",
            term="BT-146",
        )


def _document(
    invoice: Invoice, seller: RegisterEntry, taxes: Sequence[TaxCategory], days: Sequence[date]
) -> Iterator[Finding]:
    for name, items in (("allowances", invoice.allowances), ("charges", invoice.charges)):
        for index, item in enumerate(items):
            field = f"{name}[{index}]"
            yield from _adjustment(field, item, priced=True)
            if item.vat:
                yield from vat.found(f"{field}.vat", item.vat, seller, days)
            elif taxes and tax_of(item, taxes, registered=seller.vat_registered) is None:
                yield own(
                    "HUB-VAT",
                    f"{field}.vat",
                    "Linjene har ulik merverdiavgift; oppgi hvilken som gjelder her.",
                    "The lines differ in VAT; say which applies here.",
                    term="BT-95" if name == "allowances" else "BT-102",
                )


def _adjustment(field: str, item: LineAdjustment, *, priced: bool) -> Iterator[Finding]:
    if item.amount is None and item.percent is None:
        yield _adjusted(field, "amount", "Oppgi beløp eller prosent.", "Give an amount or a percentage.")
    elif item.percent is None and item.base_amount is not None:  # R042
        yield _adjusted(
            field,
            "percent",
            "Et grunnlag (base_amount) hører sammen med en prosent. Oppgi prosenten, eller fjern grunnlaget.",
            "A base_amount goes with a percentage. Give the percentage, or remove the base.",
        )
    elif item.percent is not None and item.base_amount is None and not priced:  # R041
        yield _adjusted(
            field,
            "base_amount",
            "Linjen har ingen pris å regne prosenten av. Oppgi grunnlaget (base_amount).",
            "The line has no price that the percentage could be taken of. Give base_amount.",
        )
    elif item.percent is not None and item.amount is not None:
        yield from _both(field, item)


def _both(field: str, item: LineAdjustment) -> Iterator[Finding]:
    if item.base_amount is None:
        yield _adjusted(
            field,
            "base_amount",
            "Oppgi også grunnlaget (base_amount) når både beløp og prosent er oppgitt, eller bare én av dem.",
            "Give base_amount too where both amount and percent are given, or only one of them.",
        )
        return
    computed = amount_of(item.model_copy(update={"amount": None}), None)
    if computed != item.amount:
        yield own(
            "HUB-TOTAL",
            f"{field}.amount",
            f"Oppgitt {item.amount}, men beregnet {computed}.",
            f"Given as {item.amount}, but computed as {computed}.",
        )


def _adjusted(field: str, part: str, nb: str, en: str) -> Finding:
    return own("HUB-ADJUSTMENT", f"{field}.{part}", nb, en)


def _reverse_charge(invoice: Invoice, taxes: Sequence[TaxCategory]) -> Iterator[Finding]:
    """Under reverse charge the buyer's number with MVA belongs on the sales document."""
    adjusted: chain[Adjustment] = chain(invoice.allowances, invoice.charges)
    given = [tax_category(item.vat, registered=True) for item in adjusted if item.vat]
    reversed_ = any(tax and tax.category is VatCategory.REVERSE_CHARGE for tax in (*taxes, *given))
    if reversed_ and not invoice.buyer.vat_number:
        yield own(
            "HUB-VAT",
            "buyer.vat_number",
            "Omvendt avgiftsplikt krever kjøperens organisasjonsnummer med MVA.",
            "Reverse charge needs the buyer's VAT number.",
            term="BT-48",
        )
