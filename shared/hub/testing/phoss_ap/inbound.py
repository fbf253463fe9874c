"""The inbound half: documents that came in, posted to the backend until it takes them or refuses them for good."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import orjson

from hub.testing.phoss_ap.sbd import Submission, write
from hub.testing.phoss_ap.world import World, utc_text

_USER_AGENT = "Apache-HttpClient/5.6.2 (Java/25.0.3)"


@dataclass(slots=True)
class Incoming:
    """One document as the access point's table has it; with its `status` and error as told there."""

    document: Submission
    id: UUID = field(default_factory=uuid4)
    message_id: str = field(default_factory=lambda: f"{uuid4()}@phase4.phoss-ap")
    received: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: str = "received"
    attempts: int = 0
    completed: datetime | None = None
    error: str | None = None
    next_retry: datetime | None = None
    country: str | None = None
    mls: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what GET /api/inbound/status tells."""
        return {
            "AS4MessageID": self.message_id,
            "ID": str(self.id),
            "attemptCount": self.attempts,
            "c2SeatID": "POP000001",
            "c3SeatID": "POP000002",
            "c4CountryCode": self.country,
            "completedDT": utc_text(self.completed) if self.completed else None,
            "docTypeID": self.document.document_type,
            "duplicateAS4": False,
            "duplicateSBDH": False,
            "errorDetails": self.error,
            "mlsResponseCode": self.mls,
            "nextRetryDT": utc_text(self.next_retry) if self.next_retry else None,
            "processID": self.document.process,
            "receivedDT": utc_text(self.received),
            "receiverID": self.document.receiver,
            "reportingStatus": "reported" if self.country else "pending",
            "sbdhInstanceID": self.document.instance_id,
            "senderID": self.document.sender,
            "status": self.status,
        }


class Inbound:
    """Incoming documents by arrival; pushes run in the background until `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: set[asyncio.Task[object]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.incoming: list[Incoming] = []

    def of(self, instance_id: str) -> Incoming | None:
        """Return what came in under an instance id."""
        return next((known for known in self.incoming if known.document.instance_id == instance_id), None)

    async def receive(self, document: Submission) -> Incoming | None:
        """Take a document from the network and post it; None when its instance id was seen (rejected as duplicate)."""
        if self.of(document.instance_id):
            return None
        incoming = Incoming(document)
        self.incoming.append(incoming)
        await self.forward(incoming)
        return incoming

    def receive_later(self, document: Submission) -> None:
        """Take a document from the network while the caller goes on (an MLS follows the receipt)."""
        self._run(self.receive(document))

    async def forward(self, incoming: Incoming) -> None:
        """Post the document once and read the answer."""
        try:
            status, reason, body, headers = await self._post(incoming.document)
        except (aiohttp.ClientError, TimeoutError) as error:
            self._failed(incoming, str(error))
            return
        if status >= 300:
            listed = "".join(f"\n  {name}={value}" for name, value in headers)
            told = body.decode("iso-8859-1")
            count = f"All {len(headers)} headers returned"
            self._failed(incoming, f"{reason} [{status}]\n{count}{listed}\nResponse Body (in ISO-8859-1):\n{told}")
            return
        self._answered(incoming, body)

    async def close(self) -> None:
        """Stop every push."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _post(self, document: Submission) -> tuple[int, str, bytes, list[tuple[str, str]]]:
        backend = self._world.backend
        if backend is None:
            raise aiohttp.ClientConnectionError("no backend is configured")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))

        async def chunks() -> AsyncIterator[bytes]:
            yield write(document, datetime.now(UTC))

        headers = {
            **backend.headers,
            "X-SBDH-Instance-ID": document.instance_id,
            "Accept-Encoding": "gzip, deflate, x-gzip",
            "Content-Type": "application/xml; charset=UTF-8",
            "Connection": "keep-alive",
            "User-Agent": _USER_AGENT,
        }
        async with self._session.post(
            backend.url, data=chunks(), headers=headers, skip_auto_headers=("Accept",), allow_redirects=False
        ) as answer:
            return answer.status, answer.reason or "", await answer.read(), list(answer.headers.items())

    def _answered(self, incoming: Incoming, body: bytes) -> None:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            self._failed(incoming, "Failed to parse response as JSON object")
        elif answer.get("retry") == "none":
            incoming.attempts += 1
            incoming.status, incoming.mls = "permanently_failed", "AB"
            incoming.error = f"Retry disallowed by receiver: {answer.get('errorMessage')}"
        else:
            if incoming.attempts == 0:  # after a retry the code stays empty (recordings 71)
                incoming.mls = "AP"
            incoming.status, incoming.completed = "forwarded", datetime.now(UTC)
            incoming.country = answer.get("countryCodeC4")

    def _failed(self, incoming: Incoming, error: str) -> None:
        incoming.attempts += 1
        incoming.error = error
        if incoming.attempts >= self._world.most_attempts:
            incoming.status, incoming.next_retry = "permanently_failed", None
            return
        incoming.status = "forward_failed"
        incoming.next_retry = datetime.now(UTC) + self._world.retry_after

        async def later() -> None:
            await asyncio.sleep(self._world.retry_after.total_seconds())
            await self.forward(incoming)

        self._run(later())

    def _run(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def message_level_status(code: str, about: Submission) -> Submission:
    """Return the MLS that a receiver's access point sends back (forward/0002 among the recordings)."""
    now = datetime.now(UTC)
    document_type = "urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"
    common = "urn:oasis:names:specification:ubl:schema:xsd:Common"
    party = '<cbc:EndpointID schemeID="0242">000001</cbc:EndpointID>'
    payload = (
        f'<ApplicationResponse xmlns="{document_type}" xmlns:cac="{common}AggregateComponents-2" '
        f'xmlns:cbc="{common}BasicComponents-2"><cbc:CustomizationID>urn:peppol:edec:mls:1.0</cbc:CustomizationID>'
        f"<cbc:ProfileID>urn:peppol:edec:mls</cbc:ProfileID><cbc:ID>{uuid4()}</cbc:ID>"
        f"<cbc:IssueDate>{now:%Y-%m-%d}</cbc:IssueDate><cbc:IssueTime>{utc_text(now, 3)[11:]}</cbc:IssueTime>"
        f"<cac:SenderParty>{party}</cac:SenderParty><cac:ReceiverParty>{party}</cac:ReceiverParty>"
        f"<cac:DocumentResponse><cac:Response><cbc:ResponseCode>{code}</cbc:ResponseCode></cac:Response>"
        f"<cac:DocumentReference><cbc:ID>{about.instance_id}</cbc:ID></cac:DocumentReference></cac:DocumentResponse>"
        "</ApplicationResponse>"
    )
    return Submission(
        sender="iso6523-actorid-upis::0242:000001",
        receiver="iso6523-actorid-upis::0242:000001",
        document_type=f"busdox-docid-qns::{document_type}::ApplicationResponse##urn:peppol:edec:mls:1.0::2.1",
        process="cenbii-procid-ubl::urn:peppol:edec:mls",
        country="NO",
        instance_id=str(uuid4()),
        payload=payload.encode(),
        mls_type=None,
    )
