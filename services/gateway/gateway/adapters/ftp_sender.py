"""ftp-sender's targets: `PUT /ops/targets/{id}`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.adapters.peer import Peer


class FtpSender:
    """Hands a target over, secret included, and keeps nothing of it."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def put(self, identifier: UUID, owner: str, target: Mapping[str, Any], now: datetime) -> None:
        """Store a company's target; raises Refused or Unavailable."""
        await self._peer.call("PUT", f"/ops/targets/{identifier}", now, body={"owner": owner, **target})
