"""Submitting invoices, and following them."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from gateway import problems
from gateway.api import multipart
from gateway.api.accepting import Arrival, NotBefore, accept, addressed, checked_key, checked_time, letter_of
from gateway.api.direct import direct
from gateway.api.limits import read_body
from gateway.api.parts import Parts, Sender, Wired, parts_of, sender_of
from gateway.api.views import Accepted, Page, Summary, Transaction, links, summary, transaction
from gateway.joining import File, join_json, join_ubl
from gateway.store import transactions
from hub.errors import Refused
from hub.pipeline import BlobRef
from hub.status import State

PATH = "/v1/transactions"
_MEDIA: dict[str, Literal["json", "ubl"]] = {
    "application/json": "json",
    "application/xml": "ubl",
    "text/xml": "ubl",
    "application/vnd.oasis.ubl+xml": "ubl",
}

router = APIRouter(prefix=PATH, tags=["transactions"])

_REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Invoice"}},
            "application/xml": {"schema": {"type": "string", "description": "UBL 2.1 Invoice or CreditNote (EHF 3.0)"}},
            multipart.MEDIA_TYPE: {"schema": multipart.SCHEMA, "encoding": multipart.ENCODING},
        },
    }
}


DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document: UBL, or the JSON that was received while there is no verdict.",
        "content": {
            "application/xml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/Invoice"}},
        },
    }
}


async def submit(
    request: Request,
    parts: Wired,
    caller: Sender,
    idempotency_key: Annotated[
        str | None,
        Header(description="Required. One value per invoice, the same when you repeat it (1-200 characters)."),
    ] = None,
    send_not_before: NotBefore = None,
) -> Response:
    """Accept an invoice or credit note, as JSON or UBL, or as a form with files that are to go with it.

    The same key and content get the same answer again. What is malformed is refused here; what breaks the rules is
    accepted and ends as `refused`, with every finding.
    """
    key = checked_key(idempotency_key)
    not_before = checked_time(send_not_before, parts.clock())
    client = caller.client()
    media, body = await _document(request, parts)
    letter = await letter_of(media, body, client)
    [recipient] = await addressed(parts, client, [letter])
    if isinstance(recipient, Refused):
        raise recipient
    identifier = await accept(parts, caller, client, Arrival(key, body, letter, recipient, not_before=not_before))
    accepted = Accepted(transaction_id=identifier, links=links(identifier))
    return Response(accepted.model_dump_json(), status_code=202, media_type="application/json")


async def _document(request: Request, parts: Parts) -> tuple[str, bytes]:
    """Read the invoice, and whatever came with it, as one document; raises Refused."""
    given = request.headers.get("content-type", "")
    plain = given.partition(";")[0].strip().lower()
    settings = parts.settings
    if plain == multipart.MEDIA_TYPE:
        body = await read_body(request, settings.max_form_bytes)
        return await asyncio.to_thread(_joined, given, body)
    media = _MEDIA.get(plain)
    if media is None:
        raise Refused(problems.media_type(given))
    return media, await read_body(request, settings.max_json_bytes if media == "json" else settings.max_ubl_bytes)


def _joined(content_type: str, body: bytes) -> tuple[str, bytes]:
    invoice, attachments = multipart.read(content_type, body)
    media = _MEDIA.get(invoice.media_type)
    if media is None:
        raise Refused(problems.media_type(invoice.media_type))
    files = [File(part.filename or "", part.media_type, part.content) for part in attachments]
    return media, (join_json if media == "json" else join_ubl)(invoice.content, files)


async def _submit(request: Request) -> Response:
    caller = await sender_of(request)
    asked = request.headers.get("idempotency-key"), request.query_params.get("send_not_before")
    return await submit(request, parts_of(request), caller, *asked)


router.add_api_route(
    "",
    submit,
    methods=["POST"],
    status_code=202,
    response_model=Accepted,
    openapi_extra=_REQUEST_BODY,
    summary="Send an invoice",
    route_class_override=direct(_submit),
)


@router.get("", summary="List transactions")
async def list_transactions(
    parts: Wired,
    caller: Sender,
    state: Annotated[State | None, Query(description="Only those with this status.")] = None,
    client: Annotated[str | None, Query(description="Only those of this company (organisation number).")] = None,
    before: Annotated[UUID | None, Query(description="Only older ones; `next` holds it.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page:
    """List what the install may see, newest first, page by page."""
    async with parts.database.begin() as connection:
        rows = await transactions.page(connection, caller.who, before=before, state=state, most=limit + 1)
    shown, more = rows[:limit], len(rows) > limit
    following = None
    if more:
        chosen = {"state": state, "client": client, "before": shown[-1].id, "limit": limit}
        following = f"{PATH}?" + "&".join(f"{name}={value}" for name, value in chosen.items() if value is not None)
    return Page(transactions=[Summary(**summary(row)) for row in shown], next=following)


@router.get("/{transaction_id}", response_model_exclude_none=True)
async def show(parts: Wired, caller: Sender, transaction_id: UUID) -> Transaction:
    """Show a transaction: its status, its way, and everything that happened to it."""
    async with parts.database.begin() as connection:
        row = await _visible(connection, caller, transaction_id)
        steps = await transactions.timeline(connection, transaction_id)
    return transaction(row, steps)


@router.get("/{transaction_id}/document", response_class=Response, responses=DOCUMENT)
async def document(
    parts: Wired,
    caller: Sender,
    transaction_id: UUID,
    version: Annotated[
        Literal["received"] | None, Query(description="`received`: the bytes as they came in, whatever became of them.")
    ] = None,
) -> Response:
    """Return the document as it is sent, byte for byte; the one received while there is no verdict."""
    async with parts.database.begin() as connection:
        row = await _visible(connection, caller, transaction_id)
    sent = row.document if version is None else None
    as_json = sent is None and row.media == "json"
    return await blob(parts, sent or row.received, "application/json" if as_json else "application/xml")


async def _visible(connection: Any, caller: Sender, identifier: UUID) -> Any:
    row = await transactions.one(connection, caller.who, identifier)
    if row is None:
        raise Refused(problems.NOT_FOUND)
    return row


async def blob(parts: Parts, stored: Any, media_type: str) -> Response:
    """Return a stored document as it is; its hash was checked when it was read."""
    ref = BlobRef.model_validate(stored)
    return Response(
        await parts.blobs.get(ref),
        media_type=media_type,
        headers={"ETag": f'"{ref.sha256}"', "X-Content-Type-Options": "nosniff"},
    )
