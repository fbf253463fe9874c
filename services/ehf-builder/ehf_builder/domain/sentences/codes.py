"""Values that must be in an official code list."""

from collections.abc import Mapping

_CURRENCY = ("Valutakoden finnes ikke i ISO 4217.", "The currency code is not in ISO 4217.")
_COUNTRY = ("Landkoden finnes ikke i ISO 3166-1.", "The country code is not in ISO 3166-1.")
_CATEGORY = (
    "Avgiftskategorien finnes ikke i UNCL5305; bruk S, Z, E, AE, G eller O.",
    "The VAT category is not in UNCL5305; use S, Z, E, AE, G or O.",
)
_ALLOWANCE = (
    "Årsakskoden for rabatten finnes ikke i UNCL5189; bruk for eksempel 95 (rabatt), eller bare tekst.",
    "The allowance's reason code is not in UNCL5189; use for instance 95 (discount), or text only.",
)
_CHARGE = (
    "Årsakskoden for tillegget finnes ikke i UNCL7161; bruk for eksempel FC (frakt), eller bare tekst.",
    "The charge's reason code is not in UNCL7161; use for instance FC (freight), or text only.",
)
_ATTACHMENT = (
    "Vedleggets filtype er ikke tillatt. Tillatt er PDF, PNG, JPEG, CSV, XLSX og ODS.",
    "The attachment's type is not allowed. Allowed are PDF, PNG, JPEG, CSV, XLSX and ODS.",
)
_REASON = "Fritakskoden hører til kategori {0}.", "The exemption reason code belongs to category {0}."
_REASONS = {"0104": "G", "0105": "O", "0106": "K", "0107": "AE", "0108": "E", "0109": "E", "0110": "E", "0111": "E"}

SENTENCES: Mapping[str, tuple[str, str]] = {
    "BR-CL-01": (
        "Dokumenttypen finnes ikke i UNCL1001; vanlig er 380 (faktura) og 381 (kreditnota).",
        "The document type is not in UNCL1001; usual are 380 (invoice) and 381 (credit note).",
    ),
    "BR-CL-03": _CURRENCY,
    "BR-CL-04": _CURRENCY,
    "BR-CL-05": _CURRENCY,
    "BR-CL-06": (
        "Koden for avgiftsdato finnes ikke; bruk 3 (fakturadato), 35 (levering) eller 432 (betaling).",
        "The tax point date code does not exist; use 3 (issue date), 35 (delivery) or 432 (payment).",
    ),
    "BR-CL-07": (
        "Ordningen for objektet finnes ikke i UNCL1153; utelat den, eller bruk for eksempel ABT.",
        "The object's scheme is not in UNCL1153; omit it, or use for instance ABT.",
    ),
    "BR-CL-10": ("Ordningen finnes ikke i ISO 6523.", "The scheme is not in ISO 6523."),
    "BR-CL-11": (
        "Ordningen finnes ikke i ISO 6523; bruk for eksempel 0192 for et norsk organisasjonsnummer.",
        "The scheme is not in ISO 6523; use for instance 0192 for a Norwegian organisation number.",
    ),
    "BR-CL-13": (
        "Kodeverket finnes ikke i UNCL7143; bruk for eksempel STI (CPV) eller TST (UNSPSC).",
        "The list is not in UNCL7143; use for instance STI (CPV) or TST (UNSPSC).",
    ),
    "BR-CL-14": _COUNTRY,
    "BR-CL-15": _COUNTRY,
    "BR-CL-16": (
        "Betalingsmåten finnes ikke i UNCL4461; bruk for eksempel 30 (betaling til konto).",
        "The payment means code is not in UNCL4461; use for instance 30 (transfer to an account).",
    ),
    "BR-CL-17": _CATEGORY,
    "BR-CL-18": _CATEGORY,
    "BR-CL-19": _ALLOWANCE,
    "BR-CL-20": _CHARGE,
    "BR-CL-21": (
        "Ordningen finnes ikke i ISO 6523; bruk for eksempel 0160 for GTIN.",
        "The scheme is not in ISO 6523; use for instance 0160 for GTIN.",
    ),
    "BR-CL-22": (
        "Fritakskoden finnes ikke i VATEX-listen; oppgi fritaksgrunnen som tekst i stedet.",
        "The exemption reason code is not in the VATEX list; give the reason as text instead.",
    ),
    "BR-CL-23": (
        "Enheten finnes ikke i UN/ECE Rec. 20; bruk for eksempel C62 (stk), HUR (time) eller KGM.",
        "The unit is not in UN/ECE Rec. 20; use for instance C62 (one), HUR (hour) or KGM.",
    ),
    "BR-CL-24": _ATTACHMENT,
    "BR-CL-25": (
        "Den elektroniske adressen har en ukjent ordning (schemeID); bruk 0192 for et norsk organisasjonsnummer.",
        "The electronic address has an unknown scheme (schemeID); use 0192 for a Norwegian organisation number.",
    ),
    "BR-CL-26": (
        "Ordningen finnes ikke i ISO 6523; bruk for eksempel 0088 for GLN.",
        "The scheme is not in ISO 6523; use for instance 0088 for GLN.",
    ),
    "PEPPOL-EN16931-CL001": _ATTACHMENT,
    "PEPPOL-EN16931-CL002": _ALLOWANCE,
    "PEPPOL-EN16931-CL003": _CHARGE,
    "PEPPOL-EN16931-CL006": (
        "Koden for fakturaperioden finnes ikke; bruk 3, 35 eller 432, eller oppgi datoer.",
        "The code of the invoicing period does not exist; use 3, 35 or 432, or give dates.",
    ),
    "PEPPOL-EN16931-CL007": _CURRENCY,
    "PEPPOL-EN16931-CL008": (
        "Kjøperens eller selgerens adresse har en ukjent ordning (schemeID).",
        "The buyer's or seller's address has an unknown scheme (schemeID).",
    ),
    **{
        f"PEPPOL-EN16931-P{number}": (_REASON[0].format(category), _REASON[1].format(category))
        for number, category in _REASONS.items()
    },
}
