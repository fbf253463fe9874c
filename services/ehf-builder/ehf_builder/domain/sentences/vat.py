"""Value added tax: totals and breakdown, and the rules that every category has (BR-S-01, BR-Z-01 …)."""

import re
from collections.abc import Mapping

SENTENCES: Mapping[str, tuple[str, str]] = {
    "BR-45": ("En avgiftsgruppe mangler grunnlaget.", "A VAT group lacks its taxable amount."),
    "BR-46": ("En avgiftsgruppe mangler merverdiavgiften.", "A VAT group lacks its VAT amount."),
    "BR-47": ("En avgiftsgruppe mangler avgiftskategori.", "A VAT group has no VAT category."),
    "BR-48": ("En avgiftsgruppe mangler sats.", "A VAT group has no rate."),
    "BR-53": (
        "Merverdiavgiften i norske kroner mangler.",
        "The VAT amount in the accounting currency (NOK) is missing.",
    ),
    "BR-CO-04": ("En linje mangler avgiftskategori.", "A line has no VAT category."),
    "BR-CO-14": (
        "Samlet merverdiavgift er ikke summen av avgiftsgruppenes avgift.",
        "The total VAT is not the sum of the VAT groups' amounts.",
    ),
    "BR-CO-17": (
        "Merverdiavgiften i en avgiftsgruppe er ikke grunnlaget ganger satsen.",
        "The VAT of a VAT group is not its taxable amount times its rate.",
    ),
    "BR-CO-18": ("Fakturaen mangler avgiftsgrupper.", "The invoice has no VAT breakdown."),
    **dict.fromkeys(
        ("BR-O-11", "BR-O-12", "BR-O-13", "BR-O-14"),
        (
            "Kategori O kan ikke stå sammen med andre avgiftskategorier i samme faktura.",
            "Category O cannot stand together with other VAT categories in one invoice.",
        ),
    ),
    "BR-IC-11": (
        "Salg til et annet EU-land må ha leveringsdato eller periode.",
        "A supply within the EU needs a delivery date or a period.",
    ),
    "BR-IC-12": (
        "Salg til et annet EU-land må ha landet det leveres i.",
        "A supply within the EU needs the country that it is delivered to.",
    ),
    "PEPPOL-EN16931-R005": (
        "Valutaen for merverdiavgift skal bare oppgis når den er en annen enn fakturaens.",
        "The VAT accounting currency is given only where it is not the invoice's.",
    ),
    "PEPPOL-EN16931-R053": (
        "Fakturaen må ha nøyaktig én oversikt over avgiftsgruppene.",
        "The invoice must have exactly one VAT breakdown.",
    ),
    "PEPPOL-EN16931-R054": (
        "Merverdiavgiften i norske kroner skal stå én gang, og bare når fakturaen er i en annen valuta.",
        "The VAT in the accounting currency must be given once, and only for an invoice in another currency.",
    ),
    "PEPPOL-EN16931-R055": (
        "Merverdiavgiften i norske kroner må ha samme fortegn som i fakturaens valuta.",
        "The VAT in the accounting currency must have the same sign as in the invoice's currency.",
    ),
}

_RULE = re.compile(r"BR-(S|Z|E|AE|G|O|IC)-(\d\d)")
# What the rules of each number say of their category.
_NUMBERED: Mapping[str, tuple[str, str]] = {
    "01": (
        "Linjer, rabatter og tillegg med kategori {0} må stå i avgiftsoversikten med samme kategori.",
        "Lines, allowances and charges of category {0} must be in the VAT breakdown with the same category.",
    ),
    "02": (
        "En linje har kategori {0}, men selgeren mangler MVA-nummer.",
        "A line has category {0}, but the seller has no VAT number.",
    ),
    "03": (
        "En rabatt har kategori {0}, men selgeren mangler MVA-nummer.",
        "An allowance has category {0}, but the seller has no VAT number.",
    ),
    "04": (
        "Et tillegg har kategori {0}, men selgeren mangler MVA-nummer.",
        "A charge has category {0}, but the seller has no VAT number.",
    ),
    "05": ("En linje med kategori {0} må ha sats 0.", "A line of category {0} must have the rate 0."),
    "06": ("En rabatt med kategori {0} må ha sats 0.", "An allowance of category {0} must have the rate 0."),
    "07": ("Et tillegg med kategori {0} må ha sats 0.", "A charge of category {0} must have the rate 0."),
    "08": (
        "Grunnlaget for kategori {0} er ikke summen av linjer, rabatter og tillegg med samme kategori og sats.",
        "The taxable amount of category {0} is not the sum of lines, allowances and charges of that category and rate.",
    ),
    "09": ("Merverdiavgiften for kategori {0} må være 0.", "The VAT of category {0} must be 0."),
    "10": (
        "Kategori {0} må ha en fritaksgrunn, som tekst eller kode.",
        "Category {0} must have an exemption reason, as text or code.",
    ),
}
_NO_REASON = (
    "Kategori {0} kan ikke ha en fritaksgrunn. Fjern den.",
    "Category {0} cannot have an exemption reason. Remove it.",
)
_NO_NUMBERS = (
    "Kategori O kan ikke stå sammen med et MVA-nummer, verken selgerens eller kjøperens.",
    "Category O cannot stand beside a VAT number, neither the seller's nor the buyer's.",
)
_REVERSE_CHARGE = (
    "Kategori AE krever MVA-nummer hos selgeren, og MVA-nummer eller organisasjonsnummer hos kjøperen.",
    "Category AE needs the seller's VAT number, and the buyer's VAT number or organisation number.",
)
_BOTH_NUMBERS = (
    "Kategori K krever MVA-nummer hos både selger og kjøper.",
    "Category K needs the VAT numbers of both seller and buyer.",
)
# What they say otherwise of one category, by the name that the rules have for it.
_OWN: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "S": {
        "05": ("En linje med kategori S må ha en sats over 0.", "A line of category S must have a rate above 0."),
        "06": (
            "En rabatt med kategori S må ha en sats over 0.",
            "An allowance of category S must have a rate above 0.",
        ),
        "07": ("Et tillegg med kategori S må ha en sats over 0.", "A charge of category S must have a rate above 0."),
        "09": (
            "Merverdiavgiften for kategori S er ikke grunnlaget ganger satsen.",
            "The VAT of category S is not its taxable amount times the rate.",
        ),
        "10": _NO_REASON,
    },
    "Z": {"10": _NO_REASON},
    "O": {
        **dict.fromkeys(("02", "03", "04"), _NO_NUMBERS),
        "05": ("En linje med kategori O kan ikke ha en sats.", "A line of category O cannot have a rate."),
        "06": ("En rabatt med kategori O kan ikke ha en sats.", "An allowance of category O cannot have a rate."),
        "07": ("Et tillegg med kategori O kan ikke ha en sats.", "A charge of category O cannot have a rate."),
    },
    "AE": dict.fromkeys(("02", "03", "04"), _REVERSE_CHARGE),
    "IC": dict.fromkeys(("02", "03", "04"), _BOTH_NUMBERS),
}
_CODES = {"IC": "K"}  # the category's code, where the rules do not name it by that


def of_category(rule: str) -> tuple[str, str] | None:
    """Give the sentences for a rule that every category has (BR-S-05), or None."""
    match = _RULE.fullmatch(rule)
    if match is None:
        return None
    category, number = match.groups()
    found = _OWN.get(category, {}).get(number) or _NUMBERED.get(number)
    code = _CODES.get(category, category)
    return (found[0].format(code), found[1].format(code)) if found else None
