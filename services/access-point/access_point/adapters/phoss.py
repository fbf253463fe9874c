"""Speaks phoss-ap's REST API (0.11 and 0.12): submit a document, ask for a status."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
from pydantic import SecretStr
from yarl import URL

from access_point.outcome import Answer
from access_point.ports import AnswerLostError, NeverReachedError, Submission

STATUS_LIMIT = timedelta(seconds=5)
CONNECT_LIMIT = timedelta(seconds=3)
_MOST_BYTES = 5 * 1024 * 1024  # a report is 5 to 15 kB


class PhossAccessPoint:
    """An access_point.ports.AccessPoint. `url` is the operator's own setting, such as `http://phoss-ap:8080`.

    `submit_limit` bounds a submission; what it cuts off goes on there, and its status tells how it ends.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, token: SecretStr, submit_limit: timedelta) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._submit_limit = submit_limit
        self._headers = {"X-Token": token.get_secret_value(), "Accept": "application/json"}

    async def submit(self, submission: Submission) -> Answer:
        """POST the document; raises NeverReachedError or AnswerLostError."""
        parts = (
            submission.sender,
            submission.receiver,
            submission.document_type,
            submission.process,
            submission.country,
        )
        path = "/".join(quote(part, safe="") for part in parts)
        return await self._ask(
            "POST",
            f"/api/outbound/submit/{path}?sbdhInstanceID={submission.instance_id}",
            self._submit_limit,
            data=submission.document,
            headers={**self._headers, "Content-Type": "application/xml"},
        )

    async def status(self, instance_id: UUID) -> Answer:
        """GET the status, archived ones included; raises NeverReachedError or AnswerLostError."""
        path = f"/api/outbound/status/{instance_id}?includeArchive=true"
        return await self._ask("GET", path, STATUS_LIMIT, headers=self._headers)

    async def _ask(self, method: str, path: str, limit: timedelta, **how: Any) -> Answer:
        timeout = aiohttp.ClientTimeout(
            total=limit.total_seconds(), connect=None, sock_connect=CONNECT_LIMIT.total_seconds()
        )
        url = URL(f"{self._url}{path}", encoded=True)
        try:
            async with self._session.request(method, url, timeout=timeout, allow_redirects=False, **how) as response:
                body = await response.content.read(_MOST_BYTES)
                while len(body) < _MOST_BYTES and (chunk := await response.content.read(_MOST_BYTES - len(body))):
                    body += chunk
                return Answer(response.status, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NeverReachedError(f"{type(error).__name__}: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AnswerLostError(f"{type(error).__name__}: {error}") from error


def make_session() -> aiohttp.ClientSession:
    """Make the HTTP client (in a running loop); how many submissions run at once is the delivery budget's matter."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), trust_env=False)
