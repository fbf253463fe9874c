"""ftp-sender's settings, from the environment (`HUB_…`)."""

from pydantic import SecretStr

from hub.settings import HubSettings


class FtpSenderSettings(HubSettings):
    """What an operator sets.

    `ftp_sender_seal_key` (base64, 32 bytes) seals the customers' secrets; `ftp_sender_former_seal_keys` (separated by
    commas) still open what was sealed before a rotation.
    """

    ftp_sender_seal_key: SecretStr
    ftp_sender_former_seal_keys: SecretStr = SecretStr("")

    @property
    def former_seal_keys(self) -> list[str]:
        """The keys of `ftp_sender_former_seal_keys`."""
        return [key.strip() for key in self.ftp_sender_former_seal_keys.get_secret_value().split(",") if key.strip()]
