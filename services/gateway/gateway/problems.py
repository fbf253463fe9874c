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


def media_type(given: str) -> Problem:
    """Say what an invoice can be sent as."""
    return Problem(
        code="media-type",
        nb=f"Innholdstypen «{given[:100]}» kan ikke brukes. Send application/json, eller UBL som application/xml.",
        en=f"The content type `{given[:100]}` cannot be used. Send application/json, or UBL as application/xml.",
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
