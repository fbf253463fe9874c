"""Buyer, payee, delivery and payment of the JSON invoice. The seller is never in it: the register knows the seller."""

from pydantic import Field

from hub.invoice.types import (
    AccountNumber,
    Compact,
    Country,
    Date,
    Identifier,
    OrganisationNumber,
    Part,
    SchemeAndId,
    Text,
    VatNumber,
)


class PostalAddress(Part):
    """A postal address (BG-8, BG-15)."""

    street: Text | None = Field(None, description="BT-50, BT-75 Address line 1")
    additional_street: Text | None = Field(None, description="BT-51, BT-76 Address line 2")
    city: Text | None = Field(None, description="BT-52, BT-77 City")
    postal_code: Identifier | None = Field(None, description="BT-53, BT-78 Post code")
    country: Country | None = Field(None, description="BT-55, BT-80 Country code, ISO 3166-1 alpha-2")


class Contact(Part):
    """A person or a department at the buyer (BG-9)."""

    name: Text | None = Field(None, description="BT-56 Buyer contact point")
    phone: Identifier | None = Field(None, description="BT-57 Buyer contact telephone number")
    email: Identifier | None = Field(None, description="BT-58 Buyer contact email address")


class Buyer(Part):
    """Who is invoiced (BG-7). Name and address may be left out where the customer register knows them.

    A private person has a name and an address, and neither `organisation_number` nor `endpoint`; never a national
    identity number.
    """

    organisation_number: OrganisationNumber | None = Field(
        None, description="BT-47 Buyer legal registration identifier, Norwegian; also BT-49 unless `endpoint` is given"
    )
    endpoint: SchemeAndId | None = Field(None, description="BT-49 Buyer electronic address, `scheme:id`")
    legal_registration: SchemeAndId | None = Field(
        None, description="BT-47 Buyer legal registration identifier of a foreign buyer, `scheme:id`"
    )
    customer_number: Identifier | None = Field(None, description="BT-46 Buyer identifier: your own customer number")
    name: Text | None = Field(None, description="BT-44 Buyer name")
    address: PostalAddress | None = Field(None, description="BG-8 Buyer postal address")
    vat_number: VatNumber | None = Field(
        None, description="BT-48 Buyer VAT identifier, with country prefix (NO310000019MVA)"
    )
    contact: Contact | None = Field(None, description="BG-9 Buyer contact")


class Delivery(Part):
    """When and where it was delivered (BG-13); the sales document needs both where they differ from the invoice's."""

    date: Date | None = Field(None, description="BT-72 Actual delivery date")
    name: Text | None = Field(None, description="BT-70 Deliver to party name")
    location: SchemeAndId | None = Field(
        None, description="BT-71 Deliver to location identifier, `scheme:id` (0088 is GLN)"
    )
    address: PostalAddress | None = Field(None, description="BG-15 Deliver to address")


class Period(Part):
    """A period, both days inclusive (BG-14 of the invoice, BG-26 of a line)."""

    start: Date | None = Field(None, description="BT-73, BT-134 Period start date")
    end: Date | None = Field(None, description="BT-74, BT-135 Period end date")


class Payee(Part):
    """Who is paid where that is not the seller (BG-10), such as a factoring company."""

    name: Text = Field(description="BT-59 Payee name")
    organisation_number: OrganisationNumber | None = Field(
        None, description="BT-61 Payee legal registration identifier, Norwegian"
    )
    id: Identifier | None = Field(None, description="BT-60 Payee identifier")


class Payment(Part):
    """How it is to be paid (BG-16). Without an account, the one in the company's register entry is used."""

    account: AccountNumber | None = Field(None, description="BT-84 Payment account identifier: Norwegian, 11 digits")
    iban: Compact | None = Field(None, description="BT-84 Payment account identifier: IBAN")
    bic: Compact | None = Field(None, description="BT-86 Payment service provider identifier")
    kid: Compact | None = Field(None, description="BT-83 Remittance information: KID with its check digit")
    kid_from: Compact | None = Field(
        None, description="BT-83 Digits of which a KID is made, by the first KID agreement in the register that fits"
    )
    reference: Identifier | None = Field(None, description="BT-83 Remittance information that is no KID")
    means: Identifier | None = Field(None, description="BT-81 Payment means type code (UNCL4461); 30 or 58 by itself")
    mandate: Identifier | None = Field(
        None, description="BT-89 Mandate reference identifier, for a direct debit (means 49 or 59)"
    )
    factoring_note: Text | None = Field(
        None, description="BT-22 Notice that the claim is assigned, and whom to pay; stands first in the invoice's note"
    )
