"""A register with two offices' worth of tenants, and what their installs call."""

import base64
import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from gateway.app import build
from gateway.handlers import GatewayHandler
from gateway.keys import INSTALL_SCOPES, Scope
from gateway.register import api_keys, companies, engagements, installs
from gateway.settings import GatewaySettings
from hub import outbox
from hub.db import Database
from hub.messages import Message, decode
from hub.parties import RegisterEntry
from hub.pipeline import Event
from hub.runner import Service

SECRET = base64.b64encode(bytes(32)).decode()


def number(seed: int) -> str:
    """Return the first valid organisation number from a seed on."""
    while True:
        digits = f"{31000000 + seed:08d}"
        check = (11 - sum(int(d) * w for d, w in zip(digits, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11) % 11
        if check < 10:
            return f"{digits}{check}"
        seed += 1


OFFICE, ALFA, BETA, GAMMA, DELTA, STRANGER = (number(seed) for seed in (100, 200, 300, 400, 500, 600))


@dataclass
class Clock:
    """A clock that tests can move."""

    offset: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


@dataclass
class World:
    """The gateway with: an office that serves Alfa and Beta, Gamma by itself, and Delta who receives."""

    service: Service
    database: Database
    clock: Clock
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    key_ids: dict[str, str] = field(default_factory=dict)

    @property
    def handler(self) -> GatewayHandler:
        found = self.service.handlers[0]
        assert isinstance(found, GatewayHandler)
        return found

    def client(self, who: str) -> httpx.AsyncClient:
        """Return an HTTP client with an install's key."""
        assert self.service.app is not None
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.service.app, raise_app_exceptions=False),
            base_url="http://hub",
            headers={"Authorization": f"Bearer {self.keys[who]}"} if who in self.keys else {},
        )

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.begin() as connection:
            result = await connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    async def emitted(self) -> list[Event]:
        """Return what lies in the outbox, oldest first."""
        rows = await self.sql("SELECT topic, key, headers, body FROM outbox ORDER BY seq")
        events = [decode(Message(row.topic, row.key, row.headers, row.body)) for row in rows]
        return [event for event in events if event is not None]

    async def handle(self, *events: Event) -> list[Event]:
        """Handle a batch as the consumer does; return what it caused."""
        computed = [(event, await self.handler.compute(event)) for event in events]
        async with self.database.begin() as connection:
            caused: list[Event] = list(await self.handler.write(connection, computed))
            await outbox.emit(connection, caused)
        self.service.committed()
        return caused

    async def add_install(self, name: str, **owner: Any) -> None:
        scopes = owner.pop("scopes", INSTALL_SCOPES)
        async with self.database.begin() as connection:
            made = await installs.add_install(connection, name, self.clock(), **owner)
            key = await api_keys.add_key(connection, made.id, name, self.clock(), scopes=scopes)
        self.keys[name], self.ids[name], self.key_ids[name] = key.text, made.id, key.id

    async def fill(self) -> None:
        """Fill the register."""
        now = self.clock()
        async with self.database.begin() as connection:
            await companies.put_office(connection, OFFICE, "Regnskap AS", now)
            for organisation, name in ((ALFA, "Alfa AS"), (BETA, "Beta AS"), (GAMMA, "Gamma AS"), (DELTA, "Delta AS")):
                entry = RegisterEntry(organisation_number=organisation, name=name, vat_registered=True)
                await companies.put_company(connection, entry, now)
            for client, own_number in ((ALFA, "17"), (BETA, "18")):
                await engagements.engage(connection, OFFICE, client, own_number, "office", date(2020, 1, 1), now)
            await engagements.activate(connection, DELTA, "receiving", now)
            operator = await api_keys.add_key(connection, None, "operator", now, scopes=[Scope.ADMIN])
            self.keys["operator"], self.key_ids["operator"] = operator.text, operator.id
        await self.add_install("office", owner_office=OFFICE, companies=[ALFA, BETA])
        await self.add_install("gamma", owner_company=GAMMA)
        await self.add_install("delta", owner_company=DELTA)


def settings(database: Database, folder: Path, **changed: Any) -> GatewaySettings:
    values = {
        "database_url": database.engine.url.render_as_string(hide_password=False),
        "kafka_bootstrap": "127.0.0.1:1",
        "blob_url": folder.as_uri(),
        "secret_key": SECRET,
        **changed,
    }
    return GatewaySettings(**values)


def make(database: Database, folder: Path, **changed: Any) -> World:
    clock = Clock()
    service = build(settings(database, folder, **changed), clock)
    return World(service, service.database, clock)


def invoice(invoice_number: str = "1001", **changed: Any) -> dict[str, Any]:
    """Return a small invoice from whoever sends it to Delta."""
    return {
        "type": "invoice",
        "number": invoice_number,
        "issue_date": "2026-11-22",
        "due_date": "2026-12-06",
        "buyer_reference": "Kari",
        "buyer": {"organisation_number": DELTA},
        "lines": [{"text": "Time", "quantity": "2", "unit_price": "1200.00", "vat": {"category": "S", "rate": "25"}}],
        **changed,
    }


def headers(client: str | None = None, key: str | None = None, **more: str) -> dict[str, str]:
    chosen = {"Idempotency-Key": key or str(uuid4()), **more}
    return chosen if client is None else {**chosen, "Hub-Client": client}


def random_bytes(size: int) -> bytes:
    return os.urandom(size)
