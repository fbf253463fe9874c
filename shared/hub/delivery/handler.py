"""What every sender does with orders from Kafka: note them for its worker, and stop those that are still due."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.delivery.cancelling import cancel
from hub.delivery.ports import SendingChannel
from hub.delivery.store import DeliveryStore
from hub.parties import Channel
from hub.pipeline import DELIVERY_ORDERED, DeliveryCancelRequested, DeliveryOrdered, Event


class SenderHandler:
    """Handles one channel's orders (hub.consumer.Handler)."""

    def __init__(self, name: str, channel: Channel, adapter: SendingChannel) -> None:
        self.name = name
        self.topics = (DELIVERY_ORDERED[channel],)
        self._adapter = adapter

    async def compute(self, event: Event) -> Any:
        """Nothing to look up."""

    async def write(self, connection: AsyncConnection, batch: Sequence[tuple[Event, Any]]) -> Sequence[Event]:
        """Insert a due delivery for each order, then stop what is to be stopped (an order comes before its stop)."""
        orders = [event for event, _ in batch if isinstance(event, DeliveryOrdered)]
        if orders:
            await DeliveryStore.insert(connection, [(order, self._adapter.destination_of(order)) for order in orders])
        return await cancel(connection, [event for event, _ in batch if isinstance(event, DeliveryCancelRequested)])
