"""The register, for operators: a key with the scope `admin`. The same as `python -m gateway admin`."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends

from gateway.api.admin_forms import (
    ActivationInput,
    CompanyInput,
    EngagementEnd,
    EngagementInput,
    InstallInput,
    IssuedKey,
    KeyId,
    KeyInput,
    NewInstall,
    Number,
    OfficeInput,
    Rotation,
    ShownInstall,
    ShownKey,
    ShownOffice,
)
from gateway.api.parts import Wired, operator
from gateway.keys import NewKey
from gateway.register import api_keys, companies, engagements, installs
from hub.parties import Activation, Engagement, RegisterEntry

router = APIRouter(prefix="/v1/admin", tags=["admin"], dependencies=[Depends(operator)])


def _issued(made: NewKey) -> IssuedKey:
    return IssuedKey(id=made.id, key=made.text)


def _install(found: installs.Install) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "office": found.owner_office,
        "company": found.owner_company,
        "companies": list(found.companies),
    }


@router.get("/offices")
async def list_offices(parts: Wired) -> list[ShownOffice]:
    """List the offices."""
    async with parts.database.begin() as connection:
        return [ShownOffice(**found._asdict()) for found in await companies.offices(connection)]


@router.post("/offices", status_code=201)
async def put_office(parts: Wired, given: OfficeInput) -> ShownOffice:
    """Create an office, or rename it."""
    async with parts.database.begin() as connection:
        made = await companies.put_office(connection, given.organisation_number, given.name, parts.clock())
    parts.committed()
    return ShownOffice(**made._asdict())


@router.get("/companies")
async def list_companies(parts: Wired) -> list[RegisterEntry]:
    """List the companies."""
    async with parts.database.begin() as connection:
        return list(await companies.companies(connection))


@router.post("/companies", status_code=201)
async def put_company(parts: Wired, given: CompanyInput) -> RegisterEntry:
    """Create a company, or replace what the register says of it."""
    async with parts.database.begin() as connection:
        made = await companies.put_company(connection, RegisterEntry(**given.model_dump()), parts.clock())
    parts.committed()
    return made


@router.get("/engagements")
async def list_engagements(parts: Wired) -> list[Engagement]:
    """List the engagements."""
    async with parts.database.begin() as connection:
        return list(await engagements.engagements(connection))


@router.post("/engagements", status_code=201)
async def engage(parts: Wired, given: EngagementInput) -> Engagement:
    """Start an engagement."""
    async with parts.database.begin() as connection:
        made = await engagements.engage(
            connection,
            given.office,
            given.company,
            given.client_number,
            given.payer,
            given.valid_from,
            parts.clock(),
            given.valid_to,
        )
    parts.committed()
    return made


@router.post("/engagements/{identifier}/end")
async def end_engagement(parts: Wired, identifier: UUID, given: EngagementEnd) -> Engagement:
    """End an engagement."""
    async with parts.database.begin() as connection:
        ended = await engagements.end_engagement(connection, identifier, given.valid_to, parts.clock())
    parts.committed()
    return ended


@router.get("/activations")
async def list_activations(parts: Wired) -> list[Activation]:
    """List the activations."""
    async with parts.database.begin() as connection:
        return list(await engagements.activations(connection))


@router.put("/companies/{company}/activations/{service}")
async def activate(
    parts: Wired, company: Number, service: Literal["sending", "receiving"], given: ActivationInput
) -> Activation:
    """Activate sending or receiving, or say when it ends."""
    async with parts.database.begin() as connection:
        changed = await engagements.activate(
            connection,
            company,
            service,
            parts.clock(),
            active_from=given.active_from,
            active_to=given.active_to,
        )
    parts.committed()
    return changed


@router.get("/installs")
async def list_installs(parts: Wired) -> list[ShownInstall]:
    """List the installs and whom they may act for."""
    async with parts.database.begin() as connection:
        return [ShownInstall(**_install(found)) for found in await installs.installs(connection)]


@router.post("/installs", status_code=201)
async def add_install(parts: Wired, given: InstallInput) -> NewInstall:
    """Create an install with its first key, which is shown this once."""
    now = parts.clock()
    async with parts.database.begin() as connection:
        made = await installs.add_install(
            connection,
            given.name,
            now,
            owner_office=given.office,
            owner_company=given.company,
            companies=given.companies,
        )
        key = await api_keys.add_key(connection, made.id, given.name, now, scopes=given.scopes)
    return NewInstall(**_install(made), key=_issued(key))


@router.put("/installs/{identifier}/companies/{company}", status_code=204)
async def allow(parts: Wired, identifier: UUID, company: Number) -> None:
    """Let an install act for a company."""
    async with parts.database.begin() as connection:
        await installs.allow(connection, identifier, company)


@router.delete("/installs/{identifier}/companies/{company}", status_code=204)
async def disallow(parts: Wired, identifier: UUID, company: Number) -> None:
    """Let an install act for a company no longer."""
    async with parts.database.begin() as connection:
        await installs.disallow(connection, identifier, company)


@router.get("/keys")
async def list_keys(parts: Wired) -> list[ShownKey]:
    """List the keys, never their secrets."""
    async with parts.database.begin() as connection:
        return [ShownKey.model_validate(found._asdict()) for found in await api_keys.api_keys(connection)]


@router.post("/keys", status_code=201)
async def add_key(parts: Wired, given: KeyInput) -> IssuedKey:
    """Make a key, which is shown this once."""
    async with parts.database.begin() as connection:
        made = await api_keys.add_key(
            connection, given.install, given.label, parts.clock(), scopes=given.scopes, expires_at=given.expires_at
        )
    return _issued(made)


@router.post("/keys/{identifier}/rotate", status_code=201)
async def rotate_key(parts: Wired, identifier: KeyId, given: Rotation) -> IssuedKey:
    """Make a key with the same rights; the old one works on for the overlap."""
    overlap = timedelta(hours=given.overlap_hours)
    async with parts.database.begin() as connection:
        return _issued(await api_keys.rotate_key(connection, identifier, parts.clock(), overlap=overlap))


@router.post("/keys/{identifier}/revoke", status_code=204)
async def revoke_key(parts: Wired, identifier: KeyId) -> None:
    """End a key at once."""
    async with parts.database.begin() as connection:
        await api_keys.revoke_key(connection, identifier, parts.clock())
