"""Seller, buyer, payee and place of delivery."""

from collections.abc import Mapping

_NO_SCHEME = (
    "Den elektroniske adressen mangler ordning (schemeID), for eksempel 0192 for organisasjonsnummer.",
    "The electronic address lacks its scheme (schemeID), for instance 0192 for an organisation number.",
)

SENTENCES: Mapping[str, tuple[str, str]] = {
    "BR-06": ("Selgerens navn mangler.", "The seller's name is missing."),
    "BR-07": ("Kjøperens navn mangler.", "The buyer's name is missing."),
    "BR-08": ("Selgerens adresse mangler.", "The seller's address is missing."),
    "BR-09": ("Landkoden i selgerens adresse mangler.", "The country code of the seller's address is missing."),
    "BR-10": ("Kjøperens adresse mangler.", "The buyer's address is missing."),
    "BR-11": ("Landkoden i kjøperens adresse mangler.", "The country code of the buyer's address is missing."),
    "BR-17": (
        "Betalingsmottaker oppgis med navn, og bare når det er en annen enn selgeren.",
        "A payee is given with a name, and only where it is not the seller.",
    ),
    "BR-57": (
        "Landkoden i leveringsadressen mangler.",
        "The country code of the delivery address is missing.",
    ),
    "BR-62": _NO_SCHEME,
    "BR-63": _NO_SCHEME,
    "BR-CO-09": (
        "MVA-nummeret må begynne med en landkode, for eksempel NO.",
        "The VAT number must begin with a country code, for instance NO.",
    ),
    "BR-CO-26": (
        "Selgeren må ha organisasjonsnummer eller MVA-nummer.",
        "The seller needs an organisation number or a VAT number.",
    ),
    "NO-R-001": (
        "Selgerens MVA-nummer må være NO, ni gyldige siffer og MVA.",
        "The seller's VAT number must be NO, nine valid digits and MVA.",
    ),
    "NO-R-002": (
        "Aksjeselskap og andre i Foretaksregisteret skal oppgi «Foretaksregisteret» på fakturaen.",
        "Companies in the register of business enterprises must state 'Foretaksregisteret' on the invoice.",
    ),
    "EHF-REMINDER-B05201": (
        "Kjøperens elektroniske adresse mangler, så purringen kan ikke sendes gjennom Peppol.",
        "The buyer's electronic address is missing, so the reminder cannot go through Peppol.",
    ),
    "PEPPOL-EN16931-R010": (
        "Kjøperens elektroniske adresse mangler, så fakturaen kan ikke sendes gjennom Peppol.",
        "The buyer's electronic address is missing, so the invoice cannot go through Peppol.",
    ),
    "PEPPOL-EN16931-R020": ("Selgerens elektroniske adresse mangler.", "The seller's electronic address is missing."),
    "PEPPOL-COMMON-R040": (
        "GLN-nummeret er ikke gyldig: tretten siffer med kontrollsiffer.",
        "The GLN is not valid: thirteen digits with a check digit.",
    ),
    "PEPPOL-COMMON-R041": (
        "Det norske organisasjonsnummeret er ikke gyldig: ni siffer med kontrollsiffer, uten mellomrom.",
        "The Norwegian organisation number is not valid: nine digits with a check digit, without blanks.",
    ),
    "PEPPOL-COMMON-R042": (
        "Det danske CVR-nummeret er ikke gyldig.",
        "The Danish CVR number is not valid.",
    ),
    "PEPPOL-COMMON-R049": (
        "Det svenske organisasjonsnummeret er ikke gyldig.",
        "The Swedish organisation number is not valid.",
    ),
}
