"""What /ops answers: JSON, and problems that say what to do."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.errors import PROBLEM_PREFIX


class OpsJSON(JSONResponse):
    """JSON with UUIDs and aware times."""

    def render(self, content: Any) -> bytes:
        """Return the bytes."""
        return orjson.dumps(content, default=str)  # asyncpg's UUIDs are none of the standard library's


class OpsError(Exception):
    """Why an operation was not done; nothing was changed. `told` is a sentence for operators, with the remedy."""

    def __init__(self, status: int, code: str, told: str, **more: Any) -> None:
        super().__init__(told)
        self.status = status
        self.code = code
        self.told = told
        self.more = more


async def as_problem(_request: Request, error: Exception) -> Response:
    """Answer an OpsError as problem details (RFC 9457)."""
    if not isinstance(error, OpsError):
        raise error
    problem = {"type": PROBLEM_PREFIX + error.code, "code": error.code, "status": error.status, "title": error.told}
    return OpsJSON({**problem, **error.more}, error.status, media_type="application/problem+json")


async def as_unavailable(_request: Request, error: Exception) -> Response:
    """Answer that the world is down (hub.errors.Unavailable)."""
    told = f"Nothing was done, or its outcome is unknown; repeating it is harmless. {error}"
    return await as_problem(_request, OpsError(503, "unavailable", told))
