"""Why a channel was not chosen, or none: told to the sender, with what would help."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.errors import Problem
from hub.parties import Channel

NO_ROUTE = "no-route"
NOT_ACTIVATED = "not-activated"
TEST = "test-not-sent"
_OSLO = ZoneInfo("Europe/Oslo")
_NAMES = {
    Channel.PEPPOL: ("Peppol", "Peppol"),
    Channel.FTP: ("SFTP", "SFTP"),
    Channel.INBOX: ("innboksen i Sentral", "the inbox in Sentral"),
}


def test_stays_inside() -> Problem:
    """Say that nothing sent with a test key leaves the hub."""
    return Problem(
        code=TEST,
        nb="Fakturaen er sendt inn med en prøvenøkkel. Den er bygd og kontrollert, men prøver blir aldri sendt til "
        "mottakeren. Bruk en vanlig nøkkel når den skal sendes.",
        en="The invoice was submitted with a test key. It was built and checked, but tests are never sent to the "
        "recipient. Use a real key when it is to be sent.",
    )


def not_fit(channel: Channel) -> Problem:
    """Say that the document does not meet what the channel demands."""
    nb, en = _NAMES[channel]
    return Problem(
        code="not-fit",
        nb=f"Fakturaen oppfyller ikke kravene for {nb}. Se merknadene på fakturaen, rett dem og send den på nytt.",
        en=f"The invoice does not meet what {en} demands. See the remarks on the invoice, correct them and send again.",
    )


def no_ftp_target() -> Problem:
    """Say that SFTP was chosen without an address."""
    return Problem(
        code="no-ftp-target",
        field="ftp_target",
        nb="Kunden er satt opp med SFTP, men uten adresse. Legg inn SFTP-adressen på kunden.",
        en="The customer is set up for SFTP, but without an address. Enter the customer's SFTP address.",
    )


def not_on_hub(recipient: str) -> Problem:
    """Say that the recipient is no customer of the hub."""
    return Problem(
        code="recipient-not-on-hub",
        nb=f"Mottakeren {recipient} bruker ikke Sentral.",
        en=f"The recipient {recipient} does not use Sentral.",
    )


def receiving_not_activated(company: str) -> Problem:
    """Say that the recipient is on the hub, but does not receive there."""
    return Problem(
        code="receiving-not-activated",
        nb=f"Mottakeren {company} bruker Sentral, men har ikke aktivert mottak. Be mottakeren aktivere mottak.",
        en=f"The recipient {company} uses Sentral, but has not activated receiving. Ask the recipient to activate it.",
    )


def inbox_not_fetched(company: str, since: datetime, within: timedelta) -> Problem:
    """Say that nobody seems to read the recipient's inbox."""
    day = since.astimezone(_OSLO)
    return Problem(
        code="inbox-not-fetched",
        nb=f"Mottakeren {company} har ikke hentet innboksen sin siden {day:%d.%m.%Y} (grensen er {within.days} dager). "
        "Be mottakeren koble til økonomisystemet igjen.",
        en=f"The recipient {company} has not fetched its inbox since {day:%Y-%m-%d} (the limit is {within.days} days). "
        "Ask the recipient to connect its accounting system again.",
    )


def sending_not_activated(channel: Channel) -> Problem:
    """Say that the sender has not activated sending."""
    nb, en = _NAMES[channel]
    return Problem(
        code=NOT_ACTIVATED,
        nb=f"Fakturaen kan sendes til {nb}, men foretaket har ikke aktivert sending. "
        "Aktiver sending i Sentral, og send fakturaen på nytt.",
        en=f"The invoice can go to {en}, but the company has not activated sending. "
        "Activate sending in Sentral and send the invoice again.",
    )


def no_route(recipient: str, found: Sequence[Problem]) -> Problem:
    """Say that no channel reaches the recipient, why each one does not, and what would help."""
    return Problem(
        code=NO_ROUTE,
        field="buyer",
        nb=f"Ingen kanal når mottakeren {recipient}. {' '.join(problem.nb for problem in found)} "
        "Velg en kanal på kunden (Peppol eller SFTP), eller be mottakeren aktivere mottak i Sentral. "
        "Send deretter fakturaen på nytt.",
        en=f"No channel reaches the recipient {recipient}. {' '.join(problem.en for problem in found)} "
        "Choose a channel for the customer (Peppol or SFTP), or ask the recipient to activate receiving in Sentral. "
        "Then send the invoice again.",
    )


def nobody_to_receive(recipient: str, obstacle: Problem) -> Problem:
    """Say that a document came in for someone who does not receive here."""
    return Problem(
        code="no-receiver",
        nb=f"Et dokument til {recipient} kom inn, men kan ikke leveres her. {obstacle.nb}",
        en=f"A document for {recipient} came in, but cannot be delivered here. {obstacle.en}",
    )


def still_under_way(leg: int, status: str) -> Problem:
    """Say that there is one leg at a time."""
    return Problem(
        code="leg-under-way",
        nb=f"Forsendelse {leg} er ikke avsluttet (status {status}). Vent til den er levert eller feilet, avbryt den, "
        "eller avgjør den først hvis den er uavklart.",
        en=f"Leg {leg} has not ended without delivery (status {status}). Wait for its end, cancel it, or settle it "
        "first if it is in doubt.",
    )


def sent_anew(other: UUID) -> Problem:
    """Say that the same invoice went in once more since."""
    return Problem(
        code="sent-anew",
        nb=f"Fakturaen er sendt inn på nytt som transaksjon {other}. Mottakeren ville fått den to ganger.",
        en=f"The invoice was submitted anew as transaction {other}. The recipient would get it twice.",
    )


def may_have_arrived(leg: int) -> Problem:
    """Say that nothing proves that the former leg did not arrive."""
    return Problem(
        code="may-have-arrived",
        field="confirm",
        nb=f"Det er ikke bevist at mottakeren ikke fikk forsendelse {leg}. Spør mottakeren, og bekreft så.",
        en=f"Nothing proves that the recipient did not get leg {leg}. Ask the recipient, then confirm.",
    )


def never_routed() -> Problem:
    """Say that no document is known here."""
    return Problem(
        code="never-routed",
        nb="Transaksjonen ble avbrutt før den ble rutet, så dokumentet er ikke kjent her. Send det inn på nytt.",
        en="The transaction was cancelled before it was routed, so its document is not known here. Submit it anew.",
    )


def inbound_goes_to_the_inbox() -> Problem:
    """Say that a document from outside has one way only."""
    return Problem(
        code="inbound-inbox-only",
        field="channel",
        nb="Et dokument utenfra kan bare gå til mottakerens innboks.",
        en="A document from outside can go to its recipient's inbox only.",
    )


def wrong_address(channel: Channel) -> Problem:
    """Say what an address of this channel looks like."""
    forms = {
        Channel.PEPPOL: ("en elektronisk adresse, for eksempel 0192:310000019", "an address such as 0192:310000019"),
        Channel.FTP: ("id-en til en SFTP-adresse", "the id of an SFTP target"),
        Channel.INBOX: ("ikke oppgitt: innboksen er alltid mottakerens egen", "left out: it is the recipient's own"),
    }
    nb, en = forms[channel]
    return Problem(code="wrong-address", field="to", nb=f"«to» må være {nb}.", en=f"`to` must be {en}.")
