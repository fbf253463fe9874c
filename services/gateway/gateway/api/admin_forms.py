"""What operators send to the register and get from it."""

import re
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from gateway.keys import INSTALL_SCOPES, Scope
from hub.parties import Address, KidAgreement, Period

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Number = Annotated[
    str,
    BeforeValidator(lambda given: re.sub(r"\s", "", given) if isinstance(given, str) else given),
    StringConstraints(pattern=r"^[0-9]{9}$"),
]
KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{12}$")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OfficeInput(_Input):
    """An accounting firm."""

    organisation_number: Number
    name: Name


class CompanyInput(_Input):
    """A company, as its invoices name it. Replaces what the register held."""

    organisation_number: Number
    name: Name
    address: Address = Address()
    vat_registered: bool = False
    vat_periods: tuple[Period, ...] = Field((), description="In the VAT register from, until and not including a day.")
    business_register: bool = False
    endpoint: Name | None = None
    legal_entity: Name | None = None
    vat_number: Name | None = None
    account: Name | None = None
    iban: Name | None = None
    kid_agreements: tuple[KidAgreement, ...] = Field((), max_length=3, description="Of `account`: length and modulus.")
    email: Name | None = None
    contact_name: Name | None = None
    phone: Name | None = None


class EngagementInput(_Input):
    """An office serves a company from a day on, under the office's own client number."""

    office: Number
    company: Number
    client_number: Name
    payer: Literal["office", "company"]
    valid_from: date
    valid_to: date | None = Field(None, description="The first day that it no longer covers.")


class EngagementEnd(_Input):
    """The first day that the engagement no longer covers."""

    valid_to: date


class ActivationInput(_Input):
    """When sending or receiving is active; without `active_from` at once."""

    active_from: AwareDatetime | None = None
    active_to: AwareDatetime | None = None


class InstallInput(_Input):
    """An ERP installation; one owner, and the companies it may act for."""

    name: Name
    office: Number | None = None
    company: Number | None = None
    companies: list[Number] = []
    scopes: list[Scope] = list(INSTALL_SCOPES)


class KeyInput(_Input):
    """A key of an install, or of an operator (no install, the scope admin)."""

    install: UUID | None = None
    label: Name
    scopes: list[Scope] = list(INSTALL_SCOPES)
    expires_at: AwareDatetime | None = None


class Rotation(_Input):
    """How long the old key works beside the new one."""

    overlap_hours: int = Field(24 * 7, strict=True, ge=0, le=24 * 90)


class ShownOffice(BaseModel):
    """An office."""

    organisation_number: str
    name: str


class ShownInstall(BaseModel):
    """An install and whom it may act for."""

    id: UUID
    name: str
    office: str | None
    company: str | None
    companies: list[str]


class ShownKey(BaseModel):
    """A key without its secret."""

    id: str
    install: UUID | None
    label: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class IssuedKey(BaseModel):
    """A new key. `key` is shown this once."""

    id: str
    key: str


class NewInstall(ShownInstall):
    """A new install with its first key."""

    key: IssuedKey
