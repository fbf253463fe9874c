"""Who may do what under /ops: everybody with a token of ours reads, operators and admins change."""

import structlog
from pydantic import SecretStr
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.auth import Actor, InvalidTokenError, verify
from hub.ops.answers import OpsError, OpsJSON

CHANGERS = frozenset({"operator", "admin"})

log = structlog.get_logger(__name__)


class Guarded:
    """Lets only our own tokens for this service in, and notes each use."""

    def __init__(self, app: ASGIApp, service: str, secret: SecretStr) -> None:
        self._app = app
        self._service = service
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its actor in `request.state.actor`, or answer 401."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            actor = verify(self._secret, token if scheme.lower() == "bearer" else "", self._service)
        except InvalidTokenError:
            refusal = OpsJSON({"title": "A valid operations token is required"}, status_code=401)
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["actor"] = actor
        log.info("ops", actor=actor.name, role=actor.role, method=request.method, path=request.url.path)
        await self._app(scope, receive, send)


def changer(request: Request) -> Actor:
    """Return who asks for a change; raises OpsError (403) for a role that only reads."""
    actor: Actor = request.state.actor
    if actor.role not in CHANGERS:
        raise OpsError(
            403, "role-cannot-change", f"The role {actor.role} may look, but only operator and admin may change things."
        )
    return actor
