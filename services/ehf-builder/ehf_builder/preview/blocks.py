"""Parties and places as blocks of a page."""

from ehf_builder.preview.parts import Block
from ehf_builder.preview.ubl import every, first, text, texts
from ehf_builder.preview.words import Words, spaced
from hub.ubl import Element

NORWEGIAN = "0192"
_HOME = "NO"


def party(title: str, element: Element | None, words: Words) -> Block:
    """Show a party with its address and numbers; `MVA` and `Foretaksregisteret` as the regulation wants them."""
    if element is None:
        return Block(title, "")
    name = text(element, "cac:PartyLegalEntity/cbc:RegistrationName") or text(element, "cac:PartyName/cbc:Name")
    trade = text(element, "cac:PartyName/cbc:Name")
    lines = [trade] if trade and trade != name else []
    lines += address(first(element, "cac:PostalAddress"))
    lines += _numbers(element, words)
    contact = texts(element, "cac:Contact/cbc:Name | cac:Contact/cbc:Telephone | cac:Contact/cbc:ElectronicMail")
    if contact:
        lines.append(", ".join(contact))
    return Block(title, name, lines)


def address(element: Element | None) -> list[str]:
    """Write a postal address in lines; the country only where it is not Norway."""
    if element is None:
        return []
    street = [text(element, f"cbc:{name}") for name in ("StreetName", "AdditionalStreetName")]
    street.append(text(element, "cac:AddressLine/cbc:Line"))
    city = " ".join(part for part in (text(element, "cbc:PostalZone"), text(element, "cbc:CityName")) if part)
    country = text(element, "cac:Country/cbc:IdentificationCode")
    region = text(element, "cbc:CountrySubentity")
    return [part for part in (*street, city, region, "" if country == _HOME else country) if part]


def _numbers(element: Element, words: Words) -> list[str]:
    """Write organisation number and MVA in one where they are the same, as on Norwegian invoices."""
    legal = first(element, "cac:PartyLegalEntity/cbc:CompanyID")
    number = text(legal)
    vat = ""
    registers = []
    for scheme in every(element, "cac:PartyTaxScheme"):
        company = text(scheme, "cbc:CompanyID")
        if text(scheme, "cac:TaxScheme/cbc:ID") == "VAT":
            vat = company
        elif company:
            registers.append(company)
    lines = []
    joint = vat == f"NO{number}MVA"
    if number:
        lines.append(f"{words['organisation_number']} {spaced(number)}{' MVA' if joint else ''}")
    if vat and not joint:
        lines.append(f"{words['vat_number']} {vat}")
    return lines + registers
