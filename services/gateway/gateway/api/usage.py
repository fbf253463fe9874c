"""What was delivered and counted, per client and month. metering knows; the gateway says who may ask."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway import problems
from gateway.api.parts import Sender, Wired
from gateway.store import access
from hub.errors import Refused

router = APIRouter(prefix="/v1/usage", tags=["usage"])


@router.get("")
async def usage(
    parts: Wired,
    caller: Sender,
    month: Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="YYYY-MM, in Oslo.")],
    client: Annotated[str | None, Query(description="The company; the same as Hub-Client.")] = None,  # noqa: ARG001 - read with the key
) -> dict[str, Any]:
    """Return a company's usage in a month, by product."""
    company = caller.client().organisation_number
    year, number = (int(part) for part in month.split("-"))
    first = date(year, number, 1)
    after = date(year + number // 12, number % 12 + 1, 1)
    async with parts.database.begin() as connection:
        served = await access.served_between(connection, caller.who, company, first, after)
    if not served:  # a month in which the office had nothing to do with the company
        raise Refused(problems.NOT_FOUND)
    return dict(await parts.usage.usage(company, month, parts.clock()))
