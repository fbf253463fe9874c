"""What senders are told when Peppol does not do as they wish: what is wrong, and what to do."""

from hub.errors import Problem

RECIPIENT_UNKNOWN = Problem(
    code="peppol_recipient_unknown",
    field="buyer.endpoint",
    nb="Mottakeren er ikke registrert for e-faktura (EHF) i Peppol. Kontroller organisasjonsnummeret, eller send "
    "fakturaen på en annen måte.",
    en="The recipient is not registered for e-invoices in Peppol. Check the organisation number, or send the invoice "
    "another way.",
)
DOCUMENT_TYPE_UNSUPPORTED = Problem(
    code="peppol_document_type_unsupported",
    field="buyer.endpoint",
    nb="Mottakeren tar ikke imot denne typen dokument i Peppol. Avtal en annen måte å sende det på.",
    en="The recipient does not receive this type of document in Peppol. Agree on another way to send it.",
)
LOOKUP_FAILED = Problem(
    code="peppol_lookup_failed",
    nb="Peppols adresseregister svarte ikke da mottakeren skulle slås opp. Send fakturaen på nytt om litt.",
    en="Peppol's address register did not answer when the recipient was looked up. Send the invoice again in a while.",
)
UNDELIVERABLE = Problem(
    code="peppol_undeliverable",
    nb="Mottakerens aksesspunkt svarte ikke, og forsøkene er avsluttet. Spør mottakeren om fakturaen er kommet før "
    "den sendes på nytt.",
    en="The recipient's access point did not answer, and the attempts have ended. Ask the recipient whether the "
    "invoice has arrived before you send it again.",
)
DOCUMENT_UNREADABLE = Problem(
    code="peppol_document_unreadable",
    nb="Aksesspunktet kunne ikke lese dokumentet. Ingenting er sendt. Kontakt kundestøtte.",
    en="The access point could not read the document. Nothing was sent. Contact support.",
)
INPUT_REFUSED = Problem(
    code="peppol_input_refused",
    nb="Aksesspunktet godtok ikke adressen eller dokumenttypen. Ingenting er sendt. Kontroller mottakerens "
    "elektroniske adresse.",
    en="The access point did not accept the address or the document type. Nothing was sent. Check the recipient's "
    "electronic address.",
)
STILL_TRYING = Problem(
    code="peppol_still_trying",
    nb="Aksesspunktet har fakturaen og prøver å levere den. Du trenger ikke å gjøre noe; send den ikke på nytt.",
    en="The access point has the invoice and is trying to deliver it. You need not do anything; do not send it again.",
)
DELIVERY_UNCERTAIN = Problem(
    code="peppol_delivery_uncertain",
    nb="Vi vet ikke om mottakeren har fått fakturaen. Vi spør aksesspunktet igjen; send den ikke på nytt før det er "
    "avklart.",
    en="Whether the recipient has the invoice is unknown. We ask the access point again; do not send it again until "
    "that is settled.",
)
ACCESS_POINT_DOWN = Problem(
    code="peppol_access_point_down",
    nb="Aksesspunktet vårt svarer ikke. Vi prøver igjen; du trenger ikke å gjøre noe.",
    en="Our access point does not answer. We try again; you need not do anything.",
)
