"""Operations on targets, under /ops (whose token the hub checks): the gateway calls them for its customers."""

import asyncio
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ftp_sender import connection_test, problems
from ftp_sender.adapters.sessions import Sessions
from ftp_sender.sealing import UnsealableError
from ftp_sender.store import OtherOwnerError, SecretNeededError, TargetStore
from ftp_sender.targets import TargetForm
from hub.errors import Problem

_MOST = 64 * 1024

_FIELDS = {
    "host": ("Oppgi bare tjenerens navn, for eksempel sftp.eksempel.no.", "Give the server's name only."),
    "port": ("Porten er et tall fra 1 til 65535, vanligvis 22.", "The port is a number from 1 to 65535, usually 22."),
    "user": ("Oppgi brukernavnet på tjeneren.", "Give the user name on the server."),
    "folder": ("Oppgi mappen filene skal legges i.", "Give the folder that the files are to lie in."),
    "owner": (
        "Oppgi foretakets organisasjonsnummer, ni siffer.",
        "Give the company's organisation number, nine digits.",
    ),
    "protocol": ("Bare SFTP kan brukes.", "Only SFTP can be used."),
    "": (
        "Oppgi enten passord eller privat nøkkel (ed25519, RSA eller ECDSA), med passfrase om nøkkelen har en.",
        "Give either a password or a private key (ed25519, RSA or ECDSA), with its passphrase if it has one.",
    ),
    "host_key": (
        "Oppgi tjenerens offentlige nøkkel (ssh-ed25519 AAAA…) eller fingeravtrykk (SHA256:…).",
        "Give the server's public key (ssh-ed25519 AAAA…) or its fingerprint (SHA256:…).",
    ),
}
_NOT_JSON = "body"
_OTHER = ("Feltet er ikke riktig fylt ut.", "The field is not filled in correctly.")


def _told(status: int, *found: Problem) -> Response:
    listed = [{"type": problem.type, **problem.model_dump(exclude_none=True)} for problem in found]
    return JSONResponse({"title": found[0].en, "errors": listed}, status_code=status)


def _invalid(error: ValidationError) -> list[Problem]:
    """Return what is wrong, field by field, without the values (a secret may be among them)."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    fields = dict.fromkeys(_NOT_JSON if one["type"] == "json_invalid" else str((*one["loc"], "")[0]) for one in found)
    return [_problem_with(field) for field in fields]


def _problem_with(field: str) -> Problem:
    nb, en = _FIELDS.get(field, _OTHER)
    return Problem(code="sftp-target-invalid", nb=nb, en=en, field=field or "password")


_UNKNOWN = Problem(code="sftp-target-unknown", nb="SFTP-adressen finnes ikke.", en="The SFTP address does not exist.")
_NO_ID = Problem(code="sftp-target-id", nb="Adressens id er ikke en UUID.", en="The address's id is not a UUID.")
_NEEDED = Problem(
    code="sftp-secret-needed",
    field="secret",
    nb="Oppgi passord eller nøkkel: adressen er ny, eller den peker nå på en annen tjener eller bruker.",
    en="Give the password or key: the address is new, or it now points to another server or user.",
)


def _identifier(request: Request) -> UUID | None:
    try:
        return UUID(request.path_params["id"])
    except ValueError:
        return None


def routes(store: TargetStore, sessions: Sessions) -> list[Route]:
    """Return `PUT /targets/{id}` and `POST /targets/{id}/test`, to be mounted under /ops."""

    async def put(request: Request) -> Response:
        identifier = _identifier(request)
        if identifier is None:
            return _told(422, _NO_ID)
        try:
            form = await asyncio.to_thread(TargetForm.model_validate_json, await _body(request))  # opens its key
            created = await store.put(identifier, form)
        except ValidationError as error:
            return _told(422, *_invalid(error))
        except OtherOwnerError:
            return _told(409, problems.target_of_another())
        except SecretNeededError:
            return _told(422, _NEEDED)
        shown: dict[str, Any] = {
            "id": str(identifier),
            **form.model_dump(exclude={"password", "private_key", "passphrase"}),
        }
        return JSONResponse(shown, status_code=201 if created else 200)

    async def test(request: Request) -> Response:
        identifier = _identifier(request)
        if identifier is None:
            return _told(422, _NO_ID)
        try:
            target = await store.get(identifier)
        except UnsealableError:
            return _told(409, problems.secret_unreadable())
        if target is None:
            return _told(404, _UNKNOWN)
        report = await connection_test.run(target, sessions)
        return JSONResponse(report.as_json())

    return [Route("/targets/{id}", put, methods=["PUT"]), Route("/targets/{id}/test", test, methods=["POST"])]


async def _body(request: Request) -> bytes:
    """Return the body; what is longer than any target is cut and so fails as JSON."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST:
            break
    return body[:_MOST]
