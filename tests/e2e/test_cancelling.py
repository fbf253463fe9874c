"""Cancelling as an ERP does it: in time where nobody has the document yet, and told why where somebody has."""

from uuid import uuid4

import pytest

from tests.e2e.hub import Install, RunningHub


@pytest.fixture
def sender(hub: RunningHub) -> Install:
    return hub.install_of("310000035")


def cancel(hub: RunningHub, install: Install, identifier: str) -> tuple[int, str]:
    answer = hub.call("POST", f"/v1/transactions/{identifier}/cancel", install.key)
    return answer.status_code, str(answer.json()["status" if answer.status_code < 300 else "detail_nb"])


def test_an_invoice_at_a_silent_sftp_server_is_cancelled_and_never_arrives(hub: RunningHub, sender: Install) -> None:
    recipient, number = hub.demo["recipients"]["ftp"], f"C{uuid4().hex[:12]}"
    hub.ended(sender, hub.send(sender, recipient))  # so that the server was there before
    with hub.paused("hub.testing.sftp_server"):
        identifier = hub.send(sender, recipient, number)
        hub.until(lambda: hub.transaction(sender, identifier)["status"] == "routed", "it is ordered")
        assert cancel(hub, sender, identifier) == (202, "cancelling")
        ended = hub.ended(sender, identifier)
        assert cancel(hub, sender, identifier) == (200, "cancelled")
    assert (ended["status"], ended["channel"]) == ("cancelled", "ftp")
    assert [step["status"] for step in ended["timeline"]] == ["accepted", "ready", "routed", "cancelled"]
    assert ended["timeline"][-1]["requested_by"] == {"kind": "client", "organisation_number": sender.client}
    again = hub.send(sender, recipient, number)  # the number is free
    assert hub.ended(sender, again)["status"] == "delivered"
    assert not [name for name in hub.files() if identifier in name]
    assert [count for name, count in hub.files().items() if again in name] == [1]


def test_a_delivered_invoice_is_too_late_to_cancel_and_the_answer_says_what_to_do(
    hub: RunningHub, sender: Install
) -> None:
    identifier = hub.send(sender, hub.demo["recipients"]["inbox"])
    hub.ended(sender, identifier)
    status, says = cancel(hub, sender, identifier)
    assert status == 409
    assert "kreditnota" in says
    assert hub.transaction(sender, identifier)["status"] == "delivered"


def test_another_companys_invoice_cannot_be_cancelled(hub: RunningHub, sender: Install) -> None:
    identifier = hub.send(sender, hub.demo["recipients"]["inbox"])
    assert cancel(hub, hub.install_of("310000043"), identifier)[0] == 404
    assert hub.ended(sender, identifier)["status"] == "delivered"


def test_of_many_cancelled_right_after_sending_each_ends_once(hub: RunningHub, sender: Install) -> None:
    recipient = hub.demo["recipients"]["ftp"]
    sent = {
        identifier: cancel(hub, sender, identifier) for identifier in (hub.send(sender, recipient) for _ in range(20))
    }
    ends = {identifier: hub.ended(sender, identifier)["status"] for identifier in sent}
    arrived = {identifier: sum(n for name, n in hub.files().items() if identifier in name) for identifier in sent}
    assert set(ends.values()) <= {"cancelled", "delivered"}
    assert arrived == {identifier: int(end == "delivered") for identifier, end in ends.items()}
    assert all(ends[identifier] == "cancelled" for identifier, (status, _) in sent.items() if status == 200)
