"""Payment, prices, allowances, charges and totals."""

from collections.abc import Mapping

_NO_ACCOUNT = ("Kontonummeret mangler.", "The account number is missing.")
_NO_REASON = (
    "En rabatt eller et tillegg mangler årsak. Oppgi årsaken som tekst eller kode.",
    "An allowance or charge lacks its reason. Give the reason as text or code.",
)
_NO_AMOUNT = ("En rabatt eller et tillegg mangler beløp.", "An allowance or charge has no amount.")
_NO_CATEGORY = (
    "En rabatt eller et tillegg mangler avgiftskategori.",
    "An allowance or charge has no VAT category.",
)

SENTENCES: Mapping[str, tuple[str, str]] = {
    "BR-12": ("Summen av linjene mangler.", "The sum of the lines is missing."),
    "BR-13": ("Totalbeløpet uten merverdiavgift mangler.", "The total without VAT is missing."),
    "BR-14": ("Totalbeløpet med merverdiavgift mangler.", "The total with VAT is missing."),
    "BR-15": ("Beløpet å betale mangler.", "The amount due is missing."),
    "BR-24": ("En linje mangler beløp.", "A line has no amount."),
    "BR-26": ("En linje mangler pris.", "A line has no price."),
    "BR-27": (
        "En pris kan ikke være negativ; la antallet være det.",
        "A price cannot be negative; let the quantity be.",
    ),
    "BR-28": ("En pris før rabatt kan ikke være negativ.", "A price before discount cannot be negative."),
    "BR-31": _NO_AMOUNT,
    "BR-32": _NO_CATEGORY,
    "BR-33": _NO_REASON,
    "BR-36": _NO_AMOUNT,
    "BR-37": _NO_CATEGORY,
    "BR-38": _NO_REASON,
    "BR-41": _NO_AMOUNT,
    "BR-42": _NO_REASON,
    "BR-43": _NO_AMOUNT,
    "BR-44": _NO_REASON,
    "BR-CO-21": _NO_REASON,
    "BR-CO-22": _NO_REASON,
    "BR-CO-23": _NO_REASON,
    "BR-CO-24": _NO_REASON,
    "BR-49": (
        "Betalingsmåten mangler, for eksempel 30 for betaling til konto.",
        "The means of payment is missing, for instance 30 for a transfer to an account.",
    ),
    "BR-50": _NO_ACCOUNT,
    "BR-61": _NO_ACCOUNT,
    "BR-CO-10": (
        "Summen av linjene stemmer ikke med linjenes beløp.",
        "The sum of the lines does not agree with the lines' amounts.",
    ),
    "BR-CO-11": (
        "Summen av rabatter stemmer ikke med rabattene.",
        "The sum of the allowances does not agree with the allowances.",
    ),
    "BR-CO-12": (
        "Summen av tillegg stemmer ikke med tilleggene.",
        "The sum of the charges does not agree with the charges.",
    ),
    "BR-CO-13": (
        "Totalbeløpet uten merverdiavgift stemmer ikke: linjer minus rabatter pluss tillegg.",
        "The total without VAT is wrong: lines minus allowances plus charges.",
    ),
    "BR-CO-15": (
        "Totalbeløpet med merverdiavgift stemmer ikke: totalbeløpet uten avgift pluss avgiften.",
        "The total with VAT is wrong: the total without VAT plus the VAT.",
    ),
    "BR-CO-16": (
        "Beløpet å betale stemmer ikke: totalbeløpet minus det som er betalt, pluss øreavrunding.",
        "The amount due is wrong: the total minus what has been paid, plus rounding.",
    ),
    "UBL-SR-44": (
        "Fakturaen kan bare ha én KID eller betalingsreferanse.",
        "The invoice can have one KID or payment reference only.",
    ),
    "PEPPOL-EN16931-R040": (
        "En rabatt eller et tillegg er ikke grunnlaget ganger prosenten.",
        "An allowance or charge is not its base times its percentage.",
    ),
    "PEPPOL-EN16931-R041": (
        "En rabatt eller et tillegg i prosent mangler grunnlaget.",
        "An allowance or charge with a percentage lacks its base amount.",
    ),
    "PEPPOL-EN16931-R042": (
        "En rabatt eller et tillegg med grunnlag mangler prosenten.",
        "An allowance or charge with a base amount lacks its percentage.",
    ),
    "PEPPOL-EN16931-R044": (
        "En pris kan bare ha en rabatt, ikke et tillegg.",
        "A price can have a discount only, not a charge.",
    ),
    "PEPPOL-EN16931-R046": (
        "Prisen er ikke prisen før rabatt minus rabatten.",
        "The price is not the price before discount minus the discount.",
    ),
    "PEPPOL-EN16931-R051": (
        "Et beløp har en annen valuta enn fakturaen.",
        "An amount has another currency than the invoice.",
    ),
    "PEPPOL-EN16931-R061": (
        "Trekk fra konto (avtalegiro) krever nummeret på fullmakten.",
        "Direct debit needs the number of its mandate.",
    ),
    "PEPPOL-EN16931-R120": (
        "Linjens beløp er ikke antall ganger pris, med rabatter og tillegg.",
        "The line's amount is not quantity times price, with allowances and charges.",
    ),
    "PEPPOL-EN16931-R121": (
        "Antallet som prisen gjelder for, må være større enn 0.",
        "The quantity that a price is for must be greater than 0.",
    ),
    "PEPPOL-EN16931-R130": (
        "Antallet som prisen gjelder for, må ha samme enhet som linjens antall.",
        "The quantity that a price is for must have the same unit as the line's quantity.",
    ),
}
