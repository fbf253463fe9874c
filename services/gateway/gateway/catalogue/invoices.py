"""Why an invoice ends as refused (or is warned about), and what the door refuses for the same reasons: our own checks.

An official rule that does not hold is of the kind `rule`, with its id (BR-CO-25) beside it.
"""

from gateway.catalogue.kinds import Kind, Words


def _finding(code: str, title: Words, cause: Words, remedy: Words) -> Kind:
    """Make a kind that is 422 where the door finds it."""
    return Kind(code, 422, title, cause, remedy)


_FIELD = Words("Rett feltet som er nevnt, og send fakturaen på nytt.", "Correct the field named, and send it again.")

INVOICES = (
    _finding(
        "rule",
        Words("En offisiell regel er brutt", "An official rule is broken"),
        Words(
            "Dokumentet følger ikke en regel i UBL, EN 16931 eller Peppol BIS/EHF. Regelens id står i `rule`.",
            "The document breaks a rule of UBL, EN 16931 or Peppol BIS/EHF. `rule` holds its id.",
        ),
        _FIELD,
    ),
    _finding(
        "json",
        Words("Feltet kan ikke leses", "The field cannot be read"),
        Words(
            "Et felt i fakturaen mangler, er ukjent, eller har en verdi av feil slag.",
            "A field of the invoice is missing, unknown, or has a value of the wrong kind.",
        ),
        _FIELD,
    ),
    _finding(
        "document",
        Words("Dokumentet kan ikke leses", "The document cannot be read"),
        Words(
            "XML-dokumentet er ikke velformet, er for stort, eller har feil tegnsett.",
            "The XML document is not well-formed, is too large, or has the wrong encoding.",
        ),
        Words("Lag dokumentet på nytt i økonomisystemet.", "Make the document anew in the accounting system."),
    ),
    _finding(
        "document-type",
        Words("Dokumenttypen støttes ikke", "The document type is not supported"),
        Words(
            "Dokumentet er ikke av en type vi kan kontrollere og sende.",
            "The document is of no type that can be judged and sent here.",
        ),
        Words("Send EHF Fakturering 3.0 eller EHF Purring.", "Send EHF Billing 3.0 or EHF Reminder."),
    ),
    _finding(
        "rules-crashed",
        Words("Dokumentet kunne ikke kontrolleres", "The document could not be judged"),
        Words(
            "Kontrollen ga opp på dokumentet, så vi vet ikke om det følger reglene.",
            "The rules gave up on the document, so whether it follows them is unknown.",
        ),
        Words("Forenkle dokumentet, eller kontakt kundestøtte.", "Simplify the document, or contact support."),
    ),
    _finding(
        "account",
        Words("Kontonummeret kan ikke brukes", "The account number cannot be used"),
        Words(
            "Kontonummer eller IBAN mangler, er ugyldig, eller de to er forskjellige konti.",
            "Account number or IBAN is missing, invalid, or the two are different accounts.",
        ),
        _FIELD,
    ),
    _finding(
        "adjustment",
        Words("Et tillegg eller fradrag stemmer ikke", "An allowance or charge does not agree"),
        Words(
            "Tillegget eller fradraget mangler beløp, eller beløpet stemmer ikke med satsen.",
            "The allowance or charge has no amount, or its amount disagrees with its rate.",
        ),
        _FIELD,
    ),
    _finding(
        "amount",
        Words("Beløpet er for stort", "The amount is too large"),
        Words("Et beløp har flere sifre enn noen faktura har.", "An amount has more digits than any invoice has."),
        _FIELD,
    ),
    _finding(
        "total",
        Words("En sum stemmer ikke", "A total does not agree"),
        Words(
            "Beløpet som er oppgitt, er et annet enn det linjene gir.",
            "The amount given differs from what the lines come to.",
        ),
        Words(
            "Rett linjene eller summen, eller utelat summen: den blir beregnet.",
            "Correct the lines or the total, or leave the total out: it is computed.",
        ),
    ),
    _finding(
        "attachment",
        Words("Et vedlegg kan ikke brukes", "An attachment cannot be used"),
        Words(
            "Vedlegget er for stort, av en type som ikke er tillatt, eller har navn eller innhold som ikke passer.",
            "The attachment is too large, of a type that is not allowed, or its name or content does not fit.",
        ),
        Words(
            "Send PDF, PNG, JPEG, CSV, XLSX eller ODS, med ulike filnavn.",
            "Send PDF, PNG, JPEG, CSV, XLSX or ODS, with differing file names.",
        ),
    ),
    _finding(
        "buyer",
        Words("Opplysninger om kjøperen mangler", "Something about the buyer is missing"),
        Words(
            "Navn eller adresse står verken i fakturaen eller i kunderegisteret.",
            "Name or address is neither in the invoice nor in the customer register.",
        ),
        Words(
            "Oppgi det i fakturaen, eller registrer kunden med det.",
            "Give it in the invoice, or register the customer with it.",
        ),
    ),
    _finding(
        "credits",
        Words("Kreditnotaen viser ikke til noen faktura", "The credit note refers to no invoice"),
        Words("Feltet `credits` mangler.", "The field `credits` is missing."),
        Words("Oppgi fakturaens nummer i `credits`.", "Give the invoice's number in `credits`."),
    ),
    _finding(
        "due-date",
        Words("Forfallsdato mangler", "The due date is missing"),
        Words("Verken forfallsdato eller betalingsbetingelser er oppgitt.", "Neither due date nor terms are given."),
        Words("Oppgi due_date eller payment_terms.", "Give due_date or payment_terms."),
    ),
    _finding(
        "identifier",
        Words("En identifikator er ugyldig", "An identifier is invalid"),
        Words(
            "Et mva-nummer, GLN eller en annen identifikator har feil form eller kontrollsiffer.",
            "A VAT number, GLN or other identifier has the wrong form or check digit.",
        ),
        _FIELD,
    ),
    _finding(
        "organisation-number",
        Words("Organisasjonsnummeret er ugyldig", "The organisation number is invalid"),
        Words("Kontrollsifferet stemmer ikke.", "The check digit is wrong."),
        Words("Se etter tastefeil.", "Look for a typing error."),
    ),
    _finding(
        "kid",
        Words("KID kan ikke brukes", "The KID cannot be used"),
        Words(
            "KID har feil kontrollsiffer, følger ikke firmaets KID-avtale, eller er oppgitt på flere måter.",
            "The KID has a wrong check digit, does not follow the company's agreement, or is given in several ways.",
        ),
        _FIELD,
    ),
    _finding(
        "line",
        Words("En linje er ufullstendig", "A line is incomplete"),
        Words("Linjen mangler pris eller beløp.", "The line has neither a price nor an amount."),
        _FIELD,
    ),
    _finding(
        "mandate",
        Words("Avtalens referanse mangler", "The mandate's reference is missing"),
        Words("Direkte debitering krever den.", "Direct debit needs it."),
        _FIELD,
    ),
    _finding(
        "national-id",
        Words("Feltet ser ut til å ha et fødselsnummer", "The field seems to hold a national identity number"),
        Words("Fødselsnummer skal ikke stå i en faktura.", "It does not belong in an invoice."),
        Words("Bruk navn og adresse.", "Use name and address."),
    ),
    _finding(
        "payee",
        Words("Betalingsmottakeren er selgeren selv", "The payee is the seller"),
        Words("Feltet er for en annen mottaker enn selgeren.", "The field is for another payee than the seller."),
        Words("Fjern feltet.", "Remove the field."),
    ),
    _finding(
        "period",
        Words("Perioden kan ikke brukes", "The period cannot be used"),
        Words("Perioden slutter før den begynner, eller mangler datoer.", "It ends before it begins, or lacks dates."),
        _FIELD,
    ),
    _finding(
        "reminder",
        Words("Purringen er ufullstendig", "The reminder is incomplete"),
        Words(
            "Felt som hører til en purring, mangler eller står i et annet dokument.",
            "Fields of a reminder are missing, or stand in another document.",
        ),
        _FIELD,
    ),
    _finding(
        "response",
        Words("Svaret på fakturaen kan ikke brukes", "The response to the invoice cannot be used"),
        Words("Kode, begrunnelse eller dato mangler.", "A code, its reason, or a date is missing."),
        _FIELD,
    ),
    _finding(
        "vat",
        Words("Merverdiavgiften stemmer ikke", "The VAT does not agree"),
        Words(
            "Kategori, sats eller SAF-T-kode passer ikke sammen, med datoen eller med firmaets mva-registrering.",
            "Category, rate or SAF-T code disagree with each other, the date, or the company's VAT registration.",
        ),
        _FIELD,
    ),
    _finding(
        "vat-in-nok",
        Words("Avgift i kroner mangler", "VAT in NOK is missing"),
        Words(
            "En faktura i en annen valuta må oppgi avgiften i norske kroner.",
            "An invoice in another currency must state its VAT in NOK.",
        ),
        Words("Oppgi vat_in_nok.", "Give vat_in_nok."),
    ),
)
