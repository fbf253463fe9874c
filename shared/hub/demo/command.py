"""Runs the demonstration on the local stack."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from hub.demo.client import Gateway
from hub.demo.outside import Outside, refuse_a_real_access_point
from hub.demo.parties import Parties, load
from hub.demo.register import FILE, Demo, make
from hub.demo.report import Report
from hub.demo.scenario import INBOUND, SENDINGS, Sender, Way
from hub.demo.watch import Watcher
from hub.pipeline import TOPICS
from hub.stack.catalogue import specs
from hub.stack.run import RunningStack, run_stack

Then = Callable[["Demonstration"], Awaitable[bool]]


class Demonstration:
    """The hub with the made-up parties registered, and the outside world beside it."""

    def __init__(
        self, stack: RunningStack, gateway: Gateway, parties: Parties, outside: Outside, exits: AsyncExitStack
    ) -> None:
        self._stack = stack
        self._exits = exits
        self.gateway = gateway
        self.parties = parties
        self.outside = outside
        self.console = Console(width=None if sys.stdout.isatty() else 130)
        self.demo: Demo | None = None

    async def set_up(self) -> Demo:
        """Start the access point and register everybody."""
        address = next(service.spec.port for service in self._stack.services if service.spec.name == "access-point")
        await self.outside.start_access_point(self._exits, self.parties, f"http://127.0.0.1:{address}/inbound")
        self.outside.tell()
        data = self._stack.local.data
        self.demo = await make(self.gateway, self.parties, self.outside, data, self._stack.database_urls["gateway"])
        return self.demo

    async def start_sftp(self) -> None:
        """Start the SFTP server."""
        await self.outside.start_sftp(self._exits)

    async def send_everything(self) -> bool:
        """Send the examples, show their ways, and tell whether each ended as it should."""
        demo = await self.set_up()
        sender = Sender(self.gateway, demo)
        ways = [await sender.send(sending) for sending in SENDINGS]
        ways.append(await sender.repeat(ways[0], "same"))
        ways.append(await sender.repeat(ways[0], "other"))
        ways.append(await self._inbound(sender, demo))
        await self._watch(ways)
        report = Report(self.gateway, demo, self.parties, self.outside, self.console)
        await report.print(ways, self._stack.local.data)
        return not report.mistakes

    async def _inbound(self, sender: Sender, demo: Demo) -> Way:
        """Have the outsider send to a customer through the access point."""
        receiver = next(company for company in self.parties.companies if company.receives and not company.office)
        document, number = sender.body(INBOUND), sender.number_of(INBOUND)
        address = f"0192:{receiver.organisation_number}"
        await self.outside.send_in(document, self.parties.outsider("peppol").endpoint, address)
        install = demo.of(receiver.organisation_number)
        return Way(Path(INBOUND).stem, "from outside, by Peppol", "delivered", "inbox", install, number=number)

    async def _watch(self, ways: list[Way]) -> None:
        """Show the ways; the SFTP server comes up once its invoice was seen retrying."""
        starting: list[asyncio.Task[None]] = []

        def look() -> None:
            waiting = any(way.state == "retrying" for way in ways)
            if waiting and not starting:
                starting.append(asyncio.create_task(self.start_sftp()))

        watcher = Watcher(self.gateway, self.parties, self.console)
        await watcher.until_ended(ways, look)
        watcher.tell_why(ways)
        await asyncio.gather(*starting)


async def run(data: Path, port: int, then: Then, instances: int = 1) -> bool | None:
    """Start everything and call `then`; returns what it returned, or None after Ctrl-C. Raises StackError."""
    refuse_a_real_access_point(os.environ)
    parties = load()
    outside = Outside.at(data / "outside")

    async def with_stack(stack: RunningStack) -> bool:
        async with Gateway(f"http://127.0.0.1:{port}") as gateway, AsyncExitStack() as exits:
            return await then(Demonstration(stack, gateway, parties, outside, exits))

    services = specs(port, os.environ, outside.environment(), instances=instances)
    return await run_stack(data, services, TOPICS, then=with_stack)


async def serve(demonstration: Demonstration) -> bool:
    """Set up, and serve until Ctrl-C."""
    await demonstration.start_sftp()
    demo = await demonstration.set_up()  # last, because it writes the file that scripts wait for
    demonstration.console.print(f"The demonstration serves at {demo.gateway}; keys are in {FILE} of the data folder.")
    await asyncio.Event().wait()
    return True


async def send(demonstration: Demonstration) -> bool:
    """Send the examples, then serve until Ctrl-C."""
    await demonstration.send_everything()
    demonstration.console.print(f"\nServing at {demonstration.gateway.url} until Ctrl-C.")
    await asyncio.Event().wait()
    return True


async def send_once(demonstration: Demonstration) -> bool:
    """Send the examples and stop; True if each ended as it should."""
    return await demonstration.send_everything()
