"""A company's own customer register."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.models import customer
from hub.parties import CustomerEntry


async def put_customer(connection: AsyncConnection, company: str, entry: CustomerEntry, now: datetime) -> None:
    """Create a customer or replace what the company's register says of it."""
    values = {
        "endpoint": entry.endpoint,
        "entry": entry.model_dump(mode="json", exclude_none=True),
        "changed_at": now,
    }
    await connection.execute(
        insert(customer)
        .values(company=company, customer_number=entry.customer_number, **values)
        .on_conflict_do_update(index_elements=["company", "customer_number"], set_=values)
    )


async def find_customer(connection: AsyncConnection, company: str, number: str) -> CustomerEntry | None:
    """Return what a company's register says of a customer, None when it does not know the number."""
    row = (
        await connection.execute(
            select(customer.c.entry).where(customer.c.company == company, customer.c.customer_number == number)
        )
    ).first()
    return CustomerEntry.model_validate(row.entry) if row else None


async def addresses(connection: AsyncConnection, company: str, numbers: Iterable[str]) -> Mapping[str, str]:
    """Return the electronic address of each of these customers that a company's register knows, by number."""
    found = await connection.execute(
        select(customer.c.customer_number, customer.c.endpoint).where(
            customer.c.company == company, customer.c.customer_number.in_(sorted(set(numbers)))
        )
    )
    return {row.customer_number: row.endpoint for row in found}


def target_id(company: str, number: str) -> UUID:
    """Return the id of a customer's FTP target: the same at every change, so that repeating one is harmless."""
    return uuid5(NAMESPACE_URL, f"urn:sentral:ftp-target:{company}:{number}")
