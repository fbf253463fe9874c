"""Norwegian and English sentences for the rules that invoices break most often; others speak by their official text."""

import re
from collections.abc import Mapping

_CODE_LIST = re.compile(r"MUST be part of code list '([^']{1,100})'")

_KNOWN: Mapping[str, tuple[str, str]] = {
    "PEPPOL-EN16931-R003": (
        "Oppgi kjøperens referanse eller et bestillingsnummer.",
        "Give the buyer's reference or an order number.",
    ),
    "PEPPOL-EN16931-R002": ("Fakturaen kan bare ha én merknad.", "The invoice can have one note only."),
    "PEPPOL-EN16931-R008": (
        "Dokumentet har tomme elementer; utelat dem.",
        "The document has empty elements; omit them.",
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
    "PEPPOL-EN16931-R110": (
        "Linjens periode begynner utenfor fakturaperioden.",
        "The line's period starts outside the invoicing period.",
    ),
    "PEPPOL-EN16931-R111": (
        "Linjens periode slutter utenfor fakturaperioden.",
        "The line's period ends outside the invoicing period.",
    ),
    "PEPPOL-EN16931-R120": (
        "Linjens beløp er ikke antall ganger pris, med rabatter og tillegg.",
        "The line's amount is not quantity times price, with allowances and charges.",
    ),
    "PEPPOL-EN16931-CL001": ("Vedleggets filtype er ikke tillatt.", "The attachment's type is not allowed."),
    "PEPPOL-EN16931-CL008": (
        "Kjøperens eller selgerens adresse har en ukjent ordning (schemeID).",
        "The buyer's or seller's address has an unknown scheme (schemeID).",
    ),
    "PEPPOL-COMMON-R041": (
        "Det norske organisasjonsnummeret er ikke gyldig.",
        "The Norwegian organisation number is not valid.",
    ),
    "PEPPOL-COMMON-R049": (
        "Det svenske organisasjonsnummeret er ikke gyldig.",
        "The Swedish organisation number is not valid.",
    ),
    "NO-R-001": (
        "Selgerens MVA-nummer må være NO, ni gyldige siffer og MVA.",
        "The seller's VAT number must be NO, nine valid digits and MVA.",
    ),
    "NO-R-002": (
        "Aksjeselskap og andre i Foretaksregisteret skal oppgi «Foretaksregisteret» på fakturaen.",
        "Companies in the register of business enterprises must state 'Foretaksregisteret' on the invoice.",
    ),
    "BR-02": ("Fakturanummeret mangler.", "The invoice number is missing."),
    "BR-03": ("Fakturadatoen mangler.", "The issue date is missing."),
    "BR-07": ("Kjøperens navn mangler.", "The buyer's name is missing."),
    "BR-10": ("Kjøperens adresse mangler.", "The buyer's address is missing."),
    "BR-11": ("Landkoden i kjøperens adresse mangler.", "The country code of the buyer's address is missing."),
    "BR-16": ("Fakturaen har ingen linjer.", "The invoice has no lines."),
    "BR-27": (
        "En pris kan ikke være negativ; la antallet være det.",
        "A price cannot be negative; let the quantity be.",
    ),
    "BR-29": ("Fakturaperioden slutter før den begynner.", "The invoicing period ends before it starts."),
    "BR-30": ("Linjens periode slutter før den begynner.", "The line's period ends before it starts."),
    "BR-50": ("Kontonummeret mangler.", "The account number is missing."),
    "BR-61": ("Kontonummeret mangler.", "The account number is missing."),
    "BR-CL-03": ("Valutakoden finnes ikke i ISO 4217.", "The currency code is not in ISO 4217."),
    "PEPPOL-EN16931-CL007": ("Valutakoden finnes ikke i ISO 4217.", "The currency code is not in ISO 4217."),
    "BR-CL-10": ("Ordningen finnes ikke i ISO 6523.", "The scheme is not in ISO 6523."),
    "BR-CL-11": (
        "Ordningen finnes ikke i ISO 6523; bruk for eksempel 0192 for et norsk organisasjonsnummer.",
        "The scheme is not in ISO 6523; use for instance 0192 for a Norwegian organisation number.",
    ),
    "BR-CL-13": (
        "Kodeverket finnes ikke i UNCL7143; bruk for eksempel STI (CPV) eller TST (UNSPSC).",
        "The list is not in UNCL7143; use for instance STI (CPV) or TST (UNSPSC).",
    ),
    "BR-CL-15": ("Landkoden finnes ikke i ISO 3166-1.", "The country code is not in ISO 3166-1."),
    "BR-CL-19": ("Årsakskoden for rabatten finnes ikke i UNCL5189.", "The allowance's reason code is not in UNCL5189."),
    "BR-CL-20": ("Årsakskoden for tillegget finnes ikke i UNCL7161.", "The charge's reason code is not in UNCL7161."),
    "PEPPOL-EN16931-CL002": (
        "Årsakskoden for rabatten finnes ikke i UNCL5189.",
        "The allowance's reason code is not in UNCL5189.",
    ),
    "PEPPOL-EN16931-CL003": (
        "Årsakskoden for tillegget finnes ikke i UNCL7161.",
        "The charge's reason code is not in UNCL7161.",
    ),
    "BR-CL-21": (
        "Ordningen finnes ikke i ISO 6523; bruk for eksempel 0160 for GTIN.",
        "The scheme is not in ISO 6523; use for instance 0160 for GTIN.",
    ),
    "BR-CL-22": ("Fritakskoden finnes ikke i VATEX-listen.", "The exemption reason code is not in the VATEX list."),
    "BR-CL-24": ("Vedleggets filtype er ikke tillatt.", "The attachment's type is not allowed."),
    "BR-CL-26": (
        "Ordningen finnes ikke i ISO 6523; bruk for eksempel 0088 for GLN.",
        "The scheme is not in ISO 6523; use for instance 0088 for GLN.",
    ),
    "BR-CL-04": ("Valutakoden finnes ikke i ISO 4217.", "The currency code is not in ISO 4217."),
    "BR-CL-14": ("Landkoden finnes ikke i ISO 3166-1.", "The country code is not in ISO 3166-1."),
    "BR-CL-16": ("Betalingsmåten finnes ikke i UNCL4461.", "The payment means code is not in UNCL4461."),
    "BR-CL-23": (
        "Enheten finnes ikke i UN/ECE Rec. 20; bruk for eksempel C62 (stk), HUR (time) eller KGM.",
        "The unit is not in UN/ECE Rec. 20; use for instance C62 (one), HUR (hour) or KGM.",
    ),
    "BR-CL-25": (
        "Adressen har en ukjent ordning (schemeID).",
        "The electronic address has an unknown scheme (schemeID).",
    ),
    "BR-CO-09": (
        "MVA-nummeret må begynne med en landkode, for eksempel NO.",
        "The VAT number must begin with a country code, for instance NO.",
    ),
    "BR-CO-10": ("Summen av linjene stemmer ikke.", "The sum of the lines is wrong."),
    "BR-CO-13": ("Totalbeløpet uten merverdiavgift stemmer ikke.", "The total without VAT is wrong."),
    "BR-CO-14": ("Samlet merverdiavgift stemmer ikke.", "The total VAT is wrong."),
    "BR-CO-15": ("Totalbeløpet med merverdiavgift stemmer ikke.", "The total with VAT is wrong."),
    "BR-CO-16": ("Beløpet å betale stemmer ikke.", "The amount due is wrong."),
    "BR-CO-17": ("Merverdiavgiften i en avgiftsgruppe stemmer ikke.", "The VAT of a VAT group is wrong."),
    "BR-CO-25": (
        "Oppgi forfallsdato eller betalingsbetingelser når noe skal betales.",
        "Give a due date or payment terms when there is an amount to pay.",
    ),
    "BR-O-02": (
        "Kategori O kan ikke stå sammen med selgerens MVA-nummer.",
        "Category O cannot stand beside the seller's VAT number.",
    ),
    "BR-S-02": (
        "Merverdiavgift krever at selgeren har et MVA-nummer.",
        "Charging VAT needs the seller to have a VAT number.",
    ),
    "BR-S-05": ("Kategori S må ha en sats over 0.", "Category S must have a rate above 0."),
}


def sentences(rule: str, official: str) -> tuple[str, str]:
    """Give the sentences in Norwegian and English for a rule; its official (English) text where there are none."""
    if listed := _CODE_LIST.search(official):  # EHF's rules have an id of their own for every place
        name = listed.group(1)
        return f"Verdien finnes ikke i kodeverket «{name}».", f"The value is not in the code list '{name}'."
    return _KNOWN.get(rule) or (f"Regelen {rule} er ikke oppfylt: {official}", f"Rule {rule} does not hold: {official}")
