"""The fake's HTTP face: phoss-ap's own paths, and /fake/… to script it from another process."""

from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from hub.testing.phoss_ap import paths
from hub.testing.phoss_ap.control import Control
from hub.testing.phoss_ap.inbound import Inbound, message_level_status
from hub.testing.phoss_ap.outbound import ConnectionCutError, Outbound
from hub.testing.phoss_ap.sbd import InvalidSbdError, Submission
from hub.testing.phoss_ap.world import World

_MAX_BODY = 100 * 1024 * 1024


def json(status: int, body: Any, **headers: str) -> web.Response:
    """Answer JSON without a charset, as phoss-ap does."""
    return web.Response(status=status, body=orjson.dumps(body), headers={"Content-Type": "application/json", **headers})


class FakeAccessPoint:
    """Both halves over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.outbound = Outbound(world)
        self.inbound = Inbound(world)

    async def submit(self, request: web.Request, document: Submission) -> web.StreamResponse:
        """Submit and answer the report; a crash cuts the connection instead."""
        try:
            result = await self.outbound.submit(document)
        except ConnectionCutError:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        code = self.world.receiver(document.receiver).mls
        if result.sent and code and self.world.backend:
            self.inbound.receive_later(message_level_status(code, document))
        return json(200 if result.sent else 422, result.report)

    async def submit_raw(self, request: web.Request) -> web.StreamResponse:
        """POST /api/outbound/submit/{sender}/{receiver}/{doctype}/{process}/{country}."""
        try:
            document = paths.raw(request, await request.read())
        except paths.BadInputError as error:
            return json(error.status, str(error))
        return await self.submit(request, document)

    async def submit_sbd(self, request: web.Request) -> web.StreamResponse:
        """POST /api/outbound/submit-sbd."""
        try:
            document = paths.whole_sbd(request, await request.read())
        except InvalidSbdError:
            return json(400, "Failed to submit outbound SBD transaction")
        return await self.submit(request, document)

    async def submit_auto(self, request: web.Request) -> web.StreamResponse:
        """POST /api/outbound/submit-auto/{sender}/{receiver}/{country}."""
        try:
            document = paths.auto(request, await request.read())
        except paths.BadInputError as error:
            return json(error.status, str(error))
        return await self.submit(request, document)

    async def outbound_status(self, request: web.Request) -> web.StreamResponse:
        """GET /api/outbound/status/{id}; 404 with an empty body."""
        found = self.outbound.of(request.match_info["id"])
        return json(200, found.as_json()) if found else web.Response(status=404)

    async def inbound_status(self, request: web.Request) -> web.StreamResponse:
        """GET /api/inbound/status/{id}."""
        found = self.inbound.of(request.match_info["id"])
        return json(200, found.as_json()) if found else web.Response(status=404)

    async def in_transmission(self, _request: web.Request) -> web.StreamResponse:
        """GET /api/outbound/in-transmission: everything that has not ended."""
        ended = {"sent", "permanently_failed", "rejected"}
        return json(200, [one.as_json() for one in self.outbound.transactions if one.status not in ended])

    async def in_processing(self, _request: web.Request) -> web.StreamResponse:
        """GET /api/inbound/in-processing."""
        ended = {"forwarded", "permanently_failed"}
        return json(200, [one.as_json() for one in self.inbound.incoming if one.status not in ended])

    async def without_country(self, _request: web.Request) -> web.StreamResponse:
        """GET /api/inbound/missing-c4-country-code."""
        missing = [one for one in self.inbound.incoming if one.status == "forwarded" and not one.country]
        return json(200, [one.as_json() for one in missing])

    async def without_mls(self, _request: web.Request) -> web.StreamResponse:
        """GET /api/mls/missing."""
        missing = [one for one in self.inbound.incoming if one.status == "forwarded" and not one.mls]
        return json(200, [one.as_json() for one in missing])

    async def report_country(self, request: web.Request) -> web.StreamResponse:
        """POST /api/inbound/report?sbdhInstanceID=&c4CountryCode=: once per document."""
        found = self.inbound.of(request.query.get("sbdhInstanceID", ""))
        country = request.query.get("c4CountryCode")
        if found is None or found.country or not country:
            return web.Response(status=400)
        found.country = country
        message = f"C4 country code set to '{country}'"
        return json(200, {"message": message, "status": "updated", "transactionID": str(found.id)})

    async def replay(self, request: web.Request) -> web.StreamResponse:
        """POST /api/ops/inbound/{id}/replay: post it to the backend once more."""
        found = self.inbound.of(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        await self.inbound.forward(found)
        return json(200, found.as_json())

    async def payload(self, request: web.Request) -> web.StreamResponse:
        """GET /api/ops/{inbound,outbound}/{id}/payload: 406 to `Accept: application/json`."""
        accept = request.headers.get("Accept", "*/*")
        if "*/*" not in accept and "application/octet-stream" not in accept:
            return json(406, _error(406, "Not Acceptable", request), Accept="application/octet-stream")
        half: Inbound | Outbound = self.inbound if request.match_info["half"] == "inbound" else self.outbound
        found = half.of(request.match_info["id"])
        return (
            web.Response(body=paths.payload_of(found.document, request.match_info["half"]))
            if found
            else web.Response(status=404)
        )

    async def size(self, _request: web.Request) -> web.StreamResponse:
        """GET /api/ops/outbound/size: a bare number."""
        return json(200, len(self.outbound.transactions))

    async def history(self, _request: web.Request) -> web.StreamResponse:
        """GET /api/ops/outbound/history: newest first (page and size are ignored, as recorded)."""
        return json(200, [one.as_json() for one in reversed(self.outbound.transactions)])


def _error(status: int, name: str, request: web.Request) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return {"timestamp": now, "status": status, "error": name, "path": request.path}


def _guard(world: World) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Ask for the token under /api, and tell what is not there as Spring does."""
        if request.path.startswith("/api/") and request.headers.get("X-Token") != world.token:
            body = orjson.dumps({"error": "Invalid or missing API token"})
            return web.Response(status=401, body=body, headers={"Content-Type": "application/json;charset=ISO-8859-1"})
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return json(404, _error(404, "Not Found", request))
        except web.HTTPMethodNotAllowed as error:
            return json(405, _error(405, "Method Not Allowed", request), Allow=",".join(sorted(error.allowed_methods)))

    return guard


async def _without_type_of_nothing(_request: web.Request, response: web.StreamResponse) -> None:
    if isinstance(response, web.Response) and not response.body:
        response.headers.popall(hdrs.CONTENT_TYPE, None)


def application(world: World) -> web.Application:
    """Return the fake as a web application; `world` is its script and its record."""
    point = FakeAccessPoint(world)
    control = Control(world, point.inbound)
    app = web.Application(middlewares=[_guard(world)], client_max_size=_MAX_BODY)
    raw = "/api/outbound/submit/{sender}/{receiver}/{document_type}/{process}/{country}"
    app.add_routes(
        [
            web.post(raw, point.submit_raw),
            web.post("/api/outbound/submit-sbd", point.submit_sbd),
            web.post("/api/outbound/submit-auto/{sender}/{receiver}/{country}", point.submit_auto),
            web.get("/api/outbound/status/{id}", point.outbound_status, allow_head=False),
            web.get("/api/outbound/in-transmission", point.in_transmission),
            web.get("/api/inbound/status/{id}", point.inbound_status),
            web.get("/api/inbound/in-processing", point.in_processing),
            web.get("/api/inbound/missing-c4-country-code", point.without_country),
            web.post("/api/inbound/report", point.report_country),
            web.get("/api/mls/missing", point.without_mls),
            web.post("/api/ops/inbound/{id}/replay", point.replay),
            web.get("/api/ops/{half:inbound|outbound}/{id}/payload", point.payload),
            web.get("/api/ops/outbound/size", point.size),
            web.get("/api/ops/outbound/history", point.history),
            web.get("/management/status", control.management),
            web.get("/actuator/health", control.health),
            web.get("/fake/deliveries", control.deliveries),
            web.put("/fake/receivers/{address}", control.script),
            web.put("/fake/backend", control.backend),
            web.post("/fake/inbound", control.receive),
        ]
    )
    app.on_response_prepare.append(_without_type_of_nothing)

    async def close(_app: web.Application) -> None:
        await point.outbound.close()
        await point.inbound.close()

    app.on_cleanup.append(close)
    return app
