"""Who takes part in the demonstration (examples/parties.json), and where the examples are."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hub.parties import Address
from hub.stack.errors import StackError

Role = Literal["peppol", "ftp", "peppol-abroad", "none"]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Office(_Read):
    """An accounting firm."""

    name: str
    organisation_number: str


class Company(_Read):
    """A company on the hub; `office` serves it under `client_number`."""

    organisation_number: str
    name: str
    address: Address
    vat_registered: bool
    business_register: bool
    account: str
    email: str
    office: str | None
    client_number: str | None
    receives: bool


class Outsider(_Read):
    """A recipient that is no customer of the hub; `endpoint` is `scheme:id`."""

    role: Role
    endpoint: str
    name: str
    address: Address

    @property
    def number(self) -> str:
        """The identifier without its scheme: the organisation number."""
        return self.endpoint.partition(":")[2]


class Parties(_Read):
    """Everybody."""

    offices: tuple[Office, ...]
    companies: tuple[Company, ...]
    outside: tuple[Outsider, ...]

    def outsider(self, role: Role) -> Outsider:
        """Return the one who plays the role."""
        return next(one for one in self.outside if one.role == role)

    @property
    def receiver(self) -> Company:
        """The customer whose inbox the others send to."""
        return next(company for company in self.companies if company.receives and company.office)

    def name_of(self, address: str) -> str:
        """Return the name behind an electronic address or organisation number."""
        number = address.rpartition(":")[2]
        names = {company.organisation_number: company.name for company in self.companies}
        names |= {one.number: one.name for one in self.outside}
        return names.get(number, address)


def examples_folder() -> Path:
    """Find the examples beside the sources; raises StackError in an installation without them."""
    folder = Path(__file__).resolve().parents[3] / "examples"
    if not (folder / "parties.json").is_file():
        raise StackError("The demonstration needs the examples of a source tree. Run it from a clone of the project.")
    return folder


def load() -> Parties:
    """Read who takes part."""
    return Parties.model_validate_json((examples_folder() / "parties.json").read_bytes())
