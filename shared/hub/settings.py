"""Settings that every service shares, from the environment (`HUB_…`), read once at the wiring place."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class HubSettings(BaseSettings):
    """What the supervisor or an operator's deployment gives each service.

    `database_url` is the service's own role (`postgresql+asyncpg://…`); `port` 0 lets the system choose;
    `secret_key` (base64, 32 bytes) signs /ops tokens between the hub's own services; `net_allow` lists closed addresses
    that services may connect to all the same (hub/net.py tells its form).
    """

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr
    kafka_bootstrap: str
    topic_prefix: str = ""
    blob_url: str
    host: str = "127.0.0.1"
    port: int = 0
    ordinal: int = 0
    secret_key: SecretStr
    log_level: str = "INFO"
    cache_dir: Path | None = None
    net_allow: str = ""
