"""Rules that say the same of hundreds of elements, told by how their official text is worded."""

import re
from collections.abc import Sequence

_CODE_LIST = re.compile(r"MUST be part of code list '([^']{1,100})'")
_BASIC = r"(EHF-[A-Z]+|PEPPOL-T111)-B\d+"  # EHF's and the response's rules of what a document may hold
_NAME = r"'(?P<name>[\w:@-]{1,80})'"
# Rule, wording, and the sentences, in which {name} and {value} are what the wording says.
_WORDINGS: Sequence[tuple[re.Pattern[str], re.Pattern[str], str, str]] = tuple(
    (re.compile(rule), re.compile(wording), nb, en)
    for rule, wording, nb, en in (
        (
            _BASIC,
            rf"(?:Element|Attribute) {_NAME} MUST be (?:provided|present)",
            "{name} mangler.",
            "{name} is missing.",
        ),
        (
            _BASIC,
            rf"(?:Element|Attribute) {_NAME} MUST contain value '(?P<value>[^']{{1,200}})'",
            "{name} må være «{value}».",
            "{name} must be '{value}'.",
        ),
        (
            _BASIC,
            r"MUST NOT contain elements not part of the data model",
            "Feltet hører ikke hjemme i denne typen dokument. Fjern det.",
            "The field does not belong in this type of document. Remove it.",
        ),
        (
            r"UBL-(CR|DT)-.*",
            r"should not (include|be present)",
            "Feltet brukes ikke i EHF, så mottakeren leser det kanskje ikke. Utelat det.",
            "The field is not used in EHF, so the recipient may not read it. Leave it out.",
        ),
        (
            r"UBL-SR-.*",
            r"maximum (once|one|twice)",
            "Noe som bare kan stå én gang, står flere ganger.",
            "Something that can be given once only is given several times.",
        ),
        (
            r"BR-DEC-\d+|UBL-DT-01",
            r".",
            "Et beløp har mer enn to desimaler.",
            "An amount has more than two decimals.",
        ),
        (
            r"PEPPOL-COMMON-R\d+(-\d)?",
            r".",
            "Et nummer følger ikke reglene for sin ordning. Se etter tastefeil.",
            "A number does not follow the rules of its scheme. Look for a typing error.",
        ),
    )
)


def listed(official: str) -> tuple[str, str] | None:
    """Name the code list, where EHF has a rule with an id of its own for every place of a code."""
    match = _CODE_LIST.search(official)
    if match is None:
        return None
    name = match.group(1)
    return f"Verdien finnes ikke i kodeverket «{name}».", f"The value is not in the code list '{name}'."


def of_text(rule: str, official: str) -> tuple[str, str] | None:
    """Give the sentences for a rule that belongs to one of the families, or None."""
    for rules, wording, nb, en in _WORDINGS:
        if rules.fullmatch(rule) and (match := wording.search(official)):
            return nb.format(**match.groupdict()), en.format(**match.groupdict())
    return None
