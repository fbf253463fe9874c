"""How long a company keeps its invoices before they are let go."""

from fastapi import APIRouter

from gateway.api.parts import Sender, Wired
from gateway.api.views import Hold
from gateway.register.companies import put_hold

router = APIRouter(prefix="/v1/hold", tags=["companies"])


@router.get("", summary="How long invoices are kept")
async def show(caller: Sender) -> Hold:
    """Tell how long the company's invoices are kept before they are let go."""
    caller.client()
    return Hold(minutes=round(caller.hold.total_seconds() / 60))


@router.put("", summary="Keep invoices for a while")
async def put(parts: Wired, caller: Sender, given: Hold) -> Hold:
    """Keep the company's invoices for so many minutes from now on; what is held already keeps its time."""
    company = caller.client().organisation_number
    async with parts.database.begin() as connection:
        await put_hold(connection, company, given.minutes)
    return given
