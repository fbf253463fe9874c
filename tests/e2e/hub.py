"""A hub as its operator starts it (`python -m hub run --demo`), and its users' views of it from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil

from hub.stack.process import free_ports
from tests.load.invoices import invoice

ENDED = {"delivered", "refused", "failed", "cancelled", "returned"}
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Install:
    """An ERP: its key, the company it acts for, and that company's office."""

    name: str
    key: str
    client: str
    office: str | None


class RunningHub:
    """The whole hub in processes of its own, started with these arguments: unless given, as a demonstration."""

    def __init__(
        self,
        data: Path,
        port: int,
        arguments: Sequence[str] = ("--demo",),
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.data = data
        self.port = port
        self._arguments = arguments
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.http: httpx.Client

    @classmethod
    def in_folder(cls, data: Path) -> "RunningHub":
        return cls(data, free_ports([], 1)[0])

    def start(self) -> "RunningHub":
        command = [sys.executable, "-m", "hub", "run", "--data", str(self.data), "--port", str(self.port)]
        command += self._arguments
        with (self.data.parent / f"{self.data.name}.out").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT, env=dict(self._environment))
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        try:
            self.until(self._serves, "the hub serves", seconds=240)
        except BaseException:
            self._process.kill()  # nothing that it started outlives it
            raise
        return self

    def _serves(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.data.parent / f"{self.data.name}.out").read_text()
        return "serves at" in (self.data.parent / f"{self.data.name}.out").read_text()

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self.http.close()
        code = self._process.wait(60)
        (self.data.parent / f"{self.data.name}.out").write_text("")
        return code

    @property
    def demo(self) -> dict[str, Any]:
        return dict(json.loads((self.data / "demo.json").read_text()))

    @property
    def installs(self) -> list[Install]:
        return [Install(**install) for install in self.demo["installs"]]

    def install_of(self, client: str) -> Install:
        return next(install for install in self.installs if install.client == client)

    @property
    def supervisor(self) -> psutil.Process:
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def processes(self) -> list[psutil.Process]:
        return self.supervisor.children(recursive=True)

    def pid_of(self, module: str) -> int:
        """The process id of a service, by its module."""
        for process in self.processes():
            try:
                command = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            if command[-2:] == ["-m", module]:
                return process.pid
        raise LookupError(module)

    @contextmanager
    def paused(self, module: str) -> Iterator[None]:
        """Keep a process from doing anything: whoever speaks to it gets no answer."""
        process = next(one for one in self.processes() if module in one.cmdline())
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    def call(self, method: str, path: str, key: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", **request.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **request)

    def submit(self, install: Install, body: bytes, key: str | None = None, kind: str = "json") -> httpx.Response:
        headers = {"Idempotency-Key": key or str(uuid4()), "Content-Type": f"application/{kind}"}
        return self.call("POST", "/v1/transactions", install.key, content=body, headers=headers)

    def send(self, install: Install, recipient: str, number: str | None = None, lines: int = 3) -> str:
        """Send a good invoice and return its transaction id."""
        answer = self.submit(install, invoice(number or f"E{uuid4().hex[:12]}", recipient, lines))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["transaction_id"])

    def transaction(self, install: Install, identifier: str) -> dict[str, Any]:
        answer = self.call("GET", f"/v1/transactions/{identifier}", install.key)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, install: Install, identifier: str, seconds: float = 60) -> dict[str, Any]:
        """Return the transaction once it has ended."""
        found: dict[str, Any] = {}

        def over() -> bool:
            found.update(self.transaction(install, identifier))
            return found["status"] in ENDED

        self.until(over, f"{identifier} ends", seconds)
        return found

    @staticmethod
    def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"never happened: {what}"
            time.sleep(0.1)

    # What the receivers have, counted there and never in the hub.

    @property
    def outside(self) -> dict[str, str]:
        return dict(json.loads((self.data / "outside" / "outside.json").read_text()))

    def files(self) -> Counter[str]:
        """How often each final file name appeared on the SFTP server."""
        log = Path(self.outside["sftp_received"])
        lines = log.read_text().splitlines() if log.exists() else []
        return Counter(json.loads(line)["name"] for line in lines)

    def peppol(self) -> Counter[str]:
        """How often each instance identifier was kept by a receiver in Peppol."""
        answer = httpx.get(f"{self.outside['access_point']}/fake/deliveries").json()
        return Counter(one["instance_id"] for one in answer["delivered"])

    def inbox(self, install: Install) -> Iterator[dict[str, Any]]:
        """Take everything out of a company's inbox, as its ERP does."""
        while items := self.call("GET", "/v1/inbox", install.key).json()["items"]:
            for item in items:
                document = self.call("GET", item["links"]["document"], install.key).content
                assert self.call("POST", item["links"]["ack"], install.key).status_code == 200
                yield {**item, "document": document}

    def usage(self, install: Install, month: str) -> dict[str, int]:
        """Return the metered quantity by product."""
        answer = self.call("GET", f"/v1/usage?month={month}", install.key).json()
        return {row["product"]: row["quantity"] for row in answer["usage"]}
