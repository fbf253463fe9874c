"""What is asked of /ops: parameters and bodies, refused in words that name the field and the remedy."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.requests import Request

from hub.ops.answers import OpsError

_MOST_BYTES = 16 * 1024

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Asked(BaseModel):
    """A body: what it does not name is refused, so that a misspelt field is never silently left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Explained(Asked):
    """A change that needs a reason (1 to 500 characters), which the audit trail keeps."""

    reason: Reason


class Noted(Asked):
    """A change that may be given a reason."""

    reason: Reason | None = None


B = TypeVar("B", bound=Asked)


async def body_of(request: Request, form: type[B]) -> B:
    """Read the JSON body (nothing stands for {}); raises OpsError (422) that names each field."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise OpsError(413, "too-large", f"The body is larger than {_MOST_BYTES} bytes.")
    try:
        return form.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise OpsError(422, "invalid", _in_words(error, form)) from error


def _in_words(error: ValidationError, form: type[Asked]) -> str:
    told = []
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        field = ".".join(map(str, one["loc"])) or "body"
        if one["type"] == "extra_forbidden":
            told.append(f"{field}: is not known here; known are {', '.join(form.model_fields)}")
        elif field == "reason":
            told.append("reason: give one, 1 to 500 characters; it is kept with what you do")
        else:
            told.append(f"{field}: {one['msg']}")
    return "; ".join(told) + "."


def text_of(request: Request, name: str) -> str | None:
    """Return a parameter, None where it is not given or empty."""
    return request.query_params.get(name) or None


def count_of(request: Request, name: str, *, default: int, most: int) -> int:
    """Return a whole number from 0 to `most`; raises OpsError (422)."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) < 20 and int(given) <= most):
        raise OpsError(422, "invalid", f"{name} must be a whole number from 0 to {most}.")
    return int(given)
