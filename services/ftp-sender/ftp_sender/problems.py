"""What can go wrong with a customer's SFTP server, told to the customer: what it is and what to do."""

from hub.errors import Problem


def target_missing() -> Problem:
    """Say that the customer register names a target that is not set up."""
    return Problem(
        code="sftp-target-missing",
        field="ftp_target",
        nb="Kunden er satt opp med SFTP, men adressen finnes ikke hos oss. Legg inn SFTP-adressen på kunden på nytt.",
        en="The customer is set up for SFTP, but the address is not known here. Enter its SFTP address anew.",
    )


def target_of_another() -> Problem:
    """Say that the target belongs to another company."""
    return Problem(
        code="sftp-target-of-another",
        field="ftp_target",
        nb="SFTP-adressen som er valgt for kunden, tilhører et annet foretak. Legg inn en adresse for dette foretaket.",
        en="The SFTP address chosen for the customer belongs to another company. Enter an address for this company.",
    )


def secret_unreadable() -> Problem:
    """Say that the secret does not open."""
    return Problem(
        code="sftp-secret-unreadable",
        field="secret",
        nb="Passordet eller nøkkelen til SFTP-tjeneren lar seg ikke lese hos oss. Legg det inn på nytt.",
        en="The SFTP server's password or key cannot be read on our side. Enter it anew.",
    )


def not_ssh(address: str) -> Problem:
    """Say that what answers there speaks no SFTP."""
    return Problem(
        code="sftp-not-spoken",
        field="port",
        nb=f"Tjeneren {address} svarer, men ikke med SFTP. Kontroller porten (vanligvis 22) og tjeneren.",
        en=f"The server {address} answers, but not with SFTP. Check the port (usually 22) and the server.",
    )


def connection_lost(address: str) -> Problem:
    """Say that the connection broke."""
    return Problem(
        code="sftp-connection-lost",
        field="host",
        nb=f"Forbindelsen til SFTP-tjeneren {address} ble brutt eller sto stille for lenge. Vi prøver igjen. "
        "Varer det, må den som driver tjeneren, se på den.",
        en=f"The connection to the SFTP server {address} broke or stood still for too long. We try again. "
        "If it lasts, whoever runs the server must look at it.",
    )


def host_key_unconfirmed(address: str, shown: str) -> Problem:
    """Say that nobody has confirmed the server's key."""
    return Problem(
        code="sftp-host-key-unconfirmed",
        field="host_key",
        nb=f"Nøkkelen til SFTP-tjeneren {address} er ikke bekreftet ennå. Den viser {shown}. "
        "Sammenlign med det mottakeren oppgir, og bekreft den; før det sendes ingenting.",
        en=f"The key of the SFTP server {address} has not been confirmed yet. It shows {shown}. "
        "Compare it with what the recipient states and confirm it; nothing is sent before that.",
    )


def host_key_changed(address: str, shown: str) -> Problem:
    """Say that another server answers than the one that was confirmed."""
    return Problem(
        code="sftp-host-key-changed",
        field="host_key",
        nb=f"SFTP-tjeneren {address} viser en annen nøkkel ({shown}) enn den som er bekreftet. Ingenting er sendt. "
        "Spør mottakeren om nøkkelen er byttet, og bekreft den nye bare hvis den stemmer.",
        en=f"The SFTP server {address} shows another key ({shown}) than the confirmed one. Nothing was sent. "
        "Ask the recipient whether the key was replaced, and confirm the new one only if it agrees.",
    )


def login_refused(address: str, user: str) -> Problem:
    """Say that user and secret do not let us in."""
    return Problem(
        code="sftp-login-refused",
        field="secret",
        nb=f"SFTP-tjeneren {address} slipper ikke inn brukeren {user}. Kontroller bruker og passord eller nøkkel.",
        en=f"The SFTP server {address} does not let the user {user} in. Check user and password or key.",
    )


def folder_missing(address: str, folder: str) -> Problem:
    """Say that the folder is not there."""
    return Problem(
        code="sftp-folder-missing",
        field="folder",
        nb=f"Mappen {folder} finnes ikke på SFTP-tjeneren {address}. Rett mappen på kunden, eller be mottakeren "
        "opprette den.",
        en=f"The folder {folder} does not exist on the SFTP server {address}. Correct the customer's folder, or ask "
        "the recipient to create it.",
    )


def not_permitted(address: str, folder: str) -> Problem:
    """Say that the user may not do it there."""
    return Problem(
        code="sftp-not-permitted",
        field="folder",
        nb=f"Brukeren har ikke lov til å skrive og gi nytt navn i mappen {folder} på SFTP-tjeneren {address}. "
        "Be mottakeren gi skriverett.",
        en=f"The user is not permitted to write and rename in the folder {folder} on the SFTP server {address}. "
        "Ask the recipient for the right to write.",
    )


def not_taken(address: str, folder: str) -> Problem:
    """Say that the server did not take the file (SFTP has no code of its own for a full disk)."""
    return Problem(
        code="sftp-not-taken",
        field="folder",
        nb=f"SFTP-tjeneren {address} tok ikke imot filen i mappen {folder}. Disken eller kvoten kan være full. "
        "Si fra til mottakeren; vi prøver igjen.",
        en=f"The SFTP server {address} did not take the file in the folder {folder}. Its disk or quota may be full. "
        "Tell the recipient; we try again.",
    )


def other_file(address: str, name: str) -> Problem:
    """Say that a file of that name with other content lies there."""
    return Problem(
        code="sftp-other-file",
        nb=f"På SFTP-tjeneren {address} ligger det allerede en fil {name} med et annet innhold. Den blir ikke "
        "overskrevet. Be mottakeren flytte eller slette den.",
        en=f"On the SFTP server {address} there is already a file {name} with other content. It is not overwritten. "
        "Ask the recipient to move or delete it.",
    )


def outcome_unknown(address: str, name: str) -> Problem:
    """Say that whether the file arrived cannot be told."""
    return Problem(
        code="sftp-outcome-unknown",
        nb=f"Forbindelsen til SFTP-tjeneren {address} ble brutt mens filen {name} fikk sitt endelige navn, og filen er "
        "ikke å finne der nå. Spør mottakeren om den er hentet.",
        en=f"The connection to the SFTP server {address} broke while the file {name} got its final name, and the file "
        "is not found there now. Ask the recipient whether it was fetched.",
    )
