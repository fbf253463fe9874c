"""Why a channel was not chosen, or none: told to the sender, with what would help."""

from collections.abc import Sequence
from datetime import datetime, timedelta
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
