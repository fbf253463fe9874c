"""What came to the install's companies. An item belongs to the company: acknowledged by one, it is gone for all."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from gateway import problems
from gateway.api.parts import Caller, Parts, Reader, Wired
from gateway.api.transactions import blob
from gateway.api.views import Acknowledged, InboxPage, inbox_item
from gateway.register.engagements import note_inbox_fetched
from gateway.store import access, inboxes
from hub.errors import Refused

router = APIRouter(prefix="/v1/inbox", tags=["inbox"])

_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document (UBL).", "content": {"application/xml": {"schema": {"type": "string"}}}}
}


async def _companies(connection: Any, parts: Parts, caller: Caller) -> Sequence[str]:
    return await access.acting_for(connection, caller.who, parts.clock())


@router.get("", summary="Fetch the inbox")
async def fetch(parts: Wired, caller: Reader, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> InboxPage:
    """Return the oldest documents of the companies acted for (or of Hub-Client alone), leased for ten minutes.

    What is not acknowledged by then can be fetched again, also by another install of the company.
    """
    now = parts.clock()
    async with parts.database.begin() as connection:
        companies = await _companies(connection, parts, caller)
        if caller.who.asked is not None and not companies:
            caller.client()  # says what is missing
        rows = await inboxes.fetch(connection, caller.install, companies, now, limit)
        await note_inbox_fetched(connection, companies, now)
    parts.committed()
    return InboxPage(items=[inbox_item(row) for row in rows])


@router.get("/{item_id}/document", response_class=Response, responses=_DOCUMENT)
async def document(parts: Wired, caller: Reader, item_id: UUID) -> Response:
    """Return the document, byte for byte as it was sent."""
    async with parts.database.begin() as connection:
        row = await inboxes.one(connection, await _companies(connection, parts, caller), item_id)
    if row is None:
        raise Refused(problems.NOT_FOUND)
    return await blob(parts, row.document, "application/xml")


@router.post("/{item_id}/ack", summary="Take a document out of the inbox")
async def acknowledge(parts: Wired, caller: Reader, item_id: UUID) -> Acknowledged:
    """Say that the document was taken in. Saying it again changes nothing."""
    now = parts.clock()
    async with parts.database.begin() as connection:
        companies = await _companies(connection, parts, caller)
        row = await inboxes.one(connection, companies, item_id)
        if row is None:
            raise Refused(problems.NOT_FOUND)
        if row.acknowledged_at is None and not await inboxes.acknowledge(connection, caller.install, item_id, now):
            row = await inboxes.one(connection, companies, item_id)
            if row is None or row.acknowledged_at is None:
                raise Refused(problems.INBOX_ITEM_LEASED)
    return Acknowledged(id=item_id, acknowledged_at=row.acknowledged_at or now)
