"""VAT: categories (UNCL5305), the rates of the day, SAF-T codes, and the reasons that the rules ask for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hub.invoice.types import Identifier, Part, Rate, Text

NIL = Decimal(0)


class VatCategory(StrEnum):
    """Category codes of EN 16931 (BT-151). K, the European internal market, does not exist for a Norwegian seller."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUTSIDE = "O"


def _digits(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Vat(Part):
    """VAT of a line, allowance or charge: a category with its rate in per cent, or a SAF-T standard tax code."""

    category: VatCategory | None = Field(None, description="BT-151 VAT category code: S, Z, E, AE, G or O")
    rate: Rate | None = Field(None, description="BT-152 VAT rate in per cent; required for S")
    code: Annotated[Literal["3", "31", "32", "33", "5", "6", "51", "52"], BeforeValidator(_digits)] | None = Field(
        None, description="SAF-T standard tax code, instead of category and rate"
    )
    reason: Text | None = Field(None, description="BT-120 VAT exemption reason text")
    reason_code: Identifier | None = Field(None, description="BT-121 VAT exemption reason code (VATEX)")


@dataclass(frozen=True, slots=True)
class TaxCategory:
    """VAT as it is written: `rate` in per cent, None outside the act (BR-O-05); `reason` only where demanded."""

    category: VatCategory
    rate: Decimal | None
    reason: str | None = None
    reason_code: str | None = None

    @property
    def group(self) -> tuple[VatCategory, Decimal | None]:
        """Lines with the same category and rate share one VAT breakdown (BG-23)."""
        return self.category, self.rate


OUTSIDE_THE_ACT = TaxCategory(VatCategory.OUTSIDE, None, "Selger er ikke registrert i Merverdiavgiftsregisteret")

REMINDER_FEE = TaxCategory(VatCategory.EXEMPT, NIL, "Purregebyr er ikke avgiftspliktig")

REASONS: Mapping[VatCategory, str] = {
    VatCategory.EXEMPT: "Unntatt fra merverdiavgift (merverdiavgiftsloven kapittel 3)",
    VatCategory.REVERSE_CHARGE: "Omvendt avgiftsplikt: merverdiavgift beregnes av kjøper",
    VatCategory.INTRA_COMMUNITY: "Intra-community supply",
    VatCategory.EXPORT: "Utførsel fritatt for merverdiavgift (merverdiavgiftsloven § 6-21 og § 6-22)",
    VatCategory.OUTSIDE: OUTSIDE_THE_ACT.reason or "",
}

# Standard tax codes of the Norwegian SAF-T Financial for sales. 6 (outside the act) is E for a registered seller,
# who must not use O (BR-O-02), and O for the others.
SAF_T: Mapping[str, tuple[VatCategory, Decimal]] = {
    "3": (VatCategory.STANDARD, Decimal(25)),
    "31": (VatCategory.STANDARD, Decimal(15)),
    "32": (VatCategory.STANDARD, Decimal("11.11")),
    "33": (VatCategory.STANDARD, Decimal(12)),
    "5": (VatCategory.ZERO, NIL),
    "6": (VatCategory.EXEMPT, NIL),
    "51": (VatCategory.REVERSE_CHARGE, NIL),
    "52": (VatCategory.EXPORT, NIL),
}

# Exemption reason codes that go with one category only (PEPPOL-EN16931-P0104 to P0111).
REASON_CODES: Mapping[str, VatCategory] = {
    "VATEX-EU-G": VatCategory.EXPORT,
    "VATEX-EU-O": VatCategory.OUTSIDE,
    "VATEX-EU-IC": VatCategory.INTRA_COMMUNITY,
    "VATEX-EU-AE": VatCategory.REVERSE_CHARGE,
    "VATEX-EU-D": VatCategory.EXEMPT,
    "VATEX-EU-F": VatCategory.EXEMPT,
    "VATEX-EU-I": VatCategory.EXEMPT,
    "VATEX-EU-J": VatCategory.EXEMPT,
}

# Rates for S by the Storting's yearly decisions, from a day until and including another; older ones are of no use to
# an invoice of today, and a credit note of an older invoice is rare enough to go by hand.
_RATES: tuple[tuple[Decimal, date, date], ...] = (
    (Decimal(25), date(2005, 1, 1), date.max),
    (Decimal(15), date(2012, 1, 1), date.max),
    (Decimal("11.11"), date(2012, 1, 1), date.max),
    (Decimal(12), date(2021, 10, 1), date.max),
    (Decimal(6), date(2020, 4, 1), date(2021, 9, 30)),
    (Decimal(12), date(2018, 1, 1), date(2020, 3, 31)),
    (Decimal(10), date(2016, 1, 1), date(2017, 12, 31)),
    (Decimal(8), date(2006, 1, 1), date(2015, 12, 31)),
)


def rates_in_force(days: Iterable[date]) -> list[Decimal]:
    """List the rates for category S that were in force on any of these days, highest first."""
    return list(_rates_in_force(tuple(days)))


@lru_cache(maxsize=256)  # the lines of an invoice ask the same, and so does the next one of the day
def _rates_in_force(days: tuple[date, ...]) -> tuple[Decimal, ...]:
    rates = {rate for rate, first, last in _RATES if any(first <= day <= last for day in days)}
    return tuple(sorted(rates, reverse=True))


def tax_category(vat: Vat | None, *, registered: bool) -> TaxCategory | None:
    """Say what is written for the VAT that the caller gave, or None where it does not say enough.

    Sellers outside the VAT register get category O where nothing (or SAF-T code 6) is given.
    """
    if vat is None or (vat.code is None and vat.category is None):
        return None if registered or (vat and vat.rate) else OUTSIDE_THE_ACT
    category, rate = SAF_T[vat.code] if vat.code else (vat.category, vat.rate)
    if vat.code == "6" and not registered:
        category = VatCategory.OUTSIDE
    if category is None or (category is VatCategory.STANDARD and rate is None):
        return None
    if category is VatCategory.OUTSIDE:
        rate = None
    elif rate is None:
        rate = NIL
    return TaxCategory(category, rate, vat.reason or REASONS.get(category), vat.reason_code)
