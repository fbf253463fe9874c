"""The document itself: numbers, dates, references, notes, lines, attachments."""

from collections.abc import Mapping

_EMPTY = (
    "Dokumentet har tomme felt. Utelat felt som ikke har noe innhold.",
    "The document has empty fields. Leave out fields that have no content.",
)
_NO_PERIOD = (
    "En periode må ha startdato, sluttdato eller begge deler.",
    "A period must have a start date, an end date, or both.",
)

SENTENCES: Mapping[str, tuple[str, str]] = {
    "BR-01": (
        "Dokumentet sier ikke hvilken spesifikasjon det følger.",
        "The document does not say which specification it follows.",
    ),
    "BR-02": ("Fakturanummeret mangler.", "The invoice number is missing."),
    "BR-03": ("Fakturadatoen mangler.", "The issue date is missing."),
    "BR-04": (
        "Fakturatypen mangler: 380 for faktura, 381 for kreditnota.",
        "The type is missing: 380 for an invoice, 381 for a credit note.",
    ),
    "BR-05": ("Valutakoden mangler, for eksempel NOK.", "The currency code is missing, for instance NOK."),
    "BR-16": ("Fakturaen har ingen linjer.", "The invoice has no lines."),
    "BR-21": ("En linje mangler linjenummer.", "A line has no line number."),
    "BR-22": ("En linje mangler antall.", "A line has no quantity."),
    "BR-23": ("En linje mangler enhet, for eksempel C62 (stk).", "A line has no unit, for instance C62 (one)."),
    "BR-25": ("En linje mangler varenavn eller tekst.", "A line has no item name or text."),
    "BR-29": ("Fakturaperioden slutter før den begynner.", "The invoicing period ends before it starts."),
    "BR-30": ("Linjens periode slutter før den begynner.", "The line's period ends before it starts."),
    "BR-CO-19": _NO_PERIOD,
    "BR-CO-20": _NO_PERIOD,
    "BR-CO-03": (
        "Oppgi enten dato for avgiftsplikt eller kode for den, ikke begge.",
        "Give either the tax point date or its code, not both.",
    ),
    "BR-CO-25": (
        "Oppgi forfallsdato eller betalingsbetingelser når noe skal betales.",
        "Give a due date or payment terms when there is an amount to pay.",
    ),
    "BR-52": ("Et vedlegg mangler navn eller nummer.", "An attachment has no name or number."),
    "BR-54": ("En vareegenskap må ha både navn og verdi.", "A property of an item needs both a name and a value."),
    "BR-55": (
        "Henvisningen til en tidligere faktura mangler fakturanummeret.",
        "The reference to an earlier invoice lacks its number.",
    ),
    "BR-64": (
        "Varens standardnummer mangler ordning, for eksempel 0160 for GTIN.",
        "The item's standard number lacks its scheme, for instance 0160 for GTIN.",
    ),
    "BR-65": (
        "Vareklassen mangler kodeverk, for eksempel STI for CPV.",
        "The item's class lacks its list, for instance STI for CPV.",
    ),
    "UBL-DT-06": ("Et vedlegg mangler filtype (mimeCode).", "An attachment lacks its type (mimeCode)."),
    "UBL-DT-07": ("Et vedlegg mangler filnavn.", "An attachment lacks its file name."),
    "UBL-SR-48": ("Hver linje må ha nøyaktig én avgiftskategori.", "Every line must have exactly one VAT category."),
    "EHF-REMINDER-B00106": (
        "Purringen må vise til fakturaen den gjelder.",
        "The reminder must refer to the invoice that it is about.",
    ),
    "EHF-COMMON-R001": _EMPTY,
    "EHF-COMMON-R002": _EMPTY,
    "PEPPOL-EN16931-R008": _EMPTY,
    "PEPPOL-EN16931-R001": (
        "Dokumentet sier ikke hvilken prosess (profil) det hører til.",
        "The document does not say which process (profile) it belongs to.",
    ),
    "PEPPOL-EN16931-R002": (
        "Fakturaen kan bare ha én merknad. Slå dem sammen til én.",
        "The invoice can have one note only. Put them together.",
    ),
    "PEPPOL-EN16931-R003": (
        "Oppgi kjøperens referanse eller et bestillingsnummer.",
        "Give the buyer's reference or an order number.",
    ),
    "PEPPOL-EN16931-R004": (
        "Dokumentet oppgir en annen spesifikasjon enn EHF Fakturering 3.0 (Peppol BIS Billing 3).",
        "The document names another specification than EHF Billing 3.0 (Peppol BIS Billing 3).",
    ),
    "PEPPOL-EN16931-R007": (
        "Prosessen (profilen) er ikke en av dem som Peppol BIS Billing 3 har.",
        "The process (profile) is none of those of Peppol BIS Billing 3.",
    ),
    "PEPPOL-EN16931-R080": (
        "Fakturaen kan bare ha én prosjektreferanse.",
        "The invoice can have one project reference only.",
    ),
    "PEPPOL-EN16931-R100": (
        "En linje kan bare vise til ett objekt, for eksempel ett abonnement eller én måler.",
        "A line can refer to one object only, such as one subscription or one meter.",
    ),
    "PEPPOL-EN16931-R110": (
        "Linjens periode begynner utenfor fakturaperioden.",
        "The line's period starts outside the invoicing period.",
    ),
    "PEPPOL-EN16931-R111": (
        "Linjens periode slutter utenfor fakturaperioden.",
        "The line's period ends outside the invoicing period.",
    ),
    "PEPPOL-EN16931-P0100": (
        "Fakturatypen kan ikke brukes her. Vanlige fakturaer har 380.",
        "The invoice type cannot be used here. Ordinary invoices have 380.",
    ),
    "PEPPOL-EN16931-P0101": (
        "Kreditnotatypen kan ikke brukes her. Vanlige kreditnotaer har 381.",
        "The credit note type cannot be used here. Ordinary credit notes have 381.",
    ),
    "PEPPOL-EN16931-F001": ("En dato må skrives ÅÅÅÅ-MM-DD.", "A date must be written YYYY-MM-DD."),
}
