"""Each channel for real: what was submitted is what arrives, once, and it is metered."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hub.demo.parties import examples_folder
from tests.e2e.hub import Install, RunningHub
from tests.load.invoices import invoice


@pytest.fixture
def sender(hub: RunningHub) -> Install:
    return hub.install_of("310000035")


def document(hub: RunningHub, install: Install, identifier: str) -> bytes:
    return hub.call("GET", f"/v1/transactions/{identifier}/document", install.key).content


def test_an_invoice_reaches_another_customers_inbox(hub: RunningHub, sender: Install) -> None:
    identifier = hub.send(sender, hub.demo["recipients"]["inbox"])
    ended = hub.ended(sender, identifier)
    assert (ended["status"], ended["channel"]) == ("delivered", "inbox")
    assert [step["status"] for step in ended["timeline"]] == ["accepted", "ready", "routed", "delivered"]
    items = list(hub.inbox(hub.install_of(hub.demo["recipients"]["inbox"])))
    mine = [item for item in items if item["invoice_number"] == ended["invoice_number"]]
    assert [item["document"] for item in mine] == [document(hub, sender, identifier)]


def test_an_invoice_reaches_an_sftp_server_under_its_final_name(hub: RunningHub, sender: Install) -> None:
    identifier = hub.send(sender, hub.demo["recipients"]["ftp"])
    ended = hub.ended(sender, identifier)
    assert (ended["status"], ended["channel"]) == ("delivered", "ftp")
    names = [name for name in hub.files() if identifier in name]
    assert [hub.files()[name] for name in names] == [1]
    (receipt,) = ended["receipts"]
    assert receipt["confirmed_by"].startswith("sftp://")


def test_an_invoice_reaches_a_receiver_in_peppol(hub: RunningHub, sender: Install) -> None:
    before = sum(hub.peppol().values())
    identifier = hub.send(sender, hub.demo["recipients"]["peppol"])
    ended = hub.ended(sender, identifier)
    assert (ended["status"], ended["channel"]) == ("delivered", "peppol")
    assert sum(hub.peppol().values()) == before + 1
    assert ended["receipts"][0]["confirmed_by"]


def test_an_invoice_that_no_channel_reaches_fails_with_what_would_help(hub: RunningHub, sender: Install) -> None:
    ended = hub.ended(sender, hub.send(sender, hub.demo["recipients"]["none"]))
    assert (ended["status"], ended.get("channel")) == ("failed", None)
    (problem,) = ended["problems"]
    assert problem["type"].endswith("no_route") or problem["type"].endswith("no-route")
    assert problem["nb"]
    assert problem["en"]


def test_a_refused_invoice_names_every_field_at_once_and_its_number_is_free_again(
    hub: RunningHub, sender: Install
) -> None:
    number = f"R{uuid4().hex[:10]}"
    wrong = json.loads(invoice(number, hub.demo["recipients"]["inbox"]))
    wrong["lines"][0]["vat"]["rate"] = "24"
    wrong["payment"] = {"kid": "123"}
    answer = hub.submit(sender, json.dumps(wrong).encode())
    assert answer.status_code == 202, answer.text
    ended = hub.ended(sender, answer.json()["transaction_id"])
    assert ended["status"] == "refused"
    assert {"lines[0].vat.rate", "payment.kid"} <= {problem["field"] for problem in ended["problems"]}
    assert hub.ended(sender, hub.send(sender, hub.demo["recipients"]["inbox"], number))["status"] == "delivered"


def test_an_invoice_from_peppol_reaches_its_receivers_inbox_once(hub: RunningHub) -> None:
    receiver = hub.install_of("310000043")
    number = f"IN{uuid4().hex[:8]}"
    original = (examples_folder() / "08-inbound.xml").read_bytes()
    body = original.replace(b"</cbc:ID>", f"-{number}</cbc:ID>".encode(), 1)
    query = {"sender": "0192:310002003", "receiver": "0192:310000043", "instance": str(uuid4())}
    url = f"{hub.outside['access_point']}/fake/inbound"
    assert httpx.post(url, params=query, content=body).status_code == 200
    taken: list[dict[str, Any]] = []

    def arrived() -> bool:
        taken.extend(item for item in hub.inbox(receiver) if item["invoice_number"].endswith(number))
        return bool(taken)

    hub.until(arrived, "the invoice is in the inbox")
    assert len(taken) == 1
    assert b"</cbc:ID>" in taken[0]["document"]


def test_what_was_delivered_is_metered_for_its_client(hub: RunningHub) -> None:
    sender = hub.install_of("310000019")
    month = datetime.now(UTC).astimezone().strftime("%Y-%m")
    before = hub.usage(sender, month)
    for recipient in ("inbox", "ftp", "peppol"):
        hub.ended(sender, hub.send(sender, hub.demo["recipients"][recipient]))
    hub.until(lambda: sum(hub.usage(sender, month).values()) == sum(before.values()) + 3, "three rows metered")
    assert sum(hub.usage(sender, month).values()) == sum(before.values()) + 3


def test_the_feed_is_numbered_without_gaps_and_ends_with_the_end(hub: RunningHub, sender: Install) -> None:
    identifier = hub.send(sender, hub.demo["recipients"]["inbox"])
    hub.ended(sender, identifier)
    entries = []
    page = hub.call("GET", "/v1/events?after=0", sender.key).json()
    while page["entries"]:
        entries.extend(page["entries"])
        page = hub.call("GET", f"/v1/events?after={entries[-1]['number']}", sender.key).json()
    numbers = [entry["number"] for entry in entries]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    mine = [entry["status"] for entry in entries if entry.get("transaction_id") == identifier]
    assert mine[-1] == "delivered"
    assert len(mine) == len(set(mine))
