"""Creates the demonstration's office, clients, installs and customers, through the same doors as anybody's."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hub.demo.client import Gateway
from hub.demo.outside import Outside
from hub.demo.parties import Company, Outsider, Parties
from hub.stack import process

FILE = "demo.json"
ENGAGED_FROM = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Install:
    """An ERP installation of the demonstration; `office` is the client's, absent for a firm without one."""

    name: str
    key: str
    client: str
    office: str | None


@dataclass(frozen=True, slots=True)
class Demo:
    """What scripts need (DIR/demo.json)."""

    gateway: str
    installs: Sequence[Install]
    recipients: dict[str, str]
    admin_key: str

    def of(self, company: str, *, by_office: bool = False) -> Install:
        """Return the install that sends for the company: its own, or its office's."""
        return next(i for i in self.installs if i.client == company and i.name.startswith("Kontor") == by_office)


async def make(gateway: Gateway, parties: Parties, outside: Outside, data: Path, database_url: str) -> Demo:
    """Register everybody (again, if need be) and write DIR/demo.json."""
    known = process.read_private(data / FILE)
    admin = known.get("admin_key") or await _first_key(database_url)
    await _companies(gateway, parties, admin)
    installs = [Install(**install) for install in known.get("installs", ())]
    if not installs:
        installs = [await _install(gateway, admin, *wanted) for wanted in _wanted(parties)]
    for install in {install.client: install for install in installs}.values():
        await _customers(gateway, parties, outside, install.key)
    demo = Demo(gateway.url, installs, _recipients(parties), admin)
    process.write_private(data / FILE, asdict(demo))
    return demo


def _recipients(parties: Parties) -> dict[str, str]:
    outside = {role: parties.outsider(role).number for role in ("ftp", "peppol", "none")}
    return {"inbox": parties.receiver.organisation_number, **outside}


async def _first_key(database_url: str) -> str:
    """Make the operator's first key as an operator does, with the gateway's command."""
    command = [sys.executable, "-P", "-m", "gateway", "admin", "key", "add", "demonstration"]
    made = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env={**os.environ, "HUB_DATABASE_URL": database_url}
    )
    printed, _ = await made.communicate()
    if made.returncode != 0:
        raise RuntimeError("the operator's first key could not be made")
    return printed.decode().split()[-1]


async def _companies(gateway: Gateway, parties: Parties, admin: str) -> None:
    for office in parties.offices:
        await gateway.expect("POST", "/v1/admin/offices", admin, json=office.model_dump())
    engaged = {e["company"] for e in await gateway.expect("GET", "/v1/admin/engagements", admin)}
    activated = {(a["company"], a["service"]) for a in await gateway.expect("GET", "/v1/admin/activations", admin)}
    for company in parties.companies:
        number = company.organisation_number
        entry = company.model_dump(exclude={"office", "client_number", "receives"})
        await gateway.expect("POST", "/v1/admin/companies", admin, json=entry)
        if company.office and number not in engaged:
            await gateway.expect("POST", "/v1/admin/engagements", admin, json=_engagement(company))
        for service in ("sending", "receiving"):
            if (service == "sending" or company.receives) and (number, service) not in activated:
                await gateway.expect("PUT", f"/v1/admin/companies/{number}/activations/{service}", admin, json={})


def _engagement(company: Company) -> dict[str, Any]:
    return {
        "office": company.office,
        "company": company.organisation_number,
        "client_number": company.client_number,
        "payer": "office",
        "valid_from": ENGAGED_FROM.isoformat(),
    }


def _wanted(parties: Parties) -> list[tuple[str, Company, bool]]:
    """Return the installs: each company's own, and for each client one of its office's."""
    return [(f"ERP hos {company.name}", company, False) for company in parties.companies] + [
        (f"Kontor-ERP for {company.name}", company, True) for company in parties.companies if company.office
    ]


async def _install(gateway: Gateway, admin: str, name: str, company: Company, by_office: bool) -> Install:
    owner = {"office": company.office} if by_office else {"company": company.organisation_number}
    made = await gateway.expect(
        "POST",
        "/v1/admin/installs",
        admin,
        json={"name": name, "companies": [company.organisation_number], **owner},
    )
    return Install(name, made["key"]["key"], company.organisation_number, company.office)


async def _customers(gateway: Gateway, parties: Parties, outside: Outside, key: str) -> None:
    """Tick how each company's customers want their invoices."""
    peppol, abroad, ftp = (parties.outsider(role) for role in ("peppol", "peppol-abroad", "ftp"))
    for number, outsider in (("1", peppol), ("2", abroad)):
        await _customer(gateway, key, number, outsider, channel="peppol")
    await _customer(gateway, key, "3", ftp, channel="ftp", ftp_target=outside.ftp_target())


async def _customer(gateway: Gateway, key: str, number: str, outsider: Outsider, **chosen: Any) -> None:
    entry = {"endpoint": outsider.endpoint, "name": outsider.name, "address": outsider.address.model_dump(), **chosen}
    await gateway.expect("PUT", f"/v1/customers/{number}", key, json=entry)
