"""Our own checks of lines and VAT: amounts that add up, rates of the day, the seller's place in the register."""

from collections.abc import Iterator, Sequence
from datetime import date

from ehf_builder.domain.draft import adjustment_tax, line_amounts
from hub.invoice.findings import Finding, own
from hub.invoice.lines import Line
from hub.invoice.model import Invoice
from hub.invoice.vat import TaxCategory, Vat, VatCategory, rates_in_force, tax_category
from hub.parties import RegisterEntry


def lines(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    """Check every line, allowance and charge; text-only lines have nothing to check."""
    days = _tax_days(invoice)
    taxes: list[TaxCategory] = []
    for index, line in enumerate(invoice.lines):
        if line.text_only:
            continue
        field = f"lines[{index}]"
        yield from _amounts(field, line)
        yield from _vat(f"{field}.vat", line.vat, seller, days)
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
    yield from _adjustments(invoice, seller, taxes, days)
    yield from _reverse_charge(invoice, taxes)


def _tax_days(invoice: Invoice) -> list[date]:
    """List the days whose rate may apply: of invoicing, delivery, period, and of what is credited."""
    days = [invoice.issue_date, *(credited.issue_date for credited in invoice.credits)]
    if invoice.delivery:
        days.append(invoice.delivery.date)
    for period in (invoice.period, *(line.period for line in invoice.lines)):
        if period:
            days += [period.start, period.end]
    return [day for day in days if day]


def _amounts(field: str, line: Line) -> Iterator[Finding]:
    if line_amounts(line) is None:
        yield own(
            "HUB-LINE",
            f"{field}.unit_price" if line.quantity else f"{field}.amount",
            "Linjen mangler pris eller beløp.",
            "The line has neither a price nor an amount.",
            term="BT-146",
        )


def _adjustments(
    invoice: Invoice, seller: RegisterEntry, taxes: Sequence[TaxCategory], days: Sequence[date]
) -> Iterator[Finding]:
    for name, items in (("allowances", invoice.allowances), ("charges", invoice.charges)):
        for index, item in enumerate(items):
            field = f"{name}[{index}].vat"
            if item.vat:
                yield from _vat(field, item.vat, seller, days)
            elif taxes and adjustment_tax(item, taxes, registered=seller.vat_registered) is None:
                yield own(
                    "HUB-VAT",
                    field,
                    "Linjene har ulik merverdiavgift; oppgi hvilken som gjelder her.",
                    "The lines differ in VAT; say which applies here.",
                    term="BT-95" if name == "allowances" else "BT-102",
                )


def _vat(field: str, vat: Vat | None, seller: RegisterEntry, days: Sequence[date]) -> Iterator[Finding]:
    tax = tax_category(vat, registered=seller.vat_registered)
    if vat and vat.code and vat.category:
        yield _finding(
            field,
            "Oppgi enten kategori eller SAF-T-kode, ikke begge.",
            "Give either a category or a SAF-T code, not both.",
        )
    elif tax is None:
        yield _unsaid(field, vat)
    else:
        yield from _lawful(field, tax, seller, days)


def _unsaid(field: str, vat: Vat | None) -> Finding:
    if vat and vat.category is VatCategory.STANDARD:
        return _finding(f"{field}.rate", "Merverdiavgiftssatsen mangler.", "The VAT rate is missing.", term="BT-152")
    return _finding(
        f"{field}.category" if vat else field,
        "Merverdiavgift mangler: oppgi kategori og sats, eller en SAF-T-kode.",
        "VAT is missing: give category and rate, or a SAF-T code.",
    )


def _lawful(field: str, tax: TaxCategory, seller: RegisterEntry, days: Sequence[date]) -> Iterator[Finding]:
    category = tax.category
    if category is VatCategory.INTRA_COMMUNITY:
        yield _finding(
            f"{field}.category",
            "Kategori K gjelder handel innen EU. Bruk G for utførsel.",
            "Category K is for trade within the EU. Use G for exports.",
        )
    elif seller.vat_registered and category is VatCategory.OUTSIDE:
        yield _finding(
            f"{field}.category",
            "Kategori O er for selgere utenfor Merverdiavgiftsregisteret. Bruk E (unntatt) eller Z (fritatt).",
            "Category O is for sellers outside the VAT register. Use E (exempt) or Z (zero rated).",
        )
    elif not seller.vat_registered and category is not VatCategory.OUTSIDE:
        yield _finding(
            f"{field}.category",
            "Selskapet er ikke registrert i Merverdiavgiftsregisteret og kan bare bruke kategori O.",
            "The company is not in the VAT register and can use category O only.",
        )
    elif category is VatCategory.STANDARD and tax.rate not in (allowed := rates_in_force(days)):
        rates = ", ".join(str(rate) for rate in allowed)
        yield _finding(
            f"{field}.rate",
            f"{tax.rate} % er ikke en gyldig sats for kategori S på denne datoen. Gyldige satser er {rates}.",
            f"{tax.rate} % is not a rate for category S on that day. The rates are {rates}.",
            term="BT-152",
        )
    elif category is not VatCategory.STANDARD and tax.rate:
        yield _finding(
            f"{field}.rate",
            f"Kategori {category.value} har sats 0.",
            f"Category {category.value} has rate 0.",
            term="BT-152",
        )


def _reverse_charge(invoice: Invoice, taxes: Sequence[TaxCategory]) -> Iterator[Finding]:
    """Under reverse charge the buyer's number with MVA belongs on the sales document."""
    if any(tax.category is VatCategory.REVERSE_CHARGE for tax in taxes) and not invoice.buyer.vat_number:
        yield own(
            "HUB-VAT",
            "buyer.vat_number",
            "Omvendt avgiftsplikt krever kjøperens organisasjonsnummer med MVA.",
            "Reverse charge needs the buyer's VAT number.",
            term="BT-48",
        )


def _finding(field: str, nb: str, en: str, *, term: str = "BT-151") -> Finding:
    return own("HUB-VAT", field, nb, en, term=term)
