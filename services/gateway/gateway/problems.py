"""What the gateway says no to, in words for the person who reads it. What each kind is, is in catalogue/."""

from uuid import UUID

from hub.errors import Problem
from hub.status import State

UNAUTHENTICATED = Problem(
    code="unauthenticated",
    nb="Nøkkelen mangler, er ukjent, utløpt eller trukket tilbake. Send «Authorization: Bearer <nøkkel>».",
    en="The key is missing, unknown, expired or revoked. Send `Authorization: Bearer <key>`.",
)
NOT_FOUND = Problem(
    code="not-found",
    nb="Dette finnes ikke, eller nøkkelen din har ikke tilgang til det.",
    en="There is no such thing here, or your key may not see it.",
)
IDEMPOTENCY_KEY_MISSING = Problem(
    code="idempotency-key-missing",
    nb="Headeren Idempotency-Key mangler. Send en egen verdi (1–200 tegn) for hver faktura, og den samme ved gjentak.",
    en="The header Idempotency-Key is missing. Send a value of its own (1-200 characters) for each invoice, and the "
    "same one when you repeat it.",
    field="Idempotency-Key",
)
IDEMPOTENCY_KEY_REUSED = Problem(
    code="idempotency-key-reused",
    nb="Denne Idempotency-Key er brukt før med et annet innhold. Bruk en ny verdi for en ny faktura.",
    en="This Idempotency-Key was used before with other content. Use a new value for a new invoice.",
    field="Idempotency-Key",
)
CLIENT_MISSING = Problem(
    code="client-missing",
    nb="Installasjonen handler for flere firmaer. Send firmaets organisasjonsnummer i headeren Hub-Client.",
    en="The install acts for several companies. Send the company's organisation number in the header Hub-Client.",
    field="Hub-Client",
)
NO_CLIENT = Problem(
    code="client-not-allowed",
    nb="Installasjonen er ikke knyttet til noe firma. Be den som forvalter den om å legge til firmaet.",
    en="The install acts for no company. Ask whoever manages it to add the company.",
    field="Hub-Client",
)
RECIPIENT_MISSING = Problem(
    code="recipient-missing",
    nb="Mottakeren mangler adresse. Oppgi kjøpers organisasjonsnummer eller elektroniske adresse, eller registrer "
    "kundenummeret med en adresse først.",
    en="The recipient has no address. Give the buyer's organisation number or electronic address, or register the "
    "customer number with an address first.",
    field="buyer.organisation_number",
)
EMPTY_BATCH = Problem(
    code="malformed",
    nb="Forsendelsen er tom. Send én faktura (JSON) per linje.",
    en="The batch is empty. Send one invoice (JSON) per line.",
)
NO_GZIP = Problem(
    code="malformed",
    nb="Content-Encoding er gzip, men innholdet er ikke hele og gyldige gzip-data. Pakk det på nytt.",
    en="Content-Encoding is gzip, but the content is not whole and valid gzip data. Pack it again.",
    field="Content-Encoding",
)
NO_JSON = Problem(
    code="malformed",
    nb="Delen «invoice» er ikke et JSON-objekt.",
    en="The part `invoice` is no JSON object.",
    field="invoice",
)
NO_UBL = Problem(
    code="malformed",
    nb="Dokumentet er verken en UBL-faktura eller en UBL-kreditnota. Send EHF Fakturering 3.0.",
    en="The document is neither a UBL invoice nor a UBL credit note. Send EHF Billing 3.0.",
)
NO_FORM = Problem(
    code="malformed",
    nb="Innholdet er ikke et helt multipart/form-data-skjema. Se etter «boundary», feltnavn og avslutning.",
    en="The content is no complete multipart/form-data. Look at the boundary, the names of the parts, and the end.",
)
INVOICE_PART = Problem(
    code="form",
    nb="Skjemaet må ha nøyaktig én del som heter «invoice», med fakturaen som JSON eller UBL.",
    en="The form must have exactly one part named `invoice`, with the invoice as JSON or UBL.",
    field="invoice",
)
ATTACHED_TWICE = Problem(
    code="form",
    nb="Vedlegg er oppgitt både i fakturaen (attachments) og som deler av skjemaet. Bruk én av måtene.",
    en="Attachments are given both in the invoice (attachments) and as parts of the form. Use one of the two.",
    field="attachments",
)
NOT_BEFORE = Problem(
    code="invalid",
    nb="send_not_before må være et tidspunkt med tidssone, høyst et år fram, som 2026-12-01T08:00:00+01:00. Husk at "
    "«+» skrives %2B i en adresse.",
    en="send_not_before must be a time with its zone, at most a year ahead, as 2026-12-01T08:00:00+01:00. Remember "
    "that `+` is written %2B in an address.",
    field="send_not_before",
)
INBOX_ITEM_LEASED = Problem(
    code="inbox-item-leased",
    nb="En annen installasjon har hentet dokumentet og har det til behandling. Prøv igjen om ti minutter.",
    en="Another install has fetched the document and is working on it. Try again in ten minutes.",
)
CANCEL_INBOUND = Problem(
    code="cancel-inbound",
    nb="Dokumentet kom til dere utenfra, og bare avsenderen kan stoppe det. Avvis det overfor avsenderen.",
    en="The document came to you from outside, and only its sender can stop it. Reject it towards the sender.",
)
METHOD = Problem(
    code="method",
    nb="Denne adressen kan ikke brukes på den måten. Se /v1/openapi.json.",
    en="This address cannot be used that way. See /v1/openapi.json.",
)
UNAVAILABLE = Problem(
    code="unavailable",
    nb="Tjenesten er ikke tilgjengelig akkurat nå. Ingenting er gått tapt; send det samme igjen om litt.",
    en="The service cannot answer right now. Nothing is lost; send the same again in a while.",
)
INTERNAL = Problem(
    code="internal",
    nb="Noe gikk galt hos oss. Det er meldt videre; send det samme igjen senere.",
    en="Something went wrong on our side. It has been reported; send the same again later.",
)


def forbidden_scope(scope: str) -> Problem:
    """Say that the key lacks a scope."""
    return Problem(
        code="scope-missing",
        nb=f"Nøkkelen mangler tilgangen «{scope}».",
        en=f"The key lacks the scope `{scope}`.",
    )


def client_not_allowed(client: str) -> Problem:
    """Say that the install does not act for the company; equal for companies that are not on the hub."""
    return Problem(
        code="client-not-allowed",
        nb=f"Installasjonen har ikke lov til å handle for {client}. Firmaet må knyttes til installasjonen først.",
        en=f"The install may not act for {client}. The company must be added to the install first.",
        field="Hub-Client",
    )


def engagement_missing(client: str, office: str) -> Problem:
    """Say that the office serves the company no longer, or not yet."""
    return Problem(
        code="engagement-missing",
        nb=f"Regnskapskontoret {office} har ikke noe oppdrag for {client} i dag. Registrer oppdraget, eller la firmaet "
        "sende selv.",
        en=f"The office {office} has no engagement with {client} today. Register the engagement, or let the company "
        "send by itself.",
        field="Hub-Client",
    )


def duplicate_number(number: str, year: int, transaction_id: UUID | None) -> Problem:
    """Say that a live transaction holds this number; name it only to who may read it."""
    which = f" (transaction {transaction_id})" if transaction_id else ""
    hvilken = f" (transaksjon {transaction_id})" if transaction_id else ""
    return Problem(
        code="duplicate-number",
        nb=f"Nummer {number} er allerede sendt for {year}{hvilken}. Er det den samme fakturaen, er alt gjort.",
        en=f"Number {number} was already sent for {year}{which}. If it is the same invoice, all is done.",
        field="number",
    )


def already_ended(state: State, *, may_count: bool) -> Problem:
    """Say why a transaction cannot be cancelled any more, and what to do instead.

    `may_count`: the recipient has it, or may have it.
    """
    if state is State.DELIVERED:
        nb = "Dokumentet er levert og kan ikke stoppes. Er det feil, må det rettes med en kreditnota."
        en = "The document was delivered and cannot be stopped. If it is wrong, correct it with a credit note."
    elif state is State.FAILED and may_count:
        nb = (
            "Sendingen er avsluttet, men mottakeren kan ha fått dokumentet. Spør mottakeren; er det kommet fram, må "
            "det rettes med en kreditnota."
        )
        en = (
            "The delivery has ended, but the recipient may have the document. Ask the recipient; if it arrived, "
            "correct it with a credit note."
        )
    else:
        nb = "Dokumentet nådde ikke mottakeren, så det er ingenting å stoppe. Nummeret kan brukes på nytt."
        en = "The document did not reach the recipient, so there is nothing to stop. Its number can be used again."
    return Problem(code="already-ended", nb=nb, en=en)


def too_large(limit: int) -> Problem:
    """Say how large a request may be."""
    megabytes = f"{limit / 1_000_000:g}"
    return Problem(
        code="too-large",
        nb=f"Forespørselen er for stor; grensen er {megabytes} MB. Send færre eller mindre vedlegg.",
        en=f"The request is too large; the limit is {megabytes} MB. Send fewer or smaller attachments.",
    )


def too_many_lines(given: int, most: int) -> Problem:
    """Say how many invoices a batch may have."""
    return Problem(
        code="too-large",
        nb=f"Forsendelsen har {given} linjer; grensen er {most}. Del den i flere.",
        en=f"The batch has {given} lines; the limit is {most}. Split it.",
    )


def line_changed(number: str) -> Problem:
    """Say that the batch's key covers another invoice of this number."""
    return Problem(
        code="idempotency-key-reused",
        nb=f"Nummer {number} er sendt med et annet innhold under denne forsendelsens Idempotency-Key. Er fakturaen "
        "ny, gi den et nytt nummer; er den rettet, send den under en ny nøkkel.",
        en=f"Number {number} was sent with other content under this batch's Idempotency-Key. If the invoice is new, "
        "give it a new number; if it was corrected, send it under a new key.",
        field="number",
    )


def unknown_part(name: str) -> Problem:
    """Say which parts a form has."""
    return Problem(
        code="form",
        nb=f"Delen «{name[:60]}» er ukjent. Skjemaet har «invoice» og «attachment» (én per fil).",
        en=f"The part `{name[:60]}` is unknown. The form has `invoice` and `attachment` (one per file).",
        field=name[:60],
    )


def too_many_attachments(most: int) -> Problem:
    """Say how many files may go with an invoice."""
    return Problem(
        code="form",
        nb=f"For mange vedlegg; grensen er {most}.",
        en=f"Too many attachments; the limit is {most}.",
        field="attachment",
    )


def attachment_unnamed(field: str) -> Problem:
    """Say that a file needs a name."""
    return Problem(
        code="form",
        nb="Vedlegget mangler filnavn. Oppgi «filename» i Content-Disposition.",
        en="The attachment has no file name. Give `filename` in Content-Disposition.",
        field=field,
    )


def content_encoding(given: str) -> Problem:
    """Say how a request may be packed."""
    return Problem(
        code="content-encoding",
        nb=f"Content-Encoding «{given[:60]}» kan ikke brukes. Send gzip, eller upakket.",
        en=f"The Content-Encoding `{given[:60]}` cannot be used. Send gzip, or unpacked.",
        field="Content-Encoding",
    )


def batch_media_type(given: str) -> Problem:
    """Say what a batch is sent as."""
    return Problem(
        code="media-type",
        nb=f"Innholdstypen «{given[:100]}» kan ikke brukes. Send application/x-ndjson, én faktura (JSON) per linje.",
        en=f"The content type `{given[:100]}` cannot be used. Send application/x-ndjson, one invoice (JSON) per line.",
        field="Content-Type",
    )


def unreadable(found: Problem) -> Problem:
    """Tell of bytes that are no document at all."""
    return found.model_copy(update={"code": "malformed", "field": None})


def media_type(given: str) -> Problem:
    """Say what an invoice can be sent as."""
    return Problem(
        code="media-type",
        nb=f"Innholdstypen «{given[:100]}» kan ikke brukes. Send application/json, UBL som application/xml, eller "
        "multipart/form-data med vedlegg.",
        en=f"The content type `{given[:100]}` cannot be used. Send application/json, UBL as application/xml, or "
        "multipart/form-data with attachments.",
        field="Content-Type",
    )


def malformed(nb: str, en: str, field: str | None = None) -> Problem:
    """Say that the request cannot be read at all."""
    return Problem(code="malformed", nb=nb, en=en, field=field)


def invalid(nb: str, en: str, field: str | None = None) -> Problem:
    """Say that a field's value cannot be used."""
    return Problem(code="invalid", nb=nb, en=en, field=field)


def conflict(nb: str, en: str, field: str | None = None) -> Problem:
    """Say that the register already holds something else there."""
    return Problem(code="register-conflict", nb=nb, en=en, field=field)


def unknown(what_nb: str, what_en: str, identifier: object) -> Problem:
    """Say that an operator named something that the register does not hold."""
    return Problem(
        code="not-found",
        nb=f"Registeret har ikke {what_nb} {identifier}.",
        en=f"The register holds no {what_en} {identifier}.",
    )
