"""Problem details (RFC 9457) for everything that is no success, the framework's own answers included."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from gateway import problems
from gateway.catalogue import CATALOGUE
from gateway.domain.progress import shown
from hub.errors import Problem, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
_UNKNOWN = CATALOGUE["invalid"]  # what a newer peer may say: understood, and wrong in its content

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("Feltet mangler.", "The field is missing."),
    "extra_forbidden": (
        "Feltet er ukjent. Se etter skrivefeil, eller fjern det.",
        "The field is unknown. Look for a spelling mistake, or remove it.",
    ),
    "json_invalid": ("Innholdet er ikke gyldig JSON.", "The content is not valid JSON."),
}


def details(*found: Problem, transaction_id: UUID | None = None) -> tuple[int, dict[str, Any]]:
    """Return status and body for the problems found; the first one decides the status.

    `transaction_id` is the transaction that they are about.
    """
    first = found[0]
    kind = CATALOGUE.get(first.code, _UNKNOWN)
    status = kind.status or 422
    body: dict[str, Any] = {
        "type": first.type,
        "title": kind.title.en,
        "title_nb": kind.title.nb,
        "status": status,
        "detail": first.en,
        "detail_nb": first.nb,
    }
    if first.field:
        body["field"] = first.field
    if transaction_id:
        body["transaction_id"] = str(transaction_id)
    if status == 422 or len(found) > 1:
        body["errors"] = [shown(problem) for problem in found]
    return status, body


def answer(*found: Problem, headers: Mapping[str, str] | None = None, transaction_id: UUID | None = None) -> Response:
    """Return the problems as a response."""
    status, body = details(*found, transaction_id=transaction_id)
    extra = dict(headers or {})
    if status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if status == 503:
        extra["Retry-After"] = "5"
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=extra)


def register(app: FastAPI) -> None:
    """Make every failure of the application an answer of this form."""
    log = structlog.get_logger(__name__)

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> Response:
        return answer(*error.problems, transaction_id=error.transaction_id)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        return answer(*(_field_problem(one) for one in error.errors()))

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        largest = request.app.state.parts.settings.max_other_bytes
        known = {404: problems.NOT_FOUND, 405: problems.METHOD, 413: problems.too_large(largest)}
        found = known.get(error.status_code) or problems.malformed(
            "Forespørselen kan ikke leses.", "The request cannot be read."
        )
        return answer(found, headers=error.headers)

    @app.exception_handler(Unavailable)
    async def unavailable(_request: Request, error: Unavailable) -> Response:
        log.warning("a request could not be answered", error=str(error))
        return answer(error.problem or problems.UNAVAILABLE)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        log.error("a request met a bug", method=request.method, path=request.url.path, exc_info=error)
        return answer(problems.INTERNAL)


def _field_problem(error: Mapping[str, Any]) -> Problem:
    location: Sequence[int | str] = error["loc"]
    if error["type"] == "json_invalid":
        return problems.malformed(*_SENTENCES["json_invalid"])
    field = ""
    for step in location[1:]:  # the first says where: body, query, path, header
        field += f"[{step}]" if isinstance(step, int) else f".{step}" if field else step
    nb, en = _SENTENCES.get(error["type"], ("Verdien kan ikke brukes her.", f"{error['msg']}."))
    return problems.invalid(nb, en, field or None)
