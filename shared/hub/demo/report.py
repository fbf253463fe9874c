"""What the demonstration prints at its end: where the documents arrived, the usage, and where to go on."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from hub.demo.client import Gateway
from hub.demo.outside import INCOMING, Outside
from hub.demo.parties import Parties
from hub.demo.register import FILE, Demo
from hub.demo.scenario import Way

OSLO = ZoneInfo("Europe/Oslo")


class Report:
    """Collects the outcome; `mistakes` says what is not as it should be."""

    def __init__(self, gateway: Gateway, demo: Demo, parties: Parties, outside: Outside, console: Console) -> None:
        self._gateway = gateway
        self._demo = demo
        self._parties = parties
        self._outside = outside
        self._console = console
        self.mistakes: list[str] = []

    async def print(self, ways: Sequence[Way], data: Path) -> None:
        """Print everything, and note what differs from what was expected."""
        for way in ways:
            if not way.as_expected:
                self.mistakes.append(f"{way.title}: {way.wrong or f'ended as {way.state}, not as {way.ends}'}")
        await self._arrivals(ways)
        await self._usage(ways)
        self._addresses(data)
        for mistake in self.mistakes:
            self._console.print(f"[red bold]Not as it should be:[/red bold] {mistake}", highlight=False)
        if not self.mistakes:
            self._console.print("[green]Every document ended as it should.[/green]")

    async def _arrivals(self, ways: Sequence[Way]) -> None:
        """Count at the receivers, never from our own tables."""
        self._console.print("\n[bold]Where the documents arrived[/bold]")
        numbers = {str(way.seen.get("invoice_number")): way for way in ways if way.id and way.state == "delivered"}
        arrived = [f"{one['receiver']}" for one in await self._outside.peppol_deliveries()]
        for receiver in dict.fromkeys(arrived):
            address = receiver.rpartition("::")[2]
            self._line(
                f"Peppol, {self._parties.name_of(address)}", self._outside.peppol_folder, arrived.count(receiver)
            )
        files = self._outside.sftp_received()
        self._line(f"SFTP, {self._parties.outsider('ftp').name}", self._outside.sftp_folder / INCOMING, len(files))
        taken = await self._fetch_inboxes()
        expected = {"peppol": len(arrived), "ftp": len(files), "inbox": taken}
        for channel, count in expected.items():
            sent = sum(way.seen.get("channel") == channel for way in numbers.values())
            if count < sent:
                self.mistakes.append(f"{sent} delivered by {channel}, but {count} arrived")

    def _line(self, who: str, where: Path, count: int) -> None:
        self._console.print(f"  {count} × {who}: {where}", highlight=False, soft_wrap=True)

    async def _fetch_inboxes(self) -> int:
        """Fetch and acknowledge what is in the customers' inboxes, as their ERPs do."""
        taken = 0
        for company in (company for company in self._parties.companies if company.receives):
            key = self._demo.of(company.organisation_number).key
            folder = self._outside.folder / "inbox" / company.organisation_number
            folder.mkdir(parents=True, exist_ok=True)
            page = await self._gateway.expect("GET", "/v1/inbox", key)
            for item in page["items"]:
                document = await self._gateway.call("GET", item["links"]["document"], key)
                (folder / f"{item['id']}.xml").write_bytes(document.body)
                await self._gateway.expect("POST", item["links"]["ack"], key)
            taken += len(page["items"])
            self._line(f"inbox in the hub, {company.name} (fetched and acknowledged)", folder, len(page["items"]))
        return taken

    async def _usage(self, ways: Sequence[Way]) -> None:
        """Show what was metered, as each client's own ERP may see it."""
        month = datetime.now(OSLO).strftime("%Y-%m")
        table = Table(title=f"Usage in {month}", title_justify="left", box=None, header_style="bold", pad_edge=False)
        for column in ("Client", "Office's number", "Product", "By the office", "By itself", "Total"):
            table.add_column(column, justify="right" if column in {"By the office", "By itself", "Total"} else "left")
        total = 0
        for company in self._parties.companies:
            key = self._demo.of(company.organisation_number).key
            for row in await self._rows(key, month):
                total += int(row["quantity"])
                table.add_row(
                    company.name,
                    company.client_number or "",
                    row["product"],
                    str(row["by_office"]),
                    str(row["by_client"]),
                    str(row["quantity"]),
                )
        self._console.print()
        self._console.print(table)
        delivered = len({way.id for way in ways if way.state == "delivered"})
        if total < delivered:
            self.mistakes.append(f"{delivered} delivered, but {total} metered")

    async def _rows(self, key: str, month: str) -> list[dict[str, Any]]:
        answer = await self._gateway.expect("GET", f"/v1/usage?month={month}", key)
        return list(answer["usage"])

    def _addresses(self, data: Path) -> None:
        url = self._gateway.url
        self._console.print("\n[bold]To go on with[/bold]")
        by_hand = (
            "curl -H 'Authorization: Bearer KEY' -H 'Idempotency-Key: 1' -H 'Content-Type: application/json' "
            f"--data @examples/02-items-at-every-rate.json {url}/v1/transactions"
        )
        for what, where in (
            ("The API", f"{url}/v1/openapi.json"),
            ("Keys and recipients", str(data / FILE)),
            ("Logs", str(data / "logs")),
            ("Send one by hand", by_hand),
        ):
            self._console.print(f"  {what}: {where}", highlight=False, soft_wrap=True)
