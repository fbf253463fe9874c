"""The other services that the gateway asks while a person waits, and never on the path of a transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


class FtpTargets(Protocol):
    """ftp-sender, who keeps targets and their secrets."""

    async def put(self, identifier: UUID, owner: str, target: Mapping[str, Any], now: datetime) -> None:
        """Store a company's target; raises Refused (it says what is wrong) or Unavailable."""


class UsageReports(Protocol):
    """metering, who counts deliveries."""

    async def usage(self, client: str, month: str, now: datetime) -> Mapping[str, Any]:
        """Return a client's usage in a month (`YYYY-MM`); raises Unavailable."""
