"""ftp-sender's settings, from the environment (`HUB_…`)."""

from datetime import timedelta

from pydantic import Field, SecretStr

from hub.settings import HubSettings


class FtpSenderSettings(HubSettings):
    """What an operator sets.

    `ftp_sender_seal_key` (base64, 32 bytes) seals the customers' secrets; `ftp_sender_former_seal_keys` (separated by
    commas) still open what was sealed before a rotation. `file_limit` is how long one file may take, from connecting to
    its final name; a worker that stands still for a third longer loses its deliveries to another.
    """

    ftp_sender_seal_key: SecretStr
    ftp_sender_former_seal_keys: SecretStr = SecretStr("")
    file_limit: timedelta = Field(default=timedelta(seconds=45), gt=timedelta(0))

    @property
    def former_seal_keys(self) -> list[str]:
        """The keys of `ftp_sender_former_seal_keys`."""
        return [key.strip() for key in self.ftp_sender_former_seal_keys.get_secret_value().split(",") if key.strip()]
