"""Settings of the access point service; it refuses to start without an access point and both secrets."""

from datetime import timedelta
from typing import Annotated

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from hub.settings import HubSettings


class AccessPointSettings(HubSettings):
    """`phoss_url` and `phoss_token`: phoss-ap's address and X-Token; `inbound_secret`: what it sends us as Bearer.

    `concurrent` bounds submissions at once, `concurrent_each` those to one receiver: a silent one holds a call for
    250 s there. `submit_limit` is how long we hold on: the default outlasts such a receiver and so tells its answer
    from a lost one; shorter frees the place and the lease sooner, and the status tells the rest without the signed
    receipt. `inbound_most_bytes` bounds a pushed document.
    """

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # a secret that is refused stays a secret

    phoss_url: AnyHttpUrl
    phoss_token: Annotated[SecretStr, Field(min_length=1)]
    inbound_secret: Annotated[SecretStr, Field(min_length=16)]
    inbound_most_bytes: int = Field(default=100 * 1024 * 1024, gt=0)
    submit_limit: timedelta = Field(default=timedelta(seconds=300), gt=timedelta(0))
    concurrent: int = Field(default=16, gt=0)
    concurrent_each: int = Field(default=2, gt=0)
