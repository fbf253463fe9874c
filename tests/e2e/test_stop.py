"""SIGTERM to each service while invoices are under way: it ends by itself and in time, and everything still arrives."""

import concurrent.futures
import itertools
import os
import re
import signal
import threading
from collections.abc import Iterator

import httpx
import pytest

from hub.stack.catalogue import SERVICES
from hub.stack.supervisor import PATIENCE
from tests.e2e.hub import ENDED, Install, RunningHub
from tests.load.invoices import invoice

ENDED_WELL = re.compile(r"^(\S+) ended with exit code 0; starting it again", re.MULTILINE)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    running = RunningHub.in_folder(tmp_path_factory.mktemp("stop") / "data").start()
    yield running
    assert running.stop() == 0


def keep_sending(hub: RunningHub, sender: Install, enough: threading.Event) -> list[str]:
    """Send invoices one after the other, each until it is accepted, as an ERP does."""
    recipients = itertools.cycle(hub.demo["recipients"][channel] for channel in ("inbox", "ftp", "peppol"))
    accepted = []
    for number in itertools.count():
        body, key = invoice(f"S{number}", next(recipients)), f"stop-{number}"
        while True:
            try:
                answer = hub.submit(sender, body, key)
            except httpx.TransportError:
                continue
            if answer.status_code == 202:
                break
            assert answer.status_code >= 500, answer.text
        accepted.append(str(answer.json()["transaction_id"]))
        if enough.is_set():
            return accepted
    raise AssertionError


def test_every_service_stops_in_time_under_load_and_loses_nothing(fresh: RunningHub) -> None:
    sender = next(one for one in fresh.installs if one.client != fresh.demo["recipients"]["inbox"])
    out = fresh.data.parent / f"{fresh.data.name}.out"
    enough = threading.Event()
    with concurrent.futures.ThreadPoolExecutor() as threads:
        sending = threads.submit(keep_sending, fresh, sender, enough)
        try:
            for service in SERVICES:
                os.kill(fresh.pid_of(service.replace("-", "_")), signal.SIGTERM)
                fresh.until(
                    lambda service=service: service in ENDED_WELL.findall(out.read_text()),  # type: ignore[misc]
                    f"{service} ended with exit code 0",
                    seconds=PATIENCE.total_seconds(),
                )
                fresh.until(lambda: sending.done() or healthy(fresh), "the gateway is ready again")
        finally:
            enough.set()
        accepted = sending.result()
    for identifier in accepted:
        assert fresh.ended(sender, identifier)["status"] in ENDED


def healthy(hub: RunningHub) -> bool:
    try:
        return hub.http.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_a_long_poll_is_answered_when_the_gateway_stops(fresh: RunningHub) -> None:
    install = fresh.installs[0]
    last = fresh.call("GET", "/v1/events?limit=1000", install.key).json()["last"]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        poll = threads.submit(fresh.call, "GET", f"/v1/events?after={last}&wait=30", install.key)
        with concurrent.futures.ThreadPoolExecutor() as other:  # by now the first one waits
            other.submit(fresh.call, "GET", f"/v1/events?after={last}&wait=1", install.key).result()
        os.kill(fresh.pid_of("gateway"), signal.SIGTERM)
        answer = poll.result(timeout=PATIENCE.total_seconds())
    assert (answer.status_code, answer.json()["entries"]) == (200, [])
