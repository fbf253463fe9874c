"""What a request can be answered with instead of success."""

from gateway.catalogue.kinds import Kind, Words

ASKING = (
    Kind(
        "malformed",
        400,
        Words("Forespørselen kan ikke leses", "The request cannot be read"),
        Words(
            "Innholdet er ikke det innholdstypen sier: ugyldig JSON, XML som ikke er velformet, eller et annet format.",
            "The content is not what its content type says: invalid JSON, XML that is not well-formed, or another "
            "format.",
        ),
        Words("Rett innholdet og send det på nytt.", "Correct the content and send it again."),
    ),
    Kind(
        "idempotency-key-missing",
        400,
        Words("Idempotency-Key mangler", "Idempotency-Key is missing"),
        Words(
            "Uten en nøkkel per faktura kan vi ikke kjenne igjen et gjentak.",
            "Without a key per invoice a repetition cannot be told from a new invoice.",
        ),
        Words(
            "Send headeren Idempotency-Key med 1–200 tegn, en egen verdi for hver faktura.",
            "Send the header Idempotency-Key with 1–200 characters, a value of its own for each invoice.",
        ),
    ),
    Kind(
        "unauthenticated",
        401,
        Words("Det kreves en gyldig nøkkel", "A valid key is required"),
        Words(
            "Nøkkelen mangler, er ukjent, utløpt eller trukket tilbake.",
            "The key is missing, unknown, expired or revoked.",
        ),
        Words(
            "Send «Authorization: Bearer <nøkkel>» med nøkkelen slik den ble vist da den ble laget, eller be om en ny.",
            "Send `Authorization: Bearer <key>` with the key as it was shown when it was made, or ask for a new one.",
        ),
    ),
    Kind(
        "scope-missing",
        403,
        Words("Nøkkelen mangler en tilgang", "The key lacks a scope"),
        Words(
            "Nøkkelen er gyldig, men åpner ikke denne delen av tjenesten.",
            "The key is valid, but does not open this part of the service.",
        ),
        Words(
            "Bruk en nøkkel med tilgangen som nevnes, eller be den som forvalter installasjonen om en.",
            "Use a key with the scope that is named, or ask whoever manages the install for one.",
        ),
    ),
    Kind(
        "client-not-allowed",
        403,
        Words("Installasjonen kan ikke handle for dette firmaet", "The install may not act for this company"),
        Words(
            "Firmaet i Hub-Client er ikke knyttet til installasjonen.",
            "The company in Hub-Client has not been added to the install.",
        ),
        Words(
            "Kontroller organisasjonsnummeret, eller be den som forvalter installasjonen om å legge til firmaet.",
            "Check the organisation number, or ask whoever manages the install to add the company.",
        ),
    ),
    Kind(
        "engagement-missing",
        403,
        Words("Kontoret har ikke oppdrag for dette firmaet", "The office has no engagement with this company"),
        Words(
            "Oppdraget er ikke registrert, ikke begynt eller avsluttet.",
            "The engagement is not registered, has not begun, or has ended.",
        ),
        Words(
            "Registrer oppdraget, eller la firmaet sende selv.",
            "Register the engagement, or let the company send by itself.",
        ),
    ),
    Kind(
        "not-found",
        404,
        Words("Finnes ikke", "Not found"),
        Words(
            "Det finnes ikke, eller nøkkelen har ikke tilgang til det. Svaret er det samme i begge tilfeller.",
            "There is no such thing, or the key may not see it. The answer is the same in both cases.",
        ),
        Words("Kontroller adressen og nøkkelen.", "Check the address and the key."),
    ),
    Kind(
        "method",
        405,
        Words("Metoden kan ikke brukes her", "The method cannot be used here"),
        Words("Adressen finnes, men ikke med denne metoden.", "The address exists, but not with this method."),
        Words("Se /v1/openapi.json.", "See /v1/openapi.json."),
    ),
    Kind(
        "duplicate-number",
        409,
        Words("Nummeret er i bruk", "The number is in use"),
        Words(
            "En levende transaksjon har samme selger, nummer, dokumenttype og fakturaår. Kan du lese den, står den "
            "i transaction_id.",
            "A live transaction has the same seller, number, document type and year of issue. If you may read it, "
            "transaction_id names it.",
        ),
        Words(
            "Er det samme faktura, er alt gjort. Ellers bruk et nytt nummer. Nummeret blir ledig når transaksjonen er "
            "avvist, avbrutt, kommet i retur, eller har feilet uten at noe ble sendt.",
            "If it is the same invoice, all is done. Otherwise use a new number. The number is free again once the "
            "transaction was refused, cancelled or returned, or failed with proof that nothing was sent.",
        ),
    ),
    Kind(
        "already-ended",
        409,
        Words("Transaksjonen er avsluttet", "The transaction has ended"),
        Words(
            "Den er levert, eller har endt på en annen måte, og kan ikke avbrytes.",
            "It was delivered, or ended otherwise, and cannot be cancelled.",
        ),
        Words(
            "Er dokumentet levert og feil, send en kreditnota. Nådde det ikke fram, er det ingenting å stoppe.",
            "If the document was delivered and is wrong, send a credit note. If it did not arrive, there is nothing to "
            "stop.",
        ),
    ),
    Kind(
        "cancel-inbound",
        409,
        Words("Dokumentet kom utenfra", "The document came from outside"),
        Words("Bare avsenderen kan stoppe et dokument som kom til dere.", "Only its sender can stop what came to you."),
        Words("Avvis det overfor avsenderen.", "Reject it towards the sender."),
    ),
    Kind(
        "inbox-item-leased",
        409,
        Words("En annen installasjon har dokumentet", "Another install has the document"),
        Words(
            "En annen installasjon for samme firma hentet det for under ti minutter siden.",
            "Another install of the same company fetched it less than ten minutes ago.",
        ),
        Words("Prøv igjen om ti minutter.", "Try again in ten minutes."),
    ),
    Kind(
        "register-conflict",
        409,
        Words("Registeret har noe annet", "The register holds something else"),
        Words(
            "Det som skal registreres, kommer i strid med noe som allerede er registrert.",
            "What is to be registered conflicts with what already is.",
        ),
        Words("Se hva registeret har, og endre eller avslutt det først.", "See what there is; change or end it first."),
    ),
    Kind(
        "too-large",
        413,
        Words("Forespørselen er for stor", "The request is too large"),
        Words("Innholdet er større enn grensen som nevnes.", "The content is larger than the limit that is named."),
        Words("Send mindre om gangen.", "Send less at a time."),
    ),
    Kind(
        "media-type",
        415,
        Words("Innholdstypen kan ikke brukes", "The content type cannot be used"),
        Words("Content-Type er ingen av dem adressen tar imot.", "Content-Type is none that the address takes."),
        Words("Send en av innholdstypene som nevnes.", "Send one of the content types that are named."),
    ),
    Kind(
        "content-encoding",
        415,
        Words("Pakkingen kan ikke brukes", "The content encoding cannot be used"),
        Words("Content-Encoding er noe annet enn gzip.", "Content-Encoding is something else than gzip."),
        Words("Send innholdet som gzip, eller upakket.", "Send the content as gzip, or unpacked."),
    ),
    Kind(
        "form",
        422,
        Words("Skjemaet kan ikke brukes", "The form cannot be used"),
        Words(
            "Et multipart-skjema mangler fakturaen, har en ukjent del, for mange vedlegg eller et vedlegg uten navn.",
            "A multipart form lacks the invoice, has an unknown part, too many attachments, or one without a name.",
        ),
        Words(
            "Send én del «invoice» og en del «attachment» per fil, hver med filnavn.",
            "Send one part `invoice` and a part `attachment` per file, each with its file name.",
        ),
    ),
    Kind(
        "invalid",
        422,
        Words("Innholdet kan ikke brukes", "The content cannot be used"),
        Words(
            "Et felt eller en parameter mangler, er ukjent, eller har en verdi som ikke kan brukes.",
            "A field or parameter is missing, unknown, or has a value that cannot be used.",
        ),
        Words("Rett hvert felt som er nevnt i `errors`.", "Correct each field named in `errors`."),
    ),
    Kind(
        "idempotency-key-reused",
        422,
        Words("Idempotency-Key er brukt til noe annet", "Idempotency-Key was used for something else"),
        Words(
            "Samme nøkkel er brukt før med et annet innhold eller for et annet firma.",
            "The same key was used before with other content or for another company.",
        ),
        Words(
            "Bruk en ny verdi for en ny faktura, og den samme bare for et gjentak.",
            "Use a new value for a new invoice, and the same one only for a repetition.",
        ),
    ),
    Kind(
        "client-missing",
        422,
        Words("Hub-Client mangler", "Hub-Client is missing"),
        Words("Installasjonen handler for flere firmaer.", "The install acts for several companies."),
        Words(
            "Send firmaets organisasjonsnummer i headeren Hub-Client.",
            "Send the company's organisation number in the header Hub-Client.",
        ),
    ),
    Kind(
        "seller-not-client",
        422,
        Words("Selgeren er ikke firmaet det sendes for", "The seller is not the client"),
        Words(
            "Selgeren i UBL-dokumentet er et annet firma enn det i Hub-Client.",
            "The seller in the UBL document is another company than the one in Hub-Client.",
        ),
        Words(
            "Rett selgeren, eller velg riktig firma i Hub-Client.",
            "Correct the seller, or choose the right company in Hub-Client.",
        ),
    ),
    Kind(
        "recipient-missing",
        422,
        Words("Mottakeren mangler adresse", "The recipient has no address"),
        Words(
            "Fakturaen har verken organisasjonsnummer, elektronisk adresse eller et registrert kundenummer.",
            "The invoice has neither an organisation number, an electronic address, nor a registered customer number.",
        ),
        Words(
            "Oppgi en av dem, eller registrer kunden med en adresse først.",
            "Give one of them, or register the customer with an address first.",
        ),
    ),
    Kind(
        "sftp-target-invalid",
        422,
        Words("SFTP-adressen kan ikke brukes", "The SFTP address cannot be used"),
        Words(
            "Noe i SFTP-adressen er ufullstendig eller ugyldig.",
            "Something in the SFTP address is incomplete or invalid.",
        ),
        Words("Rett feltet som er nevnt.", "Correct the field that is named."),
    ),
    Kind(
        "sftp-secret-needed",
        422,
        Words("Passord eller nøkkel må oppgis på nytt", "The password or key must be given anew"),
        Words(
            "Tjener eller bruker er endret, og hemmeligheten som er lagret, gjelder den forrige.",
            "Server or user changed, and the secret that is stored was for the former one.",
        ),
        Words("Oppgi passord eller nøkkel sammen med adressen.", "Give password or key together with the address."),
    ),
    Kind(
        "internal",
        500,
        Words("Noe gikk galt hos oss", "Something went wrong here"),
        Words("En feil i tjenesten. Den er meldt videre.", "A fault in the service. It has been reported."),
        Words(
            "Send det samme igjen senere; samme Idempotency-Key gjør at ingenting sendes to ganger.",
            "Send the same again later; with the same Idempotency-Key nothing is sent twice.",
        ),
    ),
    Kind(
        "unavailable",
        503,
        Words("Ikke tilgjengelig akkurat nå", "Not available right now"),
        Words("Noe tjenesten trenger, svarer ikke.", "Something that the service needs does not answer."),
        Words(
            "Send det samme igjen etter tiden i Retry-After. Ingenting er gått tapt.",
            "Send the same again after the time in Retry-After. Nothing is lost.",
        ),
    ),
)
