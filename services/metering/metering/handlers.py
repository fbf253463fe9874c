"""What metering does with events: one usage row per delivery, and the names it is shown under."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub import bulk
from hub.db import Connection
from hub.pipeline import (
    DELIVERY_REPORTED,
    REGISTER_CHANGED,
    CompanyChanged,
    EngagementChanged,
    Event,
    Topic,
)
from metering.models import company, engagement, usage
from metering.usage import usage_row


class MeteringHandler:
    """Counts each delivery and each return once (consumer `metering`)."""

    name = "metering"
    topics: Sequence[Topic] = (DELIVERY_REPORTED,)

    async def compute(self, event: Event) -> Any:
        """Nothing to look up."""

    async def write(self, connection: Connection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Insert the rows that are not there yet."""
        rows = [row for event, _ in batch if (row := usage_row(event)) is not None]
        await bulk.insert_new(connection, usage, rows)
        return []


class RegisterHandler:
    """Keeps names, engagements and the offices' client numbers (consumer `metering-register`)."""

    name = "metering-register"
    topics: Sequence[Topic] = (REGISTER_CHANGED,)

    async def compute(self, event: Event) -> Any:
        """Nothing to look up."""

    async def write(self, connection: Connection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Keep what is newer."""
        events = [event for event, _ in batch]
        await bulk.upsert_newer(
            connection, company, [_company_row(event) for event in events if isinstance(event, CompanyChanged)]
        )
        await bulk.upsert_newer(
            connection, engagement, [_engagement_row(event) for event in events if isinstance(event, EngagementChanged)]
        )
        return []


def _company_row(event: CompanyChanged) -> Mapping[str, Any]:
    entry = event.company
    return {"organisation_number": entry.organisation_number, "name": entry.name, "version": event.version}


def _engagement_row(event: EngagementChanged) -> Mapping[str, Any]:
    return {**event.engagement.model_dump(), "version": event.version}
