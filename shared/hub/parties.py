"""Who takes part: what the register knows of companies, customers and engagements, as events carry it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Channel(StrEnum):
    """A way to a recipient."""

    PEPPOL = "peppol"
    FTP = "ftp"
    INBOX = "inbox"


class Direction(StrEnum):
    """Seen from the company that pays: outbound it sent, inbound it received from outside the hub."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Fact(BaseModel):
    """A frozen value; fields unknown to this version are ignored, so that a newer sender can add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Address(Fact):
    """A postal address (BG-5, BG-8). `country` is ISO 3166-1 alpha-2."""

    street: str | None = None
    additional_street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str = "NO"


class Period(Fact):
    """From a day, until and not including another."""

    valid_from: date
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether the day falls in the period."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class KidAgreement(Fact):
    """One structure of a company's KID agreement with its bank: `length` in characters, check digit included."""

    length: Annotated[int, Field(ge=4, le=25)]
    modulus: Literal[10, 11] = 10


class RegisterEntry(Fact):
    """A company as the register has it: the seller of its invoices, the recipient of others'.

    Endpoint (BT-34, `scheme:id`), legal entity (BT-30) and VAT number (BT-31) are three fields: a sub-unit can be
    the endpoint of a legal entity, and joint VAT registration has another VAT number. `vat_periods` dates the
    registration in Merverdiavgiftsregisteret; where there are none, `vat_registered` holds for every day.
    `kid_agreements` are those of `account`: up to three structures.
    """

    organisation_number: str
    name: str
    address: Address = Address()
    vat_registered: bool = False
    vat_periods: tuple[Period, ...] = ()
    business_register: bool = False
    endpoint: str | None = None
    legal_entity: str | None = None
    vat_number: str | None = None
    account: str | None = None
    iban: str | None = None
    kid_agreements: Annotated[tuple[KidAgreement, ...], Field(max_length=3)] = ()
    email: str | None = None
    contact_name: str | None = None
    phone: str | None = None

    @property
    def electronic_address(self) -> str:
        """The endpoint as `scheme:id`; a Norwegian organisation number unless something else was registered."""
        return self.endpoint or f"0192:{self.organisation_number}"

    def on(self, day: date) -> Self:
        """Return the entry as it holds on a day: `vat_registered` says whether it is in the VAT register then."""
        if not self.vat_periods:
            return self
        registered = any(period.covers(day) for period in self.vat_periods)
        return self.model_copy(update={"vat_registered": registered, "vat_periods": ()})


class CustomerEntry(Fact):
    """What a company's own customer register says of one customer; `endpoint` is `scheme:id`."""

    customer_number: str
    endpoint: str
    name: str | None = None
    address: Address | None = None
    email: str | None = None
    channel: Channel | None = None
    ftp_target: UUID | None = None


class Initiator(Fact):
    """Who sent: the client by itself, or an accounting office for it."""

    kind: Literal["client", "office"]
    organisation_number: str


class Engagement(Period):
    """An office serves a company, under the office's own client number; `payer` says whose statement it is."""

    id: UUID
    office: str
    office_name: str
    company: str
    client_number: str
    payer: Literal["office", "company"]


class Activation(Fact):
    """A company's activation of sending or receiving. `inbox_fetched_at`: when its install last asked (daily)."""

    company: str
    service: Literal["sending", "receiving"]
    active_from: datetime
    active_to: datetime | None = None
    inbox_fetched_at: datetime | None = None
