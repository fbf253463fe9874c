"""The value types of the JSON invoice: money and quantities as decimals, dates as ISO 8601, text without surprises."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from hub import norway

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Characters that XML 1.0 cannot hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def complaint(code: str, nb: str, en: str) -> PydanticCustomError:
    """Make a validation error that carries its sentence in both languages."""
    # pydantic fills {braces} from the context, so the sentences themselves travel there.
    return PydanticCustomError("hub", "{en}", {"nb": nb, "en": en, "rule": code})


def _iso_date(value: Any) -> Any:
    # Left alone, pydantic would also take a number as seconds since 1970.
    if isinstance(value, date) or (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    raise complaint("HUB-JSON", "Skriv datoen som ÅÅÅÅ-MM-DD.", "Write the date as YYYY-MM-DD.")


def _xml_text(value: Any) -> Any:
    if isinstance(value, str) and (found := _NOT_XML.search(value)):
        code = f"U+{ord(found.group()):04X}"
        raise complaint(
            "HUB-JSON",
            f"Teksten har et usynlig tegn ({code}) som ikke kan stå i en faktura. Fjern det.",
            f"The text holds an invisible character ({code}) that an invoice cannot hold. Remove it.",
        )
    return value


def _formed(pattern: str, nb: str, en: str) -> AfterValidator:
    """Make a validator that says in words which form a value must have."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise complaint("HUB-JSON", nb, en)
        return value

    return AfterValidator(check)


def _organisation_number(value: Any) -> Any:
    return norway.bare_organisation_number(value) if isinstance(value, str) else value


def _account(value: Any) -> Any:
    return re.sub(r"[ .\u00a0]", "", value) if isinstance(value, str) else value


def _compact(value: Any) -> Any:
    return re.sub(r"\s", "", value).upper() if isinstance(value, str) else value


def _vat_number(value: Any) -> Any:
    """Take `310 000 019 MVA` for NO310000019MVA; a number of another country stays as it is."""
    compact = _compact(value)
    if isinstance(compact, str) and (match := re.fullmatch(r"(?:NO)?([0-9]{9})MVA", compact.replace(".", ""))):
        return f"NO{match.group(1)}MVA"
    return compact


Text = Annotated[str, BeforeValidator(_xml_text), StringConstraints(min_length=1, max_length=10_000)]
Identifier = Annotated[str, BeforeValidator(_xml_text), StringConstraints(min_length=1, max_length=200)]
Date = Annotated[date, BeforeValidator(_iso_date)]
Amount = Annotated[Decimal, Field(max_digits=17, decimal_places=2)]  # BR-DEC-*: two decimals
Price = Annotated[Decimal, Field(max_digits=22, decimal_places=8)]
Quantity = Annotated[Decimal, Field(max_digits=22, decimal_places=8)]
Rate = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
Percent = Annotated[Decimal, Field(gt=0, le=1000, max_digits=8, decimal_places=4)]
ExchangeRate = Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=8)]
Currency = Annotated[
    str,
    _formed(
        r"[A-Z]{3}",
        "Skriv valutaen som tre store bokstaver, for eksempel NOK.",
        "Write the currency as three capital letters, for instance NOK.",
    ),
    Field(json_schema_extra={"pattern": r"^[A-Z]{3}$"}),
]
Country = Annotated[
    str,
    _formed(
        r"[A-Z]{2}",
        "Skriv landet som to store bokstaver, for eksempel NO.",
        "Write the country as two capital letters, for instance NO.",
    ),
    Field(json_schema_extra={"pattern": r"^[A-Z]{2}$"}),
]
UnitCode = Annotated[
    str,
    _formed(
        r"[A-Z0-9]{1,3}",
        "Skriv enheten som kode fra UN/ECE Rec. 20, for eksempel C62 (stk), HUR (time) eller KGM.",
        "Write the unit as a code of UN/ECE Rec. 20, for instance C62 (one), HUR (hour) or KGM.",
    ),
    Field(json_schema_extra={"pattern": r"^[A-Z0-9]{1,3}$"}),
]
SchemeAndId = Annotated[
    str,
    BeforeValidator(_xml_text),
    _formed(
        r"[0-9A-Z]{4}:\S{1,100}",
        "Skriv ordning og nummer med kolon imellom, for eksempel 0192:310000019.",
        "Write scheme and number with a colon between, for instance 0192:310000019.",
    ),
    Field(json_schema_extra={"pattern": r"^[0-9A-Z]{4}:\S{1,100}$"}),
]
# What these must be is checked by domain/checks.py, together with everything else, so that all is told at once.
OrganisationNumber = Annotated[
    str, BeforeValidator(_organisation_number), BeforeValidator(_xml_text), StringConstraints(max_length=50)
]
AccountNumber = Annotated[str, BeforeValidator(_account), BeforeValidator(_xml_text), StringConstraints(max_length=50)]
Base64 = Annotated[str, BeforeValidator(_xml_text)]
VatNumber = Annotated[str, BeforeValidator(_vat_number), BeforeValidator(_xml_text), StringConstraints(max_length=50)]
Compact = Annotated[str, BeforeValidator(_compact), BeforeValidator(_xml_text), StringConstraints(max_length=50)]


class Part(BaseModel):
    """A part of the JSON invoice: frozen, unknown fields refused, empty strings and null mean 'not given'."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, given: Any) -> Any:
        """Many systems send every field, with "" in those they have nothing for (R008 forbids empty elements)."""
        if not isinstance(given, dict):
            return given
        return {
            name: value
            for name, value in given.items()
            if value is not None and not (isinstance(value, str) and not value.strip())
        }
