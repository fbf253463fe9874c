"""metering's usage: `GET /ops/usage?client=…&month=…`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.peer import Peer


class Metering:
    """Asks for what was delivered and counted."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def usage(self, client: str, month: str, now: datetime) -> Mapping[str, Any]:
        """Return a client's usage in a month; raises Unavailable."""
        return await self._peer.call("GET", "/ops/usage", now, query={"client": client, "month": month})
