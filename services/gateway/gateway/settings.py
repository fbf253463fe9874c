"""The gateway's settings, from the environment (`HUB_…`)."""

from datetime import timedelta

from hub.settings import HubSettings


class GatewaySettings(HubSettings):
    """What an operator can set. Sizes are bytes.

    `in_flight` bounds what lies between accepted and verdict (fewer where judging is slow); what got no verdict within
    `in_flight_for` (it is parked with an operator) no longer counts, so that it cannot hold up the others.
    """

    max_json_bytes: int = 20_000_000
    max_ubl_bytes: int = 30_000_000
    max_form_bytes: int = 30_000_000
    max_batch_bytes: int = 50_000_000
    max_other_bytes: int = 256_000
    in_flight: int = 128
    in_flight_for: timedelta = timedelta(minutes=10)
    ftp_sender_url: str = ""
    metering_url: str = ""
