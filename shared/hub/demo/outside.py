"""The outside world on this machine: an SFTP server and an access point, in processes of their own."""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from pathlib import Path

import aiohttp

from hub.demo.parties import Parties
from hub.stack import process
from hub.stack.errors import StackError
from hub.stack.supervisor import Service, ServiceSpec, Supervisor, until_serving
from hub.testing.sftp_server import host_key_at

USER = "storvika"
INCOMING = "inn"
FILE = "outside.json"


def refuse_a_real_access_point(environment: Mapping[str, str]) -> None:
    """Stop before anything made up could reach the Peppol network."""
    if environment.get("HUB_PHOSS_URL"):
        raise StackError(
            "HUB_PHOSS_URL names an access point. The demonstration brings its own and never sends its made-up "
            "invoices to a real one. Unset HUB_PHOSS_URL, or start without the demonstration: python -m hub run"
        )


@dataclass
class Outside:
    """Where the outside is, and what lets in. Everything lies under `folder`; secrets live as long as this run."""

    folder: Path
    access_point_port: int
    sftp_port: int
    token: str = field(default_factory=lambda: secrets.token_hex(24))
    inbound_secret: str = field(default_factory=lambda: secrets.token_hex(24))
    password: str = field(default_factory=lambda: secrets.token_hex(24))

    @classmethod
    def at(cls, folder: Path) -> "Outside":
        """Choose free ports for an outside world in the folder."""
        access_point, sftp = process.free_ports([], 2)
        return cls(folder.absolute(), access_point, sftp)

    @property
    def access_point_url(self) -> str:
        """The access point's address."""
        return f"http://127.0.0.1:{self.access_point_port}"

    @property
    def sftp_folder(self) -> Path:
        """What the SFTP server serves."""
        return self.folder / "sftp"

    @property
    def peppol_folder(self) -> Path:
        """What reached receivers in Peppol, by receiver."""
        return self.folder / "peppol"

    def environment(self) -> dict[str, dict[str, str]]:
        """Return what the hub's services must know of it, by service."""
        return {
            "access-point": {
                "HUB_PHOSS_URL": self.access_point_url,
                "HUB_PHOSS_TOKEN": self.token,
                "HUB_INBOUND_SECRET": self.inbound_secret,
            },
            "ftp-sender": {"HUB_NET_ALLOW": f"127.0.0.1:{self.sftp_port}"},
        }

    def tell(self) -> None:
        """Write where the outside is (outside.json in its folder), for scripts that count at the receivers."""
        places = {
            "access_point": self.access_point_url,
            "peppol": str(self.peppol_folder),
            "sftp": str(self.sftp_folder / INCOMING),
            "sftp_received": str(self._received),
        }
        process.write_private(self.folder / FILE, places)

    @property
    def _received(self) -> Path:
        return self.sftp_folder.with_name(self.sftp_folder.name + ".received.jsonl")

    def ftp_target(self) -> dict[str, object]:
        """Return the SFTP server as a customer's target in the gateway's words."""
        key = host_key_at(self.sftp_folder.with_name(self.sftp_folder.name + ".host_key"))
        return {
            "host": "127.0.0.1",
            "port": self.sftp_port,
            "user": USER,
            "password": self.password,
            "folder": INCOMING,
            "host_key": f"{key.get_name()} {key.get_base64()}",
        }

    async def start_access_point(self, stack: AsyncExitStack, parties: Parties, backend: str) -> None:
        """Run the access point until the stack closes; `backend` is our service's inbound address."""
        known = [parties.outsider("peppol").endpoint, parties.outsider("peppol-abroad").endpoint]
        await self._start(
            stack,
            "outside-access-point",
            "hub.testing.phoss_ap",
            self.access_point_port,
            ("--token", self.token, "--folder", str(self.peppol_folder), "--backend", backend),
            ("--bearer", self.inbound_secret, "--retry-seconds", "2", "--most-attempts", "60", "--known", *known),
        )

    async def start_sftp(self, stack: AsyncExitStack) -> None:
        """Run the SFTP server until the stack closes."""
        (self.sftp_folder / INCOMING).mkdir(parents=True, exist_ok=True)
        await self._start(
            stack,
            "outside-sftp",
            "hub.testing.sftp_server",
            self.sftp_port,
            ("--folder", str(self.sftp_folder), "--user", USER, "--password", self.password),
        )

    async def _start(
        self, stack: AsyncExitStack, name: str, module: str, port: int, *arguments: tuple[str, ...]
    ) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        spec = ServiceSpec(name=name, module=module, port=port, arguments=("--port", str(port), *chain(*arguments)))
        member = Service(spec, 0, environment=dict(os.environ), logs=self.folder.parent / "logs")
        supervisor = await stack.enter_async_context(Supervisor([member], say=lambda _line: None))
        await until_serving([member], supervisor, timedelta(seconds=30))

    async def send_in(self, document: bytes, sender: str, receiver: str) -> None:
        """Have somebody in Peppol send us a document."""
        url = f"{self.access_point_url}/fake/inbound"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, params={"sender": sender, "receiver": receiver}, data=document) as response,
        ):
            if response.status != 200:
                raise RuntimeError(f"the access point did not take the document: {await response.text()}")

    async def peppol_deliveries(self) -> list[dict[str, object]]:
        """Return what receivers in Peppol have."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.access_point_url}/fake/deliveries") as response,
        ):
            return list((await response.json())["delivered"])

    def sftp_received(self) -> list[dict[str, object]]:
        """Return the files that got their final name on the SFTP server."""
        if not self._received.exists():
            return []
        return [json.loads(line) for line in self._received.read_text().splitlines()]
