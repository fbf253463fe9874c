"""A customer's premises: an ERP with its folders, the connector beside it, and the real gateway that it speaks to."""

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from hub.serving import Http
from hub.stack.process import free_ports
from hub_connector.config import FOLDERS, Config, Folders, store
from hub_connector.journal.journal import Journal
from hub_connector.watching import JOURNAL, now
from tests.connector.steps import run
from tests.gateway.happenings import Story, story_of
from tests.gateway.world import ALFA, GAMMA, World, headers, invoice

MAP = """
[format]
encoding = "windows-1252"
[invoice]
type = { column = "Type", values = { F = "invoice", K = "credit_note" } }
number = "Fakturanr"
issue_date = "Dato"
buyer.organisation_number = "Orgnr"
payment.kid = "KID"
[line]
text = "Tekst"
quantity = "Antall"
unit_price = "Pris"
vat = { column = "Mva", values = { "25" = "3" } }
"""
HEADING = "Type;Fakturanr;Dato;Orgnr;KID;Tekst;Antall;Pris;Mva"


def csv(*rows: str) -> bytes:
    return "\r\n".join([HEADING, *rows, ""]).encode("cp1252")


def row(number: str, text: str = "Grønn maling", kid: str = "") -> str:
    return f"F;{number};24.11.2026;{GAMMA};{kid};{text};1,5;1.200,00;25"


class Premises:
    """The ERP's view: folders that it fills and empties. `taken` is what it has read out of `status` and `inbox`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.folders = config.folders
        self.statuses: list[dict[str, Any]] = []
        self.documents: list[bytes] = []
        self.deaths: list[int] = []

    @classmethod
    def at(cls, folder: Path, url: str, key: str, **changed: Any) -> "Premises":
        csv_map = folder / "map.toml"
        folder.mkdir(parents=True)
        csv_map.write_text(MAP)
        config = Config(
            path=folder / "connector.toml",
            language="nb",
            url=url,
            key_file=folder / "hub.key",
            folders=Folders(**{name: folder / name for name in FOLDERS}),
            data=folder / "data",
            csv_map=csv_map,
            settle=0,
        )
        for made in (*config.folders.named().values(), config.data):
            made.mkdir()
        config = replace(config, **changed)
        store(config, key)
        return cls(config)

    def drop(self, name: str, content: bytes | dict[str, Any]) -> Path:
        """Leave a file as a careful ERP does: written aside, then renamed."""
        path = self.folders.out / name
        aside = path.with_name(f"~{path.name}")
        aside.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return aside.rename(path)

    async def work(self, steps: int = 3, clock: Callable[[], datetime] = now) -> None:
        """Start the connector anew, let it work for some steps, and end it; then take away what it left."""
        await asyncio.to_thread(run, self.config, steps, clock)
        self.empty()

    async def work_apart(self, **environment: str) -> int:
        """The same in a process of its own, which may die; return its exit code."""
        command = [sys.executable, "-m", "tests.connector.steps", str(self.config.path)]
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **environment})
        code = await process.wait()
        if code:
            self.deaths.append(code)
        self.empty()
        return code

    def empty(self) -> None:
        """Take away what is there for the ERP, at once."""
        for path in sorted(self.folders.status.glob("*.json")):
            self.statuses.append(json.loads(path.read_bytes()))
            path.unlink()
        for path in sorted(self.folders.inbox.glob("*/*.xml")):
            self.documents.append(path.read_bytes())
            path.unlink()

    def told(self) -> Counter[tuple[str, str]]:
        """How often each invoice was said to have each status."""
        return Counter((one.get("invoice_number", "-"), one["status"]) for one in self.statuses)

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in self.folders.named()[folder].iterdir() if path.suffix != ".txt")

    def receipt(self, folder: str, name: str) -> str:
        return (self.folders.named()[folder] / f"{name}.txt").read_text("utf-8-sig")

    def journal(self) -> Journal:
        return Journal(self.config.data / JOURNAL)

    def lose_journal(self) -> None:
        shutil.rmtree(self.config.data)
        self.config.data.mkdir()


class Door:
    """The gateway on a port of its own, to be closed and opened again."""

    def __init__(self, world: World) -> None:
        self.world = world
        (self.port,) = free_ports([], 1)
        self.url = f"http://127.0.0.1:{self.port}"
        self._http: Http | None = None

    async def open(self) -> None:
        assert self.world.service.app is not None
        self._http = Http(self.world.service.app, "127.0.0.1", self.port)
        async with httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{self.url}/v1/openapi.json")
                except httpx.TransportError:
                    await asyncio.sleep(0.01)
                else:
                    return

    async def close(self) -> None:
        if self._http is not None:
            self._http.stop()
            await self._http.task
            self._http = None

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        await self.close()
        yield
        await self.open()

    async def transactions(self) -> list[Any]:
        return await self.world.sql("SELECT * FROM transaction ORDER BY id")

    async def has_taken(self, count: int) -> None:
        """Wait until so many invoices were accepted."""
        while True:
            if len(await self.transactions()) >= count:
                return
            await asyncio.sleep(0.05)

    async def stories(self) -> list[Story]:
        return [await story_of(self.world, str(one.id)) for one in await self.transactions()]

    async def deliver(self) -> None:
        """Let everything that was accepted reach its recipient."""
        for story in await self.stories():
            await self.world.handle(story.ready(), story.ordered_by_ftp(), story.delivered())

    async def fill_inbox(self, company: str, number: str) -> None:
        """Let an invoice from the office's client arrive in a company's inbox."""
        async with self.world.client("office") as http:
            sent = invoice(number)
            answer = await http.post("/v1/transactions", json=sent, headers=headers(client=ALFA))
        story = await story_of(self.world, answer.json()["transaction_id"])
        await self.world.handle(story.ready(), story.ordered(company))
