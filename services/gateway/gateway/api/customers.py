"""The company's own customer register: how each customer is reached."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from gateway import problems
from gateway.api.parts import Sender, Wired
from gateway.domain.identifiers import address_of, electronic_address, organisation_number
from gateway.register.customers import find_customer, put_customer, target_id
from hub.errors import Refused
from hub.parties import Channel, CustomerEntry

router = APIRouter(prefix="/v1/customers", tags=["customers"])

_Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
Number = Annotated[
    str, Path(pattern=r"^[^\x00-\x1f/]{1,100}$", description="The customer number in your own customer register.")
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PostalAddress(_Input):
    """A postal address. `country` is ISO 3166-1 alpha-2."""

    street: _Text | None = None
    additional_street: _Text | None = None
    city: _Text | None = None
    postal_code: _Text | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "NO"


class FtpTarget(_Input):
    """An SFTP server of the customer's. The secret is handed on to be sealed and is never shown again.

    Left out, the secret that is known stays, as long as server and user do.
    """

    host: _Text
    port: int = Field(22, strict=True, ge=1, le=65535)
    user: _Text
    password: SecretStr | None = None
    private_key: SecretStr | None = Field(None, description="ed25519, RSA or ECDSA, as OpenSSH or PEM.")
    passphrase: SecretStr | None = Field(None, description="Of the private key, if it has one.")
    folder: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")] = "."
    host_key: Annotated[str, StringConstraints(max_length=5000)] | None = Field(
        None, description="The server's public key as in known_hosts, or its fingerprint. A changed key stops delivery."
    )

    def revealed(self) -> dict[str, Any]:
        """Return the target with its secret, for ftp-sender alone."""
        shown = self.model_dump(exclude_none=True)
        return {k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in shown.items()}


class CustomerInput(_Input):
    """What the register is to say of a customer; it replaces what it said before.

    `ftp_target` left out keeps the one there is; null removes it.
    """

    organisation_number: _Text | None = Field(None, description="Norwegian; or give `endpoint`.")
    endpoint: _Text | None = Field(None, description="Electronic address, scheme:id.")
    name: _Text | None = None
    address: PostalAddress | None = None
    email: _Text | None = None
    channel: Channel | None = Field(None, description="The customer's own choice; left out, the best one is taken.")
    ftp_target: FtpTarget | None = None

    def address_used(self) -> str:
        """Return the electronic address; raises Refused."""
        if self.endpoint is not None:
            return electronic_address(self.endpoint)
        if self.organisation_number is not None:
            return address_of(organisation_number(self.organisation_number))
        raise Refused(
            problems.invalid(
                "Oppgi organisasjonsnummer eller elektronisk adresse (endpoint).",
                "Give an organisation number or an electronic address (endpoint).",
                "organisation_number",
            )
        )


@router.put("/{number}", response_model_exclude_none=True)
async def put(parts: Wired, caller: Sender, number: Number, given: CustomerInput) -> CustomerEntry:
    """Register a customer, or replace what is registered."""
    company = caller.client().organisation_number
    now = parts.clock()
    async with parts.database.begin() as connection:
        known = await find_customer(connection, company, number)
    target = known.ftp_target if known and "ftp_target" not in given.model_fields_set else None
    entry = CustomerEntry(
        customer_number=number,
        endpoint=given.address_used(),
        ftp_target=target_id(company, number) if given.ftp_target else target,
        **given.model_dump(include={"name", "address", "email", "channel"}),
    )
    if entry.channel is Channel.FTP and entry.ftp_target is None:
        raise Refused(
            problems.invalid(
                "Kanalen ftp trenger en mottakerserver. Oppgi ftp_target.",
                "The channel ftp needs a server to send to. Give ftp_target.",
                "ftp_target",
            )
        )
    if given.ftp_target is not None and entry.ftp_target is not None:
        # Before the row that refers to it: a target without a customer does nothing, the reverse loses an invoice.
        await parts.targets.put(entry.ftp_target, company, given.ftp_target.revealed(), now)
    async with parts.database.begin() as connection:
        await put_customer(connection, company, entry, now)
    return entry


@router.get("/{number}", response_model_exclude_none=True)
async def show(parts: Wired, caller: Sender, number: Number) -> CustomerEntry:
    """Return what is registered of a customer; of an FTP target only its id."""
    async with parts.database.begin() as connection:
        found = await find_customer(connection, caller.client().organisation_number, number)
    if found is None:
        raise Refused(problems.NOT_FOUND)
    return found
