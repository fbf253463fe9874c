"""/fake/…: how a test or the demonstration in another process scripts the fake and reads its record; and health."""

import dataclasses
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from aiohttp import web

from hub.testing.phoss_ap import sbd
from hub.testing.phoss_ap.inbound import Inbound
from hub.testing.phoss_ap.sbd import InvalidSbdError
from hub.testing.phoss_ap.world import PARTICIPANT_SCHEME, Backend, Behaviour, Receiver, World

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_MANAGEMENT: dict[str, Any] = {
    "version.java": "25.0.3",
    "build.version": "0.11.0",
    "build.timestamp": "2026-11-22T11:26:26Z",
    "version.peppol-commons": "12.7.0",
    "version.phase4": "4.5.4",
    "version.ddd": "0.8.10",
    "database.type": "postgresql",
    "peppol.stage": "test",
    "peppol.owner.seatid": "POP000001",
    "peppol.owner.countrycode": "NO",
    "peppol.identifier.mode": "strict",
    "peppol.sending.enabled": True,
    "peppol.receiving.enabled": True,
    "forwarding.mode": "http_post_sync",
    "storage.mode": "filesystem",
    "mls.sending.enabled": True,
    "mls.type": "ALWAYS_SEND",
    "verification.inbound.enabled": False,
    "verification.outbound.enabled": False,
    "peppol.reporting.schedule.enabled": False,
    "proxy.http.configured": False,
    "proxy.http.username.configured": False,
    "duplicate.detection.as4.mode": "reject",
    "duplicate.detection.sbdh.mode": "reject",
    "sentry.enabled": False,
    "otel.enabled": False,
    "dns.config.servers": [],
}


def _json(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


class Control:
    """Handlers that change or tell the world."""

    def __init__(self, world: World, inbound: Inbound) -> None:
        self._world = world
        self._inbound = inbound
        self._started = datetime.now(UTC)

    async def health(self, _request: web.Request) -> web.StreamResponse:
        """GET /actuator/health."""
        return _json(200, {"groups": ["liveness", "readiness"], "status": "UP"})

    async def management(self, _request: web.Request) -> web.StreamResponse:
        """GET /management/status."""
        times = {"startup.datetime": self._started.isoformat(), "status.datetime": datetime.now(UTC).isoformat()}
        return _json(200, {**times, **_MANAGEMENT})

    async def deliveries(self, _request: web.Request) -> web.StreamResponse:
        """GET /fake/deliveries: what each receiver kept, and how often each was submitted and arrived."""
        rows = [
            {
                **{name: value for name, value in dataclasses.asdict(one).items() if name != "document"},
                "size": len(one.document),
                "submissions": self._world.submissions[one.instance_id, one.receiver],
                "arrivals": self._world.arrivals[one.instance_id, one.receiver],
            }
            for one in self._world.delivered
        ]
        return _json(200, {"delivered": rows, "submissions": self._world.submissions.total()})

    async def script(self, request: web.Request) -> web.StreamResponse:
        """PUT /fake/receivers/{address} with `{"behaviour": "down", "mls": "AP"}` (both optional)."""
        said = await request.json()
        behaviour = Behaviour(said.get("behaviour", Behaviour.DELIVERS))
        self._world.receivers[request.match_info["address"]] = Receiver(behaviour, mls=said.get("mls"))
        return web.Response(status=204)

    async def backend(self, request: web.Request) -> web.StreamResponse:
        """PUT /fake/backend with `{"url": …, "headers": {…}}`: where inbound documents are posted."""
        said = await request.json()
        self._world.backend = Backend(said["url"], said.get("headers", {}))
        return web.Response(status=204)

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """POST /fake/inbound: a document from the network; the body is an SBD, or UBL with ?sender=&receiver=.

        Answers the inbound status; 409 when the instance id was seen before, 400 when it is neither.
        """
        data = await request.read()
        try:
            document = sbd.read(data) if "sender" not in request.query else _wrapped(request, data)
        except InvalidSbdError as error:
            return _json(400, str(error))
        incoming = await self._inbound.receive(document)
        return _json(200, incoming.as_json()) if incoming else _json(409, "duplicate")


def _wrapped(request: web.Request, data: bytes) -> sbd.Submission:
    root = sbd.parsed(data).tag
    name = "CreditNote" if str(root).endswith("}CreditNote") else "Invoice"
    return sbd.Submission(
        sender=f"{PARTICIPANT_SCHEME}::{request.query['sender']}",
        receiver=f"{PARTICIPANT_SCHEME}::{request.query['receiver']}",
        document_type=f"{sbd.DOCUMENT_TYPE_SCHEME}::{_UBL}{name}-2::{name}##{_CUSTOMIZATION}::2.1",
        process=f"{sbd.PROCESS_SCHEME}::{_BILLING}",
        country=request.query.get("country", "NO"),
        instance_id=request.query.get("instance") or str(uuid4()),
        payload=data,
    )
