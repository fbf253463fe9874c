"""The builder's settings, from the environment (`HUB_…`)."""

from datetime import timedelta

from hub.settings import HubSettings


class BuilderSettings(HubSettings):
    """`workers` is the number of processes that build and judge (0: one a core); `document_limit` ends a slow one."""

    workers: int = 0
    document_limit: timedelta = timedelta(seconds=30)
