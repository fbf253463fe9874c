"""Operators' view of any transaction, under /ops (whose token the hub checks)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.store import oversight
from hub.db import Database
from hub.ops.answers import OpsError, OpsJSON


def routes(database: Database) -> list[Route]:
    """Return `GET /transactions/{id}`."""

    async def one(request: Request) -> Response:
        """Give where a transaction stands, its timeline, and what became of its invoice number.

        `leg` is the newest one known here; `nothing_sent` tells that by this leg its recipient provably got
        nothing; `number_taken_by` is another live transaction with the same invoice number.
        """
        try:
            identifier = UUID(request.path_params["id"])
        except ValueError as error:
            raise OpsError(422, "invalid", "A transaction is named by its id (a UUID).") from error
        async with database.begin() as connection:
            row = await oversight.one(connection, identifier)
            if row is None:
                raise OpsError(404, "unknown-transaction", "No transaction has this id.")
            timeline = await oversight.timeline(connection, identifier)
        return OpsJSON({**_shown(row, timeline), "timeline": timeline})

    return [Route("/transactions/{id}", one)]


def _shown(row: Any, timeline: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    leg = row.rank[0]
    proofs = (step["detail"].get("nothing_sent") for step in timeline if step["detail"].get("leg") == leg)
    return {
        "transaction_id": row.id,
        "status": row.state,
        "leg": leg,
        "channel": row.channel,
        "client": row.client,
        "initiator": row.initiator,
        "direction": row.direction,
        "sender": row.sender,
        "recipient": row.recipient,
        "invoice_number": row.number,
        "document_type": row.document_type,
        "test": row.test,
        "problems": row.problems,
        "nothing_sent": row.state == "failed" and any(proofs),
        "number_taken_by": row.number_taken_by,
        "accepted_at": row.accepted_at,
        "released_at": row.released_at,
        "judged_at": row.judged_at,
        "changed_at": row.changed_at,
    }
