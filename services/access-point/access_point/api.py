"""POST /inbound: where the access point pushes what comes in from Peppol (facts: its answers decide its retries)."""

import hmac

import orjson
import structlog
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from access_point.inbound import Inbound, RefusedForGoodError
from access_point.sbdh import InvalidSbdError
from hub.errors import Unavailable

COUNTRY_C4 = "NO"

log = structlog.get_logger(__name__)


class TooLargeError(Exception):
    """More bytes than the operator lets in."""


class InboundEndpoint:
    """Answers 200 `{"countryCodeC4"}` when stored, 200 `{"retry": "none"}` when it never can be, 401 and 503 else."""

    def __init__(self, inbound: Inbound, secret: SecretStr, most_bytes: int) -> None:
        self._inbound = inbound
        self._expected = f"Bearer {secret.get_secret_value()}".encode()
        self._most_bytes = most_bytes

    async def post(self, request: Request) -> Response:
        """Take one pushed document."""
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        if not hmac.compare_digest(given, self._expected):
            return JSONResponse({"error": "the configured bearer secret is required"}, status_code=401)
        instance_id = request.headers.get("x-sbdh-instance-id")
        try:
            await self._inbound.take(await self._body(request))
        except (InvalidSbdError, RefusedForGoodError, TooLargeError) as error:
            log.warning("inbound document refused", instance_id=instance_id, error=str(error))
            return JSONResponse({"retry": "none", "errorMessage": str(error)})
        except Unavailable as error:
            log.warning("inbound document not stored", instance_id=instance_id, error=str(error))
            return JSONResponse({"error": "not stored; push it again"}, status_code=503)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it; the access point pushes again
        return Response(orjson.dumps({"countryCodeC4": COUNTRY_C4}), media_type="application/json")

    async def _body(self, request: Request) -> bytes:
        """Read the body as it comes; what is too large is read to its end without being kept, so as to be answered."""
        parts: list[bytes] = []
        size = 0
        async for part in request.stream():
            size += len(part)
            if size <= self._most_bytes:
                parts.append(part)
            else:
                parts.clear()
        if size > self._most_bytes:
            raise TooLargeError(f"the document is larger than {self._most_bytes} bytes")
        return b"".join(parts)


def make_api(inbound: Inbound, secret: SecretStr, most_bytes: int) -> Starlette:
    """Return the service's own HTTP side, to be mounted at the root."""
    endpoint = InboundEndpoint(inbound, secret, most_bytes)
    return Starlette(routes=[Route("/inbound", endpoint.post, methods=["POST"])])
