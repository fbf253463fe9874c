"""Who did what, when and why: a row in the transaction of each change, never altered."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.auth import Actor
from hub.ids import utc_now
from hub.ops.answers import OpsJSON
from hub.ops.asked import count_of, text_of
from hub.ops.desk import Desk

_RECORD = text("""
    INSERT INTO audit (at, actor, role, action, target, reason, detail)
    VALUES (:at, :actor, :role, :action, :target, :reason, CAST(:detail AS jsonb))
""")
_PAGE = text("""
    SELECT seq, at, actor, role, action, target, reason, detail FROM audit
    WHERE seq < :before AND (CAST(:target AS text) IS NULL OR target = :target) ORDER BY seq DESC LIMIT :most
""")
NEWEST = 2**63 - 1


async def record(
    connection: AsyncConnection,
    actor: Actor,
    action: str,
    target: str,
    *,
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write what the actor does, in the transaction that does it."""
    await connection.execute(
        _RECORD,
        {
            "at": utc_now(),
            "actor": actor.name,
            "role": actor.role,
            "action": action,
            "target": target,
            "reason": reason,
            "detail": orjson.dumps(dict(detail or {}), default=str).decode(),
        },
    )


def routes(desk: Desk) -> list[Route]:
    """Return `GET /audit?target=&before=&limit=`: newest first."""

    async def page(request: Request) -> Response:
        most = count_of(request, "limit", default=100, most=1000)
        asked = {
            "before": count_of(request, "before", default=NEWEST, most=NEWEST),
            "target": text_of(request, "target"),
            "most": most,
        }
        rows = await desk.rows(_PAGE, asked)
        return OpsJSON({"audit": rows, "next": rows[-1]["seq"] if len(rows) == most else None})

    return [Route("/audit", page)]
