"""The service starts only with an access point and both secrets; the fake runs in a process of its own."""

import asyncio
import base64
import sys
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from pydantic import ValidationError

from access_point.app import budget_of, build
from access_point.settings import AccessPointSettings
from hub.parties import Channel
from tests.access_point.envelopes import invoice

ENVIRONMENT = {
    "HUB_DATABASE_URL": "postgresql+asyncpg://x:x@127.0.0.1:1/x",
    "HUB_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    "HUB_BLOB_URL": "file:///nowhere",
    "HUB_SECRET_KEY": base64.b64encode(b"k" * 32).decode(),
    "HUB_PHOSS_URL": "http://127.0.0.1:1",
    "HUB_PHOSS_TOKEN": "token",
    "HUB_INBOUND_SECRET": "sixteen-or-more-characters",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", ["HUB_PHOSS_URL", "HUB_PHOSS_TOKEN", "HUB_INBOUND_SECRET"])
@pytest.mark.parametrize("value", [None, ""])
def test_it_refuses_to_start_without(name: str, value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.removeprefix("HUB_").lower()):
        AccessPointSettings()


def test_a_short_inbound_secret_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_INBOUND_SECRET", "short")
    with pytest.raises(ValidationError) as raised:
        AccessPointSettings()
    assert "'short'" not in str(raised.value)


def test_the_lease_outlasts_the_longest_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget_of(AccessPointSettings()).deadline > timedelta(seconds=300)
    monkeypatch.setenv("HUB_SUBMIT_LIMIT", "PT20S")
    budget = budget_of(AccessPointSettings())
    assert timedelta(seconds=20) < budget.deadline < budget.lease < timedelta(seconds=120)


async def test_the_service_is_wired_as_a_sender_with_a_door() -> None:
    service = build()
    assert service.sender is not None
    assert service.sender.channel is Channel.PEPPOL
    assert service.app is not None
    for resource in service.resources:
        async with resource:
            pass
    await service.database.close()


async def test_the_fake_runs_by_itself_and_keeps_what_it_delivered(tmp_path: Path) -> None:
    port = unused_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "hub.testing.phoss_ap", "--port", str(port), "--known", "0192:310000019", "--folder", str(tmp_path)),
    )
    try:
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            await _until_up(session, url)
            path = "/api/outbound/submit/0192%3A987654325/0192%3A310000019/busdox-docid-qns%3A%3Aa/b/NO"
            answer = await session.post(
                url + path + "?sbdhInstanceID=i-1", data=invoice("F-1"), headers={"X-Token": "phoss-token"}
            )
            assert answer.status == 200
            told = await (await session.get(f"{url}/fake/deliveries")).json()
        assert [(one["instance_id"], one["arrivals"]) for one in told["delivered"]] == [("i-1", 1)]
        assert (tmp_path / "0192-310000019" / "i-1.xml").read_bytes() == invoice("F-1")
    finally:
        process.terminate()
        await process.wait()


async def _until_up(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with session.get(f"{url}/actuator/health") as answer:
                    assert answer.status == 200
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
