"""Seller, buyer, payee and place of delivery: they are named, and their numbers are real."""

from collections.abc import Iterator

from ehf_builder.domain.recipient import NORWEGIAN, recipient
from hub import norway
from hub.invoice.findings import Finding, own
from hub.invoice.model import Invoice
from hub.parties import CustomerEntry, RegisterEntry
from hub.schemes import is_identifier


def found(invoice: Invoice, seller: RegisterEntry, customer: CustomerEntry | None) -> Iterator[Finding]:
    """Check everybody that the invoice names."""
    numbers = [
        ("register.organisation_number", seller.organisation_number, "BT-30"),
        ("buyer.organisation_number", invoice.buyer.organisation_number, "BT-47"),
    ]
    if invoice.payee:
        numbers.append(("payee.organisation_number", invoice.payee.organisation_number, "BT-61"))
    for field, number, term in numbers:
        if number and not norway.is_organisation_number(number):
            yield _not_a_number(field, number, term)
    yield from _schemes(invoice)
    yield from _vat_number(invoice)
    yield from _named(invoice, customer)
    yield from _payee(invoice, seller)


def _schemes(invoice: Invoice) -> Iterator[Finding]:
    location = invoice.delivery.location if invoice.delivery else None
    for field, given, term in (
        ("buyer.endpoint", invoice.buyer.endpoint, "BT-49"),
        ("buyer.legal_registration", invoice.buyer.legal_registration, "BT-47"),
        ("delivery.location", location, "BT-71"),
    ):
        scheme, _, bare = (given or "").partition(":")
        if scheme == NORWEGIAN and not norway.is_organisation_number(bare):
            yield _not_a_number(field, bare, term)
        elif given and not is_identifier(given):
            yield own(
                "HUB-IDENTIFIER",
                field,
                f"{bare} er ikke et gyldig nummer i ordningen {scheme}. Se etter tastefeil.",
                f"{bare} is not a valid number of the scheme {scheme}. Look for a typing error.",
                term=term,
            )


def _vat_number(invoice: Invoice) -> Iterator[Finding]:
    given = invoice.buyer.vat_number
    if not given:
        return
    norwegian = given.startswith("NO")
    bare = norway.bare_organisation_number(given)
    if norwegian and not (given.endswith("MVA") and norway.is_organisation_number(bare)):
        yield own(
            "HUB-ORGANISATION-NUMBER",
            "buyer.vat_number",
            f"{given} er ikke et norsk MVA-nummer: NO, ni siffer med kontrollsiffer og MVA.",
            f"{given} is not a Norwegian VAT number: NO, nine digits with a check digit, and MVA.",
            term="BT-48",
        )
    elif not given[:2].isalpha() or not given.isascii():
        yield own(
            "HUB-IDENTIFIER",
            "buyer.vat_number",
            "MVA-nummeret må begynne med en landkode, for eksempel NO310000019MVA eller SE556000475501.",
            "The VAT number must begin with a country code, for instance NO310000019MVA or SE556000475501.",
            term="BT-48",
        )


def _named(invoice: Invoice, customer: CustomerEntry | None) -> Iterator[Finding]:
    buyer = recipient(invoice, customer)
    if not buyer.name:
        yield own(
            "HUB-BUYER",
            "buyer.name",
            "Kjøperens navn mangler: det står verken i fakturaen eller i kunderegisteret.",
            "The buyer's name is missing: neither the invoice nor the customer register has it.",
            term="BT-44",
        )
    if not buyer.address:
        yield own(
            "HUB-BUYER",
            "buyer.address.country" if invoice.buyer.address else "buyer.address",
            "Kjøperens adresse (minst landkode) mangler: den står verken i fakturaen eller i kunderegisteret.",
            "The buyer's address (at least its country) is missing in the invoice and in the customer register.",
            term="BG-8",
        )
    elif buyer.private and not (buyer.address.street or buyer.address.city or buyer.address.postal_code):
        yield own(
            "HUB-BUYER",
            "buyer.address",
            "En privatperson må ha navn og adresse: oppgi gate, postnummer eller sted.",
            "A private person needs a name and an address: give street, postal code or city.",
            term="BG-8",
        )


def _payee(invoice: Invoice, seller: RegisterEntry) -> Iterator[Finding]:
    payee = invoice.payee
    if payee and (
        payee.name.casefold() == seller.name.casefold() or payee.organisation_number == seller.organisation_number
    ):
        yield own(
            "HUB-PAYEE",
            "payee",
            "Betalingsmottaker oppgis bare når det er en annen enn selgeren. Fjern feltet.",
            "A payee is given only where it is not the seller. Remove the field.",
            term="BG-10",
        )


def _not_a_number(field: str, number: str, term: str) -> Finding:
    return own(
        "HUB-ORGANISATION-NUMBER",
        field,
        f"{number} er ikke et gyldig organisasjonsnummer (ni siffer med kontrollsiffer).",
        f"{number} is not a valid organisation number (nine digits with a check digit).",
        term=term,
    )
