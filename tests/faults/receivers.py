"""Those who receive, outside the hub: they count for themselves what reaches them, and take it away."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from uuid import UUID, uuid5

from aiohttp import web

from hub.demo.outside import INCOMING, USER, Outside
from hub.demo.parties import Parties
from hub.testing.phoss_ap.app import application
from hub.testing.phoss_ap.world import Receiver, World
from hub.testing.sftp_server import SftpServer, host_key_at

LOOK_SECONDS = 0.05
TRANSACTION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Receivers:
    """An SFTP server whose files are taken away as soon as they are seen, and an access point; both can go away."""

    def __init__(self, outside: Outside, parties: Parties) -> None:
        self.outside = outside
        known = [parties.outsider("peppol").endpoint, parties.outsider("peppol-abroad").endpoint]
        self.network = World(token=outside.token, receivers={address: Receiver() for address in known})
        self.sftp = SftpServer(
            outside.sftp_folder,
            USER,
            outside.password,
            host_key=host_key_at(outside.sftp_folder.with_name(outside.sftp_folder.name + ".host_key")),
            port=outside.sftp_port,
        )
        self.taking = True
        self._taken: Counter[str] = Counter()
        self._runner = web.AppRunner(application(self.network), access_log=None)
        self._site: web.TCPSite | None = None
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        (self.outside.sftp_folder / INCOMING).mkdir(parents=True, exist_ok=True)
        await self._runner.setup()
        await self.open()
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._watching is not None
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        await self.close()
        await self._runner.cleanup()

    async def open(self) -> None:
        """Let both be there again, with all that they know."""
        self.sftp.start()
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.outside.access_point_port)
        await self._site.start()

    async def close(self) -> None:
        """Let nobody answer, and cut who was connected."""
        await asyncio.to_thread(self.sftp.stop)
        if self._site is not None and self._runner.server is not None:
            await self._site.stop()
            await self._runner.server.shutdown(0)
            self._site = None

    @asynccontextmanager
    async def away(self) -> AsyncIterator[list[float]]:
        """Let nobody be there while the block lasts; who calls the SFTP server is turned away and noted."""
        knocks: list[float] = []

        def turn_away(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            knocks.append(asyncio.get_running_loop().time())
            writer.transport.abort()

        await self.close()
        try:
            async with await asyncio.start_server(turn_away, "127.0.0.1", self.sftp.port):
                yield knocks
        finally:
            await self.open()

    async def _watch(self) -> None:
        """Take files away as a recipient's own program does: what has its final name is taken at once."""
        while True:
            if self.taking:
                self.take(self.outside.sftp_folder)
            await asyncio.sleep(LOOK_SECONDS)

    def take(self, folder: Path) -> None:
        for file in folder.glob("*/*"):
            if not file.name.startswith(".") and file.suffix != ".part":
                self._taken[file.name] += 1
                with contextlib.suppress(FileNotFoundError):
                    file.unlink()

    def files(self) -> Counter[str]:
        """Return how often each transaction's file came: as the watcher took them, and as the server named them."""
        named = Counter(Path(file.name).name for file in self.sftp.received)
        counted: Counter[str] = Counter()
        for name in {*self._taken, *named}:
            if found := TRANSACTION.search(name):
                counted[found.group()] += max(self._taken[name], named[name])
        return counted

    def documents(self) -> Counter[str]:
        """Return how often each instance identifier was submitted, of those that reached their receiver."""
        counted: Counter[str] = Counter()
        for key in self.network.arrivals:
            counted[key[0]] += self.network.submissions[key]
        return counted


def instance_of(identifier: str) -> str:
    """Return the instance identifier that a transaction's first leg has in Peppol."""
    return str(uuid5(UUID(identifier), "1"))
