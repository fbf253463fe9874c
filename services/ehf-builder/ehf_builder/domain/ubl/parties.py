"""Seller (BG-4), buyer (BG-7), payee (BG-10) and delivery (BG-13) with the Norwegian defaults."""

from ehf_builder.domain.recipient import NORWEGIAN, Recipient
from hub.invoice.parties import Contact, Delivery, Payee, PostalAddress
from hub.parties import Address, RegisterEntry
from hub.ubl import Element, group, identifier, value


def seller(root: Element, entry: RegisterEntry) -> None:
    """Write AccountingSupplierParty from the company's register entry.

    `NO…MVA` only when in the VAT register (BR-O-02 forbids it beside category O); `Foretaksregisteret` when in the
    register of business enterprises (NO-R-002).
    """
    party = group(group(root, "AccountingSupplierParty"), "Party")
    identifier(party, "EndpointID", entry.electronic_address)
    value(group(party, "PartyName"), "Name", entry.name)
    _address(group(party, "PostalAddress"), entry.address)
    if entry.vat_registered:
        _tax_scheme(party, entry.vat_number or f"NO{entry.organisation_number}MVA", "VAT")
    if entry.business_register:
        _tax_scheme(party, "Foretaksregisteret", "TAX")
    legal = group(party, "PartyLegalEntity")
    value(legal, "RegistrationName", entry.name)
    identifier(legal, "CompanyID", _with_scheme(entry.legal_entity or entry.organisation_number))
    if entry.contact_name or entry.phone or entry.email:
        contact = group(party, "Contact")
        value(contact, "Name", entry.contact_name)
        value(contact, "Telephone", entry.phone)
        value(contact, "ElectronicMail", entry.email)


def buyer(root: Element, recipient: Recipient) -> None:
    """Write AccountingCustomerParty; what is not known is left out, and the checks or rules name it."""
    party = group(group(root, "AccountingCustomerParty"), "Party")
    identifier(party, "EndpointID", recipient.endpoint)
    if recipient.customer_number:
        value(group(party, "PartyIdentification"), "ID", recipient.customer_number)
    if recipient.name:
        value(group(party, "PartyName"), "Name", recipient.name)
    if recipient.address:
        _address(group(party, "PostalAddress"), recipient.address)
    if recipient.vat_number:
        _tax_scheme(party, recipient.vat_number, "VAT")
    if recipient.name or recipient.legal:
        legal = group(party, "PartyLegalEntity")
        value(legal, "RegistrationName", recipient.name)
        identifier(legal, "CompanyID", recipient.legal)
    if recipient.contact and (recipient.contact.name or recipient.contact.phone or recipient.contact.email):
        _contact(group(party, "Contact"), recipient.contact)


def payee(root: Element, given: Payee | None) -> None:
    """Write PayeeParty, where somebody else than the seller is paid."""
    if given is None:
        return
    party = group(root, "PayeeParty")
    if given.id:
        value(group(party, "PartyIdentification"), "ID", given.id)
    value(group(party, "PartyName"), "Name", given.name)
    if given.organisation_number:
        identifier(group(party, "PartyLegalEntity"), "CompanyID", _with_scheme(given.organisation_number))


def delivery(root: Element, given: Delivery | None) -> None:
    """Write when and where it was delivered."""
    if given is None or not (given.date or given.name or given.address or given.location):
        return
    element = group(root, "Delivery")
    value(element, "ActualDeliveryDate", given.date)
    if given.location or given.address:
        location = group(element, "DeliveryLocation")
        identifier(location, "ID", given.location)
        if given.address:
            _address(group(location, "Address"), _delivered_to(given.address))
    if given.name:
        value(group(group(element, "DeliveryParty"), "PartyName"), "Name", given.name)


def _delivered_to(given: PostalAddress) -> Address:
    return Address(
        street=given.street,
        additional_street=given.additional_street,
        city=given.city,
        postal_code=given.postal_code,
        country=given.country or "NO",
    )


def _with_scheme(number: str) -> str:
    return number if ":" in number else f"{NORWEGIAN}:{number}"


def _address(element: Element, address: Address) -> None:
    value(element, "StreetName", address.street)
    value(element, "AdditionalStreetName", address.additional_street)
    value(element, "CityName", address.city)
    value(element, "PostalZone", address.postal_code)
    value(group(element, "Country"), "IdentificationCode", address.country)


def _tax_scheme(party: Element, company_id: str, scheme: str) -> None:
    element = group(party, "PartyTaxScheme")
    value(element, "CompanyID", company_id)
    value(group(element, "TaxScheme"), "ID", scheme)


def _contact(element: Element, contact: Contact) -> None:
    value(element, "Name", contact.name)
    value(element, "Telephone", contact.phone)
    value(element, "ElectronicMail", contact.email)
