"""The FastAPI application: routes, problem details, limits and the OpenAPI document."""

from functools import cache

from fastapi import FastAPI

from gateway.api import admin, batch, cancelling, customers, events, holds, inbox, problems, transactions, usage
from gateway.api.description import describe
from gateway.api.encoding import Encoding
from gateway.api.limits import BodyLimit
from gateway.api.parts import Parts

DESCRIPTION = """
Send invoices, follow them, and fetch what came to you. Everything is pulled: nothing ever connects to your premises.

Every refusal is `application/problem+json` (RFC 9457): `type` is stable, `detail` (English) and `detail_nb`
(Norwegian) are for people, `errors` lists every finding with the field in your own names.
"""


def make_app(parts: Parts) -> FastAPI:
    """Assemble the public API."""
    app = FastAPI(
        title="Sentral",
        version="1",
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.parts = parts
    for router in (
        batch.router,
        cancelling.router,
        transactions.router,
        events.router,
        inbox.router,
        customers.router,
        holds.router,
        usage.router,
        admin.router,
    ):
        app.include_router(router)
    problems.register(app)
    app.add_middleware(BodyLimit, limit=parts.settings.max_other_bytes, exempt={transactions.PATH, batch.PATH})
    app.add_middleware(Encoding, most=parts.settings.max_batch_bytes)
    # FastAPI's documented way to extend the document.
    app.openapi = cache(lambda: describe(app))  # type: ignore[method-assign]
    return app
