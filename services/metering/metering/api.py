"""Usage over HTTP, under /ops (whose token the hub checks): the gateway asks for its customers."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.db import Database
from hub.ops.answers import OpsJSON
from metering import reports
from metering.usage import oslo_date


def _refused(reason: str) -> Response:
    return OpsJSON({"title": reason, "errors": [{"code": "usage-query", "nb": _nb(reason), "en": reason}]}, 422)


def _nb(reason: str) -> str:
    field = reason.split(" ", maxsplit=1)[0]
    known = {
        "month": "Måneden må skrives ÅÅÅÅ-MM.",
        "client": "Klienten må være et organisasjonsnummer, ni siffer.",
        "office": "Kontoret må være et organisasjonsnummer, ni siffer.",
    }
    return known.get(field, "Spørringen er ikke forstått.")


def routes(database: Database, clock: Callable[[], datetime]) -> list[Route]:
    """Return `GET /usage` and `GET /usage/transactions` (`month`, `client`, `office`, `after`), mounted under /ops."""

    def asked(request: Request) -> reports.Asked:
        query = request.query_params
        return reports.Asked.of(query.get("month"), query.get("client"), query.get("office"), oslo_date(clock()))

    async def usage(request: Request) -> Response:
        try:
            wanted = asked(request)
        except reports.BadQueryError as error:
            return _refused(str(error))
        async with database.begin() as connection:
            rows = await reports.summary(connection, wanted)
        return OpsJSON({"month": wanted.month, "usage": rows, "quantity": sum(row["quantity"] for row in rows)})

    async def transactions(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        try:
            wanted = asked(request)
        except reports.BadQueryError as error:
            return _refused(str(error))
        if not (after.isascii() and after.isdecimal() and len(after) < 19):
            return _refused("after must be a number")
        async with database.begin() as connection:
            rows, following = await reports.transactions(connection, wanted, int(after))
        return OpsJSON({"month": wanted.month, "transactions": rows, "next": following})

    return [Route("/usage", usage), Route("/usage/transactions", transactions)]
