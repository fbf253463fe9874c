"""What is wrong with an invoice, and what it is fit for all the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hub.errors import Problem
from hub.pipeline import Purpose

# A person has no electronic address, so these can never hold for one (B05201 is R010 in a reminder); nor has a person a
# reference (R003). They concern the exchange through Peppol only and say nothing about the sales document.
PEPPOL_EXCHANGE_RULES = frozenset(
    {"PEPPOL-EN16931-R003", "PEPPOL-EN16931-R010", "PEPPOL-EN16931-CL008", "EHF-REMINDER-B05201"}
)


class Severity(StrEnum):
    """A fatal finding stops the invoice, a warning never does."""

    FATAL = "fatal"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that does not hold.

    `rule` is the official id (BR-CO-25), `XSD` for the schema, or `HUB-…` for our own checks. `text` is the official
    wording; `location` an XPath with the usual prefixes (cac, cbc) and `line` its line in the document as it came,
    counted from 1 (None for a JSON invoice); `term` the business term (BT-9); `field` the caller's own JSON field
    (`lines[0].vat.rate`), or `register.…` for what the company's register entry says. `nb` and `en` are sentences for
    the person who corrects it.
    """

    rule: str
    severity: Severity
    text: str
    nb: str
    en: str
    location: str | None = None
    term: str | None = None
    field: str | None = None
    line: int | None = None

    @property
    def fatal(self) -> bool:
        """Whether this finding stops the invoice."""
        return self.severity is Severity.FATAL

    def problem(self) -> Problem:
        """Tell the sender of it."""
        code = self.rule.lower().removeprefix("hub-") if self.rule.startswith("HUB-") else "rule"
        official = not self.rule.startswith("HUB-")
        return Problem(
            code=code,
            nb=self.nb,
            en=self.en,
            field=self.field,
            rule=self.rule,
            text=self.text if official else None,
            term=self.term,
            location=None if self.field else self.location,
            line=self.line,
        )


def own(rule: str, field: str, nb: str, en: str, *, term: str | None = None, fatal: bool = True) -> Finding:
    """Make a finding of our own checks, which have no official wording."""
    severity = Severity.FATAL if fatal else Severity.WARNING
    return Finding(rule=rule, severity=severity, text=en, nb=nb, en=en, term=term, field=field)


def fit_for(findings: Iterable[Finding]) -> frozenset[Purpose]:
    """Say what a document with these findings may be used for.

    `peppol`: no fatal finding at all. `document` (mail, print): none but those of the exchange through Peppol.
    """
    fatal = {finding.rule for finding in findings if finding.fatal}
    if not fatal:
        return frozenset(Purpose)
    return frozenset({Purpose.DOCUMENT}) if fatal <= PEPPOL_EXCHANGE_RULES else frozenset()
