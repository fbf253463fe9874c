"""What the demonstration sends, as an ERP would, and how each must end."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from hub.demo.client import Answer, Gateway
from hub.demo.parties import examples_folder
from hub.demo.register import Demo, Install
from hub.status import ENDED

AT_THE_DOOR = "409"
FIRST = "01-text-lines-and-kid.json"


@dataclass(frozen=True, slots=True)
class Sending:
    """An example to send: by which company (or its office), and the state and channel it must end in."""

    file: str
    shows: str
    client: str
    by_office: bool
    ends: str
    channel: str | None = None


SENDINGS = (
    Sending("01-text-lines-and-kid.json", "text lines, fixed amount, KID", "310000019", True, "delivered", "peppol"),
    Sending("02-items-at-every-rate.json", "items at 25/15/12/0 %", "310000035", False, "delivered", "inbox"),
    Sending("03-with-pdf.xml", "UBL with a PDF; server down at first", "310000035", False, "delivered", "ftp"),
    Sending("04-credit-note.json", "credit note for the first", "310000019", True, "delivered", "peppol"),
    Sending("05-euro-to-sweden.json", "EUR to Sweden, VAT in NOK", "310000019", True, "delivered", "peppol"),
    Sending("06-two-findings.json", "two mistakes", "310000043", False, "refused"),
    Sending("07-no-channel.json", "nobody to reach", "310000043", False, "failed"),
)
INBOUND = "08-inbound.xml"


@dataclass(slots=True)
class Way:
    """One document's way: what is known of it now, and what was expected."""

    title: str
    shows: str
    ends: str
    channel: str | None
    install: Install | None
    id: str | None = None
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seen: dict[str, Any] = field(default_factory=dict)
    number: str = ""
    note: str = ""
    wrong: str = ""

    @property
    def state(self) -> str:
        """The state it is in."""
        return str(self.seen.get("status", "…"))

    @property
    def ended(self) -> bool:
        """Whether it has come to its end."""
        return bool(self.wrong) or self.state in {*ENDED, AT_THE_DOOR}

    @property
    def as_expected(self) -> bool:
        """Whether it ended as it should."""
        return not self.wrong and self.state == self.ends and self.seen.get("channel") == self.channel


class Sender:
    """Sends the examples. Their numbers are made new for each run, so that the demonstration can be repeated."""

    def __init__(self, gateway: Gateway, demo: Demo) -> None:
        self._gateway = gateway
        self._demo = demo
        self._folder: Path = examples_folder()
        self._run = datetime.now(UTC).strftime("%m%d%H%M%S")
        self._first_key = f"demo-{uuid4()}"

    def body(self, file: str) -> bytes:
        """Return the example with this run's invoice numbers."""
        content = (self._folder / file).read_bytes()
        if file.endswith(".xml"):
            return content.replace(b"</cbc:ID>", f"-{self._run}</cbc:ID>".encode(), 1)
        invoice = json.loads(content)
        invoice["number"] += f"-{self._run}"
        if "credits" in invoice:
            invoice["credits"]["number"] += f"-{self._run}"
        return json.dumps(invoice, ensure_ascii=False).encode()

    def number_of(self, file: str) -> str:
        """Return a UBL example's invoice number in this run."""
        return self.body(file).partition(b"<cbc:ID>")[2].partition(b"</cbc:ID>")[0].decode()

    async def _post(self, file: str, install: Install, key: str) -> Answer:
        kind = "application/xml" if file.endswith(".xml") else "application/json"
        return await self._gateway.call(
            "POST", "/v1/transactions", install.key, data=self.body(file), Idempotency_Key=key, Content_Type=kind
        )

    async def send(self, sending: Sending) -> Way:
        """Hand one example in and return its way."""
        install = self._demo.of(sending.client, by_office=sending.by_office)
        way = Way(Path(sending.file).stem, sending.shows, sending.ends, sending.channel, install)
        answer = await self._post(sending.file, install, self._first_key if sending.file == FIRST else str(uuid4()))
        if answer.status == 202:
            way.id = answer.body["transaction_id"]
        else:
            way.wrong = f"answered {answer.status}: {answer.body}"
        return way

    async def repeat(self, first: Way, which: Literal["same", "other"]) -> Way:
        """Hand the first example in again: under the same key (the same answer), or another (refused by name)."""
        assert first.install is not None
        title = "01 again, same key" if which == "same" else "01 again, other key"
        if which == "same":
            answer = await self._post(FIRST, first.install, self._first_key)
            way = Way(title, "the same answer", "delivered", "peppol", first.install, first.id)
            if answer.status != 202 or answer.body["transaction_id"] != first.id:
                way.wrong = f"answered {answer.status}: {answer.body}"
            way.note = "202 with the first one's id"
            return way
        answer = await self._post(FIRST, first.install, str(uuid4()))
        way = Way(title, "refused at the door", AT_THE_DOOR, None, first.install)
        way.seen = {"status": str(answer.status)}
        if answer.status != 409 or str(first.id) not in json.dumps(answer.body):
            way.wrong = f"answered {answer.status}: {answer.body}"
        way.note = str(answer.body.get("detail", "")) if isinstance(answer.body, dict) else ""
        return way
