"""VAT: the rate of the day, the seller's place in the register, and reasons where the rules want them."""

from collections.abc import Iterator, Sequence
from datetime import date

from hub.invoice.findings import Finding, own
from hub.invoice.vat import REASON_CODES, TaxCategory, Vat, VatCategory, rates_in_force, tax_category
from hub.parties import RegisterEntry

_WITHOUT_REASON = (VatCategory.STANDARD, VatCategory.ZERO)


def found(field: str, vat: Vat | None, seller: RegisterEntry, days: Sequence[date]) -> Iterator[Finding]:
    """Check the VAT at `field`; `days` are those whose rate may apply."""
    tax = tax_category(vat, registered=seller.vat_registered)
    if vat and vat.code and vat.category:
        yield _finding(
            field,
            "Oppgi enten kategori eller SAF-T-kode, ikke begge.",
            "Give either a category or a SAF-T code, not both.",
        )
    elif vat and vat.code and vat.rate is not None and tax and vat.rate != (tax.rate or 0):
        yield _finding(
            f"{field}.rate",
            f"SAF-T-kode {vat.code} har sats {tax.rate or 0}, ikke {vat.rate}. Oppgi bare koden.",
            f"The SAF-T code {vat.code} has rate {tax.rate or 0}, not {vat.rate}. Give the code only.",
            term="BT-152",
        )
    elif tax is None:
        yield _unsaid(field, vat)
    else:
        yield from _lawful(field, tax, seller, days)
        yield from _reasons(field, tax)


def _unsaid(field: str, vat: Vat | None) -> Finding:
    if vat and vat.category is VatCategory.STANDARD:
        return _finding(f"{field}.rate", "Merverdiavgiftssatsen mangler.", "The VAT rate is missing.", term="BT-152")
    return _finding(
        f"{field}.category" if vat else field,
        "Merverdiavgift mangler: oppgi kategori og sats, eller en SAF-T-kode.",
        "VAT is missing: give category and rate, or a SAF-T code.",
    )


def _lawful(field: str, tax: TaxCategory, seller: RegisterEntry, days: Sequence[date]) -> Iterator[Finding]:
    if said := _of_the_seller(tax.category, seller):
        yield _finding(f"{field}.category", *said)
    elif tax.category is VatCategory.STANDARD and tax.rate not in (allowed := rates_in_force(days)):
        rates = ", ".join(str(rate) for rate in allowed)
        yield _finding(
            f"{field}.rate",
            f"{tax.rate} % er ikke en gyldig sats for kategori S på denne datoen. Gyldige satser er {rates}.",
            f"{tax.rate} % is not a rate for category S on that day. The rates are {rates}.",
            term="BT-152",
        )
    elif tax.category is not VatCategory.STANDARD and tax.rate:
        yield _finding(
            f"{field}.rate",
            f"Kategori {tax.category.value} har sats 0.",
            f"Category {tax.category.value} has rate 0.",
            term="BT-152",
        )


def _of_the_seller(category: VatCategory, seller: RegisterEntry) -> tuple[str, str] | None:
    """Say why this seller may not use the category; None where it may."""
    if category is VatCategory.INTRA_COMMUNITY:
        return (
            "Kategori K gjelder handel innen EU. Bruk G for utførsel.",
            "Category K is for trade within the EU. Use G for exports.",
        )
    if seller.vat_registered and category is VatCategory.OUTSIDE:
        return (
            "Kategori O er for selgere utenfor Merverdiavgiftsregisteret. Bruk E (unntatt) eller Z (fritatt).",
            "Category O is for sellers outside the VAT register. Use E (exempt) or Z (zero rated).",
        )
    if not seller.vat_registered and category is not VatCategory.OUTSIDE:
        return (
            "Selskapet var ikke registrert i Merverdiavgiftsregisteret på fakturadatoen og kan bare bruke kategori O.",
            "The company was not in the VAT register on the issue date and can use category O only.",
        )
    return None


def _reasons(field: str, tax: TaxCategory) -> Iterator[Finding]:
    """S and Z have no exemption reason (BR-S-10, BR-Z-10); some codes go with one category only (P0104 to P0111)."""
    category = tax.category
    if category in _WITHOUT_REASON:
        for part, given in (("reason", tax.reason), ("reason_code", tax.reason_code)):
            if given:
                yield _finding(
                    f"{field}.{part}",
                    f"Kategori {category.value} har ingen fritaksgrunn. Fjern feltet, eller rett kategorien.",
                    f"Category {category.value} has no exemption reason. Remove the field, or correct the category.",
                    term="BT-120",
                )
    elif tax.reason_code and REASON_CODES.get(tax.reason_code.upper(), category) is not category:
        belongs = REASON_CODES[tax.reason_code.upper()].value
        yield _finding(
            f"{field}.reason_code",
            f"Koden {tax.reason_code} hører til kategori {belongs}, ikke {category.value}.",
            f"The code {tax.reason_code} belongs to category {belongs}, not {category.value}.",
            term="BT-121",
        )


def _finding(field: str, nb: str, en: str, *, term: str = "BT-151") -> Finding:
    return own("HUB-VAT", field, nb, en, term=term)
