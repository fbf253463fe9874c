"""An operator at the command line of a running hub: looks, lets things stand still and go on, and is on the record."""

import json
from typing import Any

from tests.e2e.hub import RunningHub
from tests.e2e.test_commands import hub_command


def ops(hub: RunningHub, *command: str, code: int = 0) -> Any:
    done = hub_command("ops", "--data", str(hub.data), "--actor", "kari", "--json", *command)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def test_a_paused_channel_keeps_its_deliveries_until_it_is_resumed(hub: RunningHub) -> None:
    sender = hub.install_of("310000019")
    ops(hub, "pause", "channel", "ftp", "--reason", "their server is being moved")
    identifier = hub.send(sender, hub.demo["recipients"]["ftp"])

    def due() -> bool:
        return any(one["due"] for one in ops(hub, "destinations")["ftp-sender"]["destinations"])

    hub.until(due, "the delivery waits at the sender")
    assert ops(hub, "delivery", f"{identifier}/1")["state"] == "due"
    assert "does not answer" not in hub_command("ops", "--data", str(hub.data), "queues").stderr
    told = ops(hub, "reroute", identifier, "--channel", "inbox", "--reason", "impatient", code=1)
    assert "has not ended without delivery" in told
    ops(hub, "resume", "channel", "ftp")
    assert hub.ended(sender, identifier)["status"] == "delivered"
    assert ops(hub, "transaction", identifier)["status"] == "delivered"
    audited = [(entry["actor"], entry["action"], entry["reason"]) for entry in ops(hub, "audit")]
    assert audited[1] == ("kari", "channel.pause", "their server is being moved")
    assert audited[0][:2] == ("kari", "channel.resume")


def test_what_found_no_route_goes_another_way_by_an_operators_word(hub: RunningHub) -> None:
    sender = hub.install_of("310000019")
    failed = hub.send(sender, hub.demo["recipients"]["none"])
    assert hub.ended(sender, failed)["status"] == "failed"
    target = next(iter(ops(hub, "transaction", failed)["legs"]))
    assert target["channel"] is None
    ops(hub, "reroute", failed, "--channel", "peppol", "--leg", "2", "--reason", "they are in Peppol after all")
    again = ops(hub, "reroute", failed, "--channel", "peppol", "--leg", "2", "--reason", "the answer was lost")
    assert (again["leg"], again["repeated"]) == (2, True)


def test_the_commands_say_what_to_do_where_no_hub_runs(tmp_path: Any) -> None:
    done = hub_command("ops", "--data", str(tmp_path), "queues")
    assert done.returncode == 2
    assert "Start it (python -m hub run)" in " ".join(done.stderr.split())  # however its lines are broken
