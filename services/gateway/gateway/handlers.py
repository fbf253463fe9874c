"""What the gateway does with events: it moves transactions on, tells installs, and fills companies' inboxes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.domain import arrival, progress
from gateway.measuring import measure
from gateway.store import inboxes
from gateway.store import progress as store
from gateway.store.access import oslo_day
from gateway.wakeups import Bell
from hub import pipeline as p
from hub.blobs import BlobStore
from hub.db import Connection
from hub.parties import Channel
from hub.status import is_step

Orders = Sequence[tuple[p.DeliveryOrdered, p.BlobRef]]


class GatewayHandler:
    """The consumer `gateway`: everything that concerns a transaction, from every service."""

    name = "gateway"
    topics: Sequence[p.Topic] = (
        p.INVOICE_VALIDATED,
        *p.DELIVERY_ORDERED.values(),
        p.DELIVERY_REPORTED,
        p.DOCUMENT_RECEIVED,
    )

    def __init__(self, blobs: BlobStore, bell: Bell, clock: Callable[[], datetime]) -> None:
        self._blobs = blobs
        self._bell = bell
        self._clock = clock

    async def compute(self, event: p.Event) -> p.BlobRef | None:
        """Give the recipient of an in-hub delivery a copy of its own; nothing else needs doing beforehand."""
        if isinstance(event, p.DeliveryOrdered) and event.where.channel is Channel.INBOX:
            return await self._blobs.copy(event.document, arrival.company_of(event))
        return None

    async def write(self, connection: Connection, batch: Sequence[tuple[p.Event, Any]]) -> Sequence[p.TransactionEvent]:
        """Merge the batch into its transactions and put what is for inboxes there."""
        now = self._clock()
        events = [event for event, _ in batch if is_step(event)]
        firsts = {event.transaction_id: (progress.first_seen(event), event.time) for event in reversed(events)}
        known = await store.locked(connection, firsts)
        moved = progress.advance(known, events)
        self._bell.remember(await store.write(connection, moved, now))
        measure(moved.steps)
        orders = [
            (event, copy)
            for event, copy in batch
            if isinstance(event, p.DeliveryOrdered) and isinstance(copy, p.BlobRef)
        ]
        return await self._fill_inboxes(connection, orders, now) if orders else ()

    async def _fill_inboxes(
        self, connection: Connection, orders: Orders, now: datetime
    ) -> Sequence[p.TransactionEvent]:
        companies = {arrival.company_of(order) for order, _ in orders}
        receiving = await inboxes.receiving(connection, companies)
        accepted = [
            (order, copy)
            for order, copy in orders
            if arrival.may_receive(receiving.get(arrival.company_of(order)), order, now)
        ]
        arrived = await inboxes.put(connection, accepted, now)
        await self._tell_recipients(connection, [order for order, _ in accepted], arrived, now)
        return [
            arrival.delivered(order, arrived[order.transaction_id, order.leg])
            if (order.transaction_id, order.leg) in arrived
            else arrival.not_receiving(order, now)
            for order, _ in orders
        ]

    async def _tell_recipients(
        self,
        connection: Connection,
        orders: Sequence[p.DeliveryOrdered],
        arrived: Mapping[tuple[UUID, int], datetime],
        now: datetime,
    ) -> None:
        """Tell the installs of the receiving companies; an order that is handled again told them before."""
        fresh = [order for order in orders if arrived[order.transaction_id, order.leg] == now]
        if not fresh:
            return
        companies = {arrival.company_of(order) for order in fresh}
        holders = await inboxes.holders(connection, companies, now, oslo_day(now))
        entries = [
            (install, arrival.inbox_entry(order, now))
            for order in fresh
            for install in holders.get(arrival.company_of(order), ())
        ]
        await store.feed(connection, entries, now)
        self._bell.remember(install for install, _ in entries)
