"""The buyer as far as invoice and customer register know it."""

from dataclasses import dataclass

from hub.invoice.model import Invoice
from hub.invoice.parties import Contact
from hub.parties import Address, CustomerEntry

NORWEGIAN = "0192"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The buyer (BG-7); identifiers are `scheme:id`. A private person has neither `endpoint` nor `legal`."""

    endpoint: str | None
    legal: str | None
    name: str | None
    address: Address | None
    vat_number: str | None
    customer_number: str | None
    contact: Contact | None

    @property
    def abroad(self) -> bool:
        """Whether the buyer's address is outside Norway."""
        return self.address is not None and self.address.country != "NO"

    @property
    def private(self) -> bool:
        """Whether it is a person: nothing identifies an organisation."""
        return not (self.endpoint or self.legal or self.vat_number)


def recipient(invoice: Invoice, customer: CustomerEntry | None) -> Recipient:
    """Gather what is known of the buyer: the invoice first, then the customer register."""
    buyer = invoice.buyer
    norwegian = f"{NORWEGIAN}:{buyer.organisation_number}" if buyer.organisation_number else None
    endpoint = buyer.endpoint or norwegian or (customer.endpoint if customer else None)
    legal = buyer.legal_registration or norwegian
    if legal is None and endpoint and endpoint.startswith(f"{NORWEGIAN}:"):
        legal = endpoint
    return Recipient(
        endpoint=endpoint,
        legal=legal,
        name=buyer.name or (customer.name if customer else None),
        address=_address(invoice, customer, at_home=bool(legal and legal.startswith(f"{NORWEGIAN}:"))),
        vat_number=buyer.vat_number,
        customer_number=buyer.customer_number or (customer.customer_number if customer else None),
        contact=buyer.contact,
    )


def _address(invoice: Invoice, customer: CustomerEntry | None, *, at_home: bool) -> Address | None:
    """Find the buyer's address; an organisation number replaces all of it but the country (regulation 5-1-1)."""
    given = invoice.buyer.address
    if given is None:
        if customer and customer.address:
            return customer.address
        return Address() if at_home else None
    country = given.country or ("NO" if at_home else None)
    if country is None:
        return None
    return Address(
        street=given.street,
        additional_street=given.additional_street,
        city=given.city,
        postal_code=given.postal_code,
        country=country,
    )
