"""ftp-sender's targets: `PUT /ops/targets/{id}`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.errors import Problem, Refused
from hub.peer import Peer


class FtpSender:
    """Hands a target over, secret included, and keeps nothing of it."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def put(self, identifier: UUID, owner: str, target: Mapping[str, Any], now: datetime) -> None:
        """Store a company's target; raises Refused or Unavailable."""
        try:
            await self._peer.call("PUT", f"/ops/targets/{identifier}", now, body={"owner": owner, **target})
        except Refused as refused:
            raise Refused(*(_in_our_form(problem) for problem in refused.problems)) from refused


def _in_our_form(problem: Problem) -> Problem:
    """Name the field as the caller sent it."""
    field = f"ftp_target.{problem.field}" if problem.field else "ftp_target"
    return problem.model_copy(update={"field": field})
