"""Usage as it is asked for: per client, product and month, or the single transactions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 200
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_COMPANY = re.compile(r"[0-9]{9}")

# A client's engagement on the day of the usage: the office asked for, else the one that began last. An office sees
# what falls in its engagement's dates and what it initiated itself.
_ENGAGED = """
    FROM usage u
    LEFT JOIN company c ON c.organisation_number = u.client
    LEFT JOIN LATERAL (
        SELECT e.office, e.office_name, e.client_number
        FROM engagement e
        WHERE e.company = u.client AND e.valid_from <= u.usage_date
          AND (e.valid_to IS NULL OR u.usage_date < e.valid_to)
          AND (CAST(:office AS text) IS NULL OR e.office = CAST(:office AS text))
        ORDER BY e.valid_from DESC, e.id
        LIMIT 1
    ) e ON true
    WHERE u.usage_date >= :first AND u.usage_date < :next
      AND (CAST(:client AS text) IS NULL OR u.client = CAST(:client AS text))
      AND (CAST(:office AS text) IS NULL OR e.office IS NOT NULL
           OR (u.initiator_kind = 'office' AND u.initiator = CAST(:office AS text)))
"""
_SUMMARY = text(f"""
    SELECT u.client, c.name, e.office, e.office_name, e.client_number, u.direction, u.product,
           count(*) FILTER (WHERE u.kind = 'usage' AND NOT u.test) AS delivered,
           count(*) FILTER (WHERE u.kind = 'usage' AND NOT u.test AND u.initiator_kind = 'client') AS by_client,
           count(*) FILTER (WHERE u.kind = 'usage' AND NOT u.test AND u.initiator_kind = 'office') AS by_office,
           count(*) FILTER (WHERE u.kind = 'reversal' AND NOT u.test) AS reversed,
           coalesce(sum(CASE u.kind WHEN 'usage' THEN u.quantity ELSE -u.quantity END)
                    FILTER (WHERE NOT u.test), 0) AS quantity,
           count(*) FILTER (WHERE u.kind = 'usage' AND u.test) AS test
    {_ENGAGED}
    GROUP BY u.client, c.name, e.office, e.office_name, e.client_number, u.direction, u.product
    ORDER BY e.office_name NULLS LAST, c.name NULLS LAST, u.client, u.direction DESC, u.product
""")
_TRANSACTIONS = text(f"""
    SELECT u.seq, CAST(u.transaction_id AS text) AS transaction_id, u.leg, u.product, u.kind, u.client, c.name,
           e.office, e.client_number, u.initiator_kind, u.initiator, u.direction, u.channel, u.usage_date,
           u.quantity, u.recipient, u.number, u.document_type, u.test, u.happened_at
    {_ENGAGED}
      AND u.seq > :after
    ORDER BY u.seq
    LIMIT {PAGE + 1}
""")


class BadQueryError(ValueError):
    """What was asked for is not understood; the message says which part."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a month in Oslo, of all, of one client, or of what one office may see."""

    first: date
    client: str | None = None
    office: str | None = None

    @classmethod
    def of(cls, month: str | None, client: str | None, office: str | None, today: date) -> Self:
        """Read the parameters; without a month the current one. Raises BadQueryError."""
        first = today.replace(day=1)
        if month:
            found = _MONTH.fullmatch(month)
            if found is None:
                raise BadQueryError("month must be YYYY-MM")
            first = date(int(found[1]), int(found[2]), 1)
        for name, number in (("client", client), ("office", office)):
            if number and not _COMPANY.fullmatch(number):
                raise BadQueryError(f"{name} must be an organisation number, nine digits")
        return cls(first, client or None, office or None)

    @property
    def month(self) -> str:
        """`YYYY-MM`."""
        return f"{self.first:%Y-%m}"

    @property
    def next(self) -> date:
        """The first day after the month."""
        return date(self.first.year + self.first.month // 12, self.first.month % 12 + 1, 1)

    def values(self) -> Mapping[str, Any]:
        """Return the statements' parameters."""
        return {"client": self.client, "office": self.office, "first": self.first, "next": self.next}


async def summary(connection: AsyncConnection, asked: Asked) -> list[dict[str, Any]]:
    """Return a row per client, office and product.

    `quantity` is what counts: delivered less reversed. Tests are shown apart and are in no sum.
    """
    return [dict(row) for row in (await connection.execute(_SUMMARY, asked.values())).mappings()]


async def transactions(
    connection: AsyncConnection, asked: Asked, after: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return up to 200 single rows behind `after`, and where the next page begins (None: there is none)."""
    rows = (await connection.execute(_TRANSACTIONS, {**asked.values(), "after": after})).mappings()
    found = [dict(row) for row in rows]
    page = found[:PAGE]
    return page, page[-1]["seq"] if len(found) > PAGE else None
