"""Shows each document's way live in the terminal until all have ended."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table

from hub.demo.client import Gateway
from hub.demo.parties import Parties
from hub.demo.register import Install
from hub.demo.scenario import AT_THE_DOOR, Way

PATIENCE_SECONDS = 180
POLL_SECONDS = 0.2
_COLOURS = {
    "delivered": "green",
    "refused": "yellow",
    "failed": "yellow",
    AT_THE_DOOR: "yellow",
    "retrying": "magenta",
    "in_doubt": "red",
}


class Watcher:
    """Asks the gateway for each transaction as its ERP would, and draws what it learns."""

    def __init__(self, gateway: Gateway, parties: Parties, console: Console) -> None:
        self._gateway = gateway
        self._parties = parties
        self._console = console
        self._told: dict[int, str] = {}

    async def until_ended(self, ways: Sequence[Way], on_look: Callable[[], object]) -> None:
        """Look until all have ended, or the patience has (what then has not ended is shown as it is)."""
        deadline = datetime.now(UTC).timestamp() + PATIENCE_SECONDS
        interactive = self._console.is_terminal
        with Live(console=self._console, auto_refresh=False, transient=False) as live:
            while True:
                await asyncio.gather(*(self._look(way) for way in ways))
                on_look()
                ended = all(way.ended for way in ways) or datetime.now(UTC).timestamp() > deadline
                if interactive or ended:
                    live.update(self._table(ways), refresh=True)
                else:
                    self._tell_changes(ways)
                if ended:
                    return
                await asyncio.sleep(POLL_SECONDS)

    async def _look(self, way: Way) -> None:
        if way.install is None or way.wrong or way.state == AT_THE_DOOR:
            return
        if way.id is None:
            way.id = await self._find_inbound(way.install, way.number)
        if way.id is not None:
            answer = await self._gateway.call("GET", f"/v1/transactions/{way.id}", way.install.key)
            if answer.status == 200:
                way.seen = answer.body

    async def _find_inbound(self, install: Install, number: str) -> str | None:
        answer = await self._gateway.call("GET", "/v1/transactions", install.key)
        rows = answer.body["transactions"] if answer.status == 200 else []
        return next((str(row["transaction_id"]) for row in rows if row["invoice_number"] == number), None)

    def _tell_changes(self, ways: Sequence[Way]) -> None:
        """Print a line for each change, where there is no terminal to draw on."""
        for place, way in enumerate(ways):
            if self._told.get(place) != way.state:
                self._told[place] = way.state
                self._console.print(f"{way.title:<30} {way.state:<10} {way.seen.get('channel') or ''}", highlight=False)

    def _table(self, ways: Sequence[Way]) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in ("Example", "Shows", "From → to", "State", "Channel", "Way there"):
            table.add_column(column, overflow="fold")
        table.add_column("Seconds", justify="right")
        for way in ways:
            colour = "red bold" if way.wrong else _COLOURS.get(way.state, "cyan")
            table.add_row(
                way.title,
                way.shows,
                f"{self._name(way, 'sender')} → {self._name(way, 'recipient')}" if way.seen.get("sender") else "",
                f"[{colour}]{'wrong' if way.wrong else way.state}[/{colour}]",
                str(way.seen.get("channel") or ""),
                f"[dim]{' '.join(_path(way))}[/dim]",
                _seconds(way),
            )
        return table

    def tell_why(self, ways: Sequence[Way]) -> None:
        """Print what each sender was told that did not simply get its document through."""
        self._console.print()
        for way in ways:
            for told in _problems(way):
                self._console.print(f"  {way.title}: {told}", highlight=False, soft_wrap=True)

    def _name(self, way: Way, side: str) -> str:
        return self._parties.name_of(str(way.seen[side])).split()[0]


def _path(way: Way) -> list[str]:
    states = [step["status"] for step in way.seen.get("timeline", ())]
    return list(dict.fromkeys(states))[1:-1]


def _seconds(way: Way) -> str:
    changed = way.seen.get("changed_at")
    if changed is None:
        return ""
    return f"{(datetime.fromisoformat(changed) - datetime.fromisoformat(way.seen['accepted_at'])).total_seconds():.1f}"


def _problems(way: Way) -> list[str]:
    if way.wrong:
        return [way.wrong]
    told = [
        f"{problem['field'] + ': ' if problem.get('field') else ''}{problem['en']}"
        for problem in way.seen.get("problems", ())
    ]
    return told or ([way.note] if way.note else [])
