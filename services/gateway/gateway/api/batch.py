"""Up to 1,000 invoices in one request: a line each, and a line each as the answer."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID, uuid5

import orjson
from fastapi import APIRouter, Header, Request, Response

from gateway import problems
from gateway.api.accepting import Arrival, NotBefore, accept, addressed, checked_key, checked_time, read_letter
from gateway.api.limits import read_body
from gateway.api.parts import Caller, Parts, Sender, Wired
from gateway.api.problems import details
from gateway.api.views import LineAnswer, links
from gateway.door import Letter
from hub.errors import Refused
from hub.parties import RegisterEntry

PATH = "/v1/transactions/batch"
MEDIA_TYPE = "application/x-ndjson"
MOST_LINES = 1_000
_TYPES = {MEDIA_TYPE, "application/ndjson", "application/jsonl"}
_AT_ONCE = 64  # so that a batch leaves room for everybody else's single invoices

router = APIRouter(tags=["transactions"])


class _Lines(Response):
    media_type = MEDIA_TYPE


@router.post(
    PATH,
    summary="Send up to 1,000 invoices",
    response_class=_Lines,
    responses={200: {"model": LineAnswer, "description": "A line for each line, in their order."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Invoice"}}},
        }
    },
)
async def submit_batch(
    request: Request,
    parts: Wired,
    caller: Sender,
    idempotency_key: Annotated[
        str | None,
        Header(description="Required. One value per batch, the same when you repeat it (1-200 characters)."),
    ] = None,
    send_not_before: NotBefore = None,
) -> Response:
    """Accept invoices of one company: NDJSON, an invoice (JSON) per line.

    Each line is accepted or refused by itself; its `status` is what the invoice alone would have been answered with.
    Repeat the batch with the same key when in doubt: a line that was accepted is answered as before, wherever it now
    stands, and a line that was refused can be corrected.
    """
    key = checked_key(idempotency_key)
    not_before = checked_time(send_not_before, parts.clock())
    client = caller.client()
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() not in _TYPES:
        raise Refused(problems.batch_media_type(given))
    batch = uuid5(caller.install, key)
    lines = _lines(await read_body(request, parts.settings.max_batch_bytes))
    read = await asyncio.to_thread(_letters, lines.values(), client)
    arrivals = await _arrivals(parts, client, (key, batch), list(zip(lines.values(), read, strict=True)))
    arrivals = [replace(one, not_before=not_before) if isinstance(one, Arrival) else one for one in arrivals]
    outcomes = await _accepted(parts, caller, client, arrivals)
    answers = [_answer(place, batch, outcome) for place, outcome in zip(lines, outcomes, strict=True)]
    return _Lines(b"".join(answer + b"\n" for answer in answers))


def _lines(body: bytes) -> Mapping[int, bytes]:
    """Return the lines that are not empty, by their number; raises Refused."""
    lines = {place: line for place, line in enumerate(body.split(b"\n"), start=1) if line.strip()}
    if not lines:
        raise Refused(problems.EMPTY_BATCH)
    if len(lines) > MOST_LINES:
        raise Refused(problems.too_many_lines(len(lines), MOST_LINES))
    return lines


def _letters(lines: Any, client: RegisterEntry) -> Sequence[Letter | Refused]:
    def read(line: bytes) -> Letter | Refused:
        try:
            return read_letter("json", line, client)
        except Refused as refused:
            return refused

    return [read(line) for line in lines]


async def _arrivals(
    parts: Parts, client: RegisterEntry, batch: tuple[str, UUID], read: Sequence[tuple[bytes, Letter | Refused]]
) -> Sequence[Arrival | Refused]:
    """Give each letter its address and a key of its own within the batch's."""
    letters = [letter for _, letter in read if isinstance(letter, Letter)]
    recipients = iter(await addressed(parts, client, letters))
    key, identifier = batch
    found: list[Arrival | Refused] = []
    for line, letter in read:
        if isinstance(letter, Refused):
            found.append(letter)
            continue
        recipient = next(recipients)
        if isinstance(recipient, Refused):
            found.append(recipient)
        else:
            found.append(Arrival(_key(key, letter), line.strip(), letter, recipient, batch=identifier))
    return found


def _key(batch: str, letter: Letter) -> str:
    """Name a line by what it is and never by its place, so that lines may come and go between two tries.

    The separator is in no key that a caller can give, so it meets none.
    """
    return "\x1f".join((batch, letter.document_type, str(letter.issue_date.year), letter.number))


async def _accepted(
    parts: Parts, caller: Caller, client: RegisterEntry, arrivals: Sequence[Arrival | Refused]
) -> Sequence[UUID | Refused]:
    """Accept what can be; raises Unavailable for all when the world is down, since repeating harms nothing."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(arrival: Arrival | Refused) -> UUID | Refused:
        if isinstance(arrival, Refused):
            return arrival
        async with places:
            try:
                return await accept(parts, caller, client, arrival)
            except Refused as refused:
                changed = refused.problems[0] == problems.IDEMPOTENCY_KEY_REUSED
                return Refused(problems.line_changed(arrival.letter.number)) if changed else refused

    outcomes = await asyncio.gather(*map(one, arrivals), return_exceptions=True)
    done: list[UUID | Refused] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Refused):
            raise outcome
        done.append(outcome)
    return done


def _answer(place: int, batch: UUID, outcome: UUID | Refused) -> bytes:
    if isinstance(outcome, UUID):
        answer = LineAnswer(line=place, status=202, transaction_id=outcome, batch_id=batch, links=links(outcome))
        return answer.model_dump_json(exclude_none=True).encode()
    status, body = details(*outcome.problems, transaction_id=outcome.transaction_id)
    return orjson.dumps({"line": place, "status": status, "problem": body})
