"""Why a transaction goes no further, waits, or is in doubt, once it was found good."""

from gateway.catalogue.kinds import Kind, Words


def _told(code: str, title: Words, cause: Words, remedy: Words) -> Kind:
    """Make a kind that decides no answer: the transaction tells of it."""
    return Kind(code, None, title, cause, remedy)


_SUPPORT = Words("Kontakt kundestøtte.", "Contact support.")
_NOTHING_TO_DO = Words("Ingenting; vi prøver igjen.", "Nothing; we try again.")
_ASK_RECIPIENT = Words(
    "Spør mottakeren om dokumentet er kommet før du sender det på nytt.",
    "Ask the recipient whether the document arrived before you send it again.",
)
_ADDRESS = Words("Rett adressen på kunden, og send på nytt.", "Correct the customer's address, and send again.")

_ROUTING = (
    _told(
        "no-route",
        Words("Ingen kanal når mottakeren", "No channel reaches the recipient"),
        Words("Hver kanal er forsøkt, og teksten sier hvorfor ikke.", "Each was tried, and the text says why not."),
        Words(
            "Velg en kanal på kunden, eller be mottakeren aktivere mottak. Send så på nytt.",
            "Choose a channel for the customer, or ask the recipient to activate receiving. Then send again.",
        ),
    ),
    _told(
        "not-activated",
        Words("Firmaet har ikke aktivert sending", "The company has not activated sending"),
        Words("Kanalen finnes, men krever aktivert sending.", "There is a channel, but it needs activated sending."),
        Words("Aktiver sending, og send på nytt.", "Activate sending, and send again."),
    ),
    _told(
        "not-fit",
        Words("Dokumentet oppfyller ikke kanalens krav", "The document does not meet the channel's demands"),
        Words("Det har merknader som denne kanalen ikke godtar.", "It has findings that this channel does not accept."),
        Words("Rett merknadene, og send på nytt.", "Correct what was found, and send again."),
    ),
    _told(
        "no-ftp-target",
        Words("SFTP-adressen mangler", "The SFTP address is missing"),
        Words("Kunden er satt opp med SFTP, men uten adresse.", "The customer has SFTP chosen, but no address."),
        Words("Legg inn SFTP-adressen på kunden.", "Enter the customer's SFTP address."),
    ),
    _told(
        "recipient-not-on-hub",
        Words("Mottakeren bruker ikke Sentral", "The recipient does not use Sentral"),
        Words("Innboksen i Sentral er bare for kunder.", "The inbox in Sentral is for customers only."),
        Words("Velg en annen kanal på kunden.", "Choose another channel for the customer."),
    ),
    _told(
        "receiving-not-activated",
        Words("Mottakeren har ikke aktivert mottak", "The recipient has not activated receiving"),
        Words("Mottakeren bruker Sentral, men ikke til mottak.", "It uses Sentral, but not for receiving."),
        Words("Be mottakeren aktivere mottak.", "Ask the recipient to activate receiving."),
    ),
    _told(
        "inbox-not-fetched",
        Words("Mottakeren henter ikke innboksen sin", "The recipient does not fetch its inbox"),
        Words("Ingen har hentet den på lenge.", "Nobody has fetched it for long."),
        Words("Be mottakeren koble til økonomisystemet igjen.", "Ask it to connect its accounting system again."),
    ),
    _told(
        "not-receiving",
        Words("Mottakeren tar ikke lenger imot", "The recipient receives no longer"),
        Words("Mottaket ble slått av mens dokumentet var på vei.", "Receiving ended while the document was under way."),
        Words("Send på nytt, så velges en annen vei.", "Send again, and another way is chosen."),
    ),
    _told(
        "no-receiver",
        Words("Dokumentet utenfra kan ikke leveres her", "The document from outside cannot be delivered here"),
        Words("Mottakeren tar ikke imot gjennom Sentral.", "Its recipient does not receive through Sentral."),
        Words("Avsenderen må velge en annen vei.", "Its sender must choose another way."),
    ),
    _told(
        "test-not-sent",
        Words("Prøver blir ikke sendt", "Tests are not sent"),
        Words("Fakturaen er sendt inn med en prøvenøkkel.", "The invoice was submitted with a test key."),
        Words("Bruk en vanlig nøkkel når den skal sendes.", "Use a real key when it is to be sent."),
    ),
)

_SENDING = (
    _told(
        "delivery-interrupted",
        Words("Forsendelsen ble avbrutt", "The delivery was interrupted"),
        Words("Vi vet ikke om mottakeren fikk dokumentet.", "Whether the recipient got the document is unknown."),
        Words("Vent; vi spør mottakersystemet igjen.", "Wait; we ask the recipient's system again."),
    ),
    _told(
        "delivery-error",
        Words("Forsendelsen feilet hos oss", "The delivery failed on our side"),
        Words("En feil i tjenesten; ingenting er sendt.", "A fault in the service; nothing was sent."),
        _NOTHING_TO_DO,
    ),
    _told(
        "delivery-settled-failed",
        Words("Avsluttet uten at vi vet om det kom fram", "Ended without knowing whether it arrived"),
        Words("Vi fikk aldri vite om mottakeren fikk dokumentet.", "It was never found out."),
        _ASK_RECIPIENT,
    ),
    _told(
        "delivery-settled-not-sent",
        Words("Dokumentet kom ikke fram", "The document did not arrive"),
        Words("Det er funnet ut at mottakeren ikke fikk noe.", "The recipient is known to have got nothing."),
        Words("Send det på nytt.", "Send it again."),
    ),
    _told(
        "delivery-did-not-arrive",
        Words("Dokumentet kom likevel ikke fram", "The document did not arrive after all"),
        Words("Det ble funnet ut etter at det var meldt levert.", "That was found out after it was told as delivered."),
        Words("Send det på nytt.", "Send it again."),
    ),
    _told(
        "delivery-not-sent",
        Words("Mottakeren har ikke fått noe", "The recipient got nothing"),
        Words("Det ble funnet ut etter at forsendelsen var avsluttet.", "That was found out after the delivery ended."),
        Words("Send på nytt; nummeret kan brukes igjen.", "Send again; the number may be used again."),
    ),
    _told(
        "address-closed",
        Words("Adressen ligger i et lukket nett", "The address is in a closed network"),
        Words("Det sendes bare til det åpne Internett.", "Deliveries go to the open internet only."),
        Words("Oppgi tjenerens offentlige adresse.", "Give the server's public address."),
    ),
    _told(
        "host-invalid",
        Words("Tjenernavnet er ugyldig", "The host name is invalid"),
        Words("Det som er oppgitt, er ikke et tjenernavn.", "What was given is no host name."),
        _ADDRESS,
    ),
    _told(
        "host-unknown",
        Words("Tjeneren finnes ikke", "The server was not found"),
        Words("Navnet slår ikke opp i DNS.", "The name does not resolve."),
        _ADDRESS,
    ),
    _told(
        "host-no-answer",
        Words("Tjeneren svarer ikke", "The server does not answer"),
        Words("Den er nede, eller slipper oss ikke gjennom.", "It is down, or does not let us through."),
        Words("Kontroller navn, port og brannmur.", "Check name, port and firewall."),
    ),
)

_PEPPOL = (
    _told(
        "peppol_recipient_unknown",
        Words("Mottakeren er ikke i Peppol", "The recipient is not in Peppol"),
        Words("Ingen er registrert for adressen.", "Nobody is registered for the address."),
        Words("Kontroller organisasjonsnummeret, eller send på en annen måte.", "Check the number, or send otherwise."),
    ),
    _told(
        "peppol_document_type_unsupported",
        Words("Mottakeren tar ikke imot dokumenttypen", "The recipient does not receive this document type"),
        Words("Mottakeren er i Peppol, men ikke for dette.", "It is in Peppol, but not for this."),
        Words("Avtal en annen måte å sende det på.", "Agree on another way to send it."),
    ),
    _told(
        "peppol_lookup_failed",
        Words("Peppols adresseregister svarte ikke", "Peppol's address register did not answer"),
        Words("Mottakeren kunne ikke slås opp.", "The recipient could not be looked up."),
        Words("Send på nytt om litt.", "Send again in a while."),
    ),
    _told(
        "peppol_undeliverable",
        Words("Mottakerens aksesspunkt svarte ikke", "The recipient's access point did not answer"),
        Words("Forsøkene er avsluttet.", "The attempts have ended."),
        _ASK_RECIPIENT,
    ),
    _told(
        "peppol_document_unreadable",
        Words("Aksesspunktet kunne ikke lese dokumentet", "The access point could not read the document"),
        Words("Ingenting er sendt.", "Nothing was sent."),
        _SUPPORT,
    ),
    _told(
        "peppol_input_refused",
        Words("Aksesspunktet godtok ikke adressen", "The access point did not accept the address"),
        Words(
            "Adresse eller dokumenttype er ugyldig; ingenting er sendt.", "Address or type is invalid; nothing sent."
        ),
        _ADDRESS,
    ),
    _told(
        "peppol_still_trying",
        Words("Aksesspunktet prøver å levere", "The access point is trying to deliver"),
        Words("Mottakerens aksesspunkt har ikke svart ennå.", "The recipient's access point has not answered yet."),
        _NOTHING_TO_DO,
    ),
    _told(
        "peppol_delivery_uncertain",
        Words("Uvisst om mottakeren har dokumentet", "Unknown whether the recipient has the document"),
        Words("Aksesspunktet har ikke bekreftet.", "The access point has not confirmed it."),
        Words("Vent; send det ikke på nytt før det er avklart.", "Wait; do not send it again before it is settled."),
    ),
    _told(
        "peppol_access_point_down",
        Words("Aksesspunktet vårt svarer ikke", "Our access point does not answer"),
        Words("Det er nede eller opptatt.", "It is down or busy."),
        _NOTHING_TO_DO,
    ),
)

_SFTP = (
    _told(
        "sftp-target-missing",
        Words("SFTP-adressen finnes ikke hos oss", "The SFTP address is not known here"),
        Words("Kunden viser til en adresse som ikke er satt opp.", "The customer names one that is not set up."),
        Words("Legg inn SFTP-adressen på kunden på nytt.", "Enter the customer's SFTP address anew."),
    ),
    _told(
        "sftp-target-of-another",
        Words("SFTP-adressen tilhører et annet firma", "The SFTP address belongs to another company"),
        Words("Adresser deles ikke mellom firmaer.", "Addresses are not shared between companies."),
        Words("Legg inn en adresse for dette firmaet.", "Enter an address for this company."),
    ),
    _told(
        "sftp-secret-unreadable",
        Words("Passordet eller nøkkelen kan ikke leses", "The password or key cannot be read"),
        Words("Hemmeligheten lar seg ikke åpne hos oss.", "The secret cannot be opened on our side."),
        Words("Legg det inn på nytt.", "Enter it anew."),
    ),
    _told(
        "sftp-not-spoken",
        Words("Tjeneren svarer ikke med SFTP", "The server does not answer with SFTP"),
        Words("Porten er en annen tjenestes.", "The port is another service's."),
        Words("Kontroller porten (vanligvis 22).", "Check the port (usually 22)."),
    ),
    _told(
        "sftp-connection-lost",
        Words("Forbindelsen ble brutt", "The connection broke"),
        Words("Tjeneren brøt eller sto stille for lenge.", "The server broke it, or stood still for too long."),
        _NOTHING_TO_DO,
    ),
    _told(
        "sftp-host-key-unconfirmed",
        Words("Tjenerens nøkkel er ikke bekreftet", "The server's key is not confirmed"),
        Words("Ingen har bekreftet at tjeneren er den rette.", "Nobody has confirmed that it is the right server."),
        Words("Sammenlign nøkkelen med mottakerens, og bekreft.", "Compare the key with the recipient's; confirm it."),
    ),
    _told(
        "sftp-host-key-changed",
        Words("Tjeneren viser en annen nøkkel", "The server shows another key"),
        Words("Nøkkelen er byttet, eller en annen svarer.", "The key was replaced, or another server answers."),
        Words("Spør mottakeren, og bekreft bare hvis den stemmer.", "Ask the recipient; confirm only if it agrees."),
    ),
    _told(
        "sftp-login-refused",
        Words("Innlogging ble avvist", "The login was refused"),
        Words("Bruker, passord eller nøkkel er feil.", "User, password or key is wrong."),
        Words("Kontroller bruker og passord eller nøkkel.", "Check user and password or key."),
    ),
    _told(
        "sftp-folder-missing",
        Words("Mappen finnes ikke", "The folder does not exist"),
        Words("Mappen på kunden finnes ikke på tjeneren.", "The customer's folder is not on the server."),
        Words("Rett mappen, eller be mottakeren opprette den.", "Correct it, or ask the recipient to create it."),
    ),
    _told(
        "sftp-not-permitted",
        Words("Brukeren mangler skriverett", "The user may not write there"),
        Words("Brukeren kan ikke skrive eller gi nytt navn i mappen.", "It cannot write or rename in the folder."),
        Words("Be mottakeren gi skriverett.", "Ask the recipient for the right to write."),
    ),
    _told(
        "sftp-not-taken",
        Words("Tjeneren tok ikke imot filen", "The server did not take the file"),
        Words("Disken eller kvoten kan være full.", "Its disk or quota may be full."),
        Words("Si fra til mottakeren; vi prøver igjen.", "Tell the recipient; we try again."),
    ),
    _told(
        "sftp-other-file",
        Words("En annen fil med samme navn ligger der", "Another file of that name is there"),
        Words("Filen på tjeneren har et annet innhold.", "The file on the server has other content."),
        Words("Be mottakeren fjerne den.", "Ask the recipient to remove it."),
    ),
    _told(
        "sftp-outcome-unknown",
        Words("Uvisst om filen kom fram", "Unknown whether the file arrived"),
        Words("Forbindelsen ble brutt i siste steg.", "The connection broke in the last step."),
        _ASK_RECIPIENT,
    ),
)

DELIVERIES = (*_ROUTING, *_SENDING, *_PEPPOL, *_SFTP)
