"""What the routes work with, and who is calling."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway import problems
from gateway.keys import Scope
from gateway.ports import FtpTargets, UsageReports
from gateway.settings import GatewaySettings
from gateway.store.access import Access, Presented, Principal
from gateway.store.submissions import Submissions
from gateway.wakeups import Bell
from hub.blobs import BlobStore
from hub.db import Database
from hub.errors import Refused
from hub.norway import is_organisation_number
from hub.parties import RegisterEntry


@dataclass(frozen=True, slots=True)
class Parts:
    """The wiring, as the routes see it. `accepted` wakes the releaser, `committed` whoever publishes events."""

    settings: GatewaySettings
    database: Database
    access: Access
    submissions: Submissions
    blobs: BlobStore
    bell: Bell
    targets: FtpTargets
    usage: UsageReports
    clock: Callable[[], datetime]
    accepted: Callable[[], None]
    committed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Caller:
    """An install, with a key that has the scope the route asks for."""

    install: UUID
    who: Principal

    @property
    def hold(self) -> timedelta:
        """How long the one company that it acts for keeps its invoices before they are let go."""
        return self.who.clients[0].hold

    def client(self) -> RegisterEntry:
        """Return the one company it acts for in this request; raises Refused, naming what is missing."""
        who = self.who
        if not who.clients:
            raise Refused(problems.client_not_allowed(who.asked) if who.asked else problems.NO_CLIENT)
        if len(who.clients) > 1:
            raise Refused(problems.CLIENT_MISSING)
        chosen = who.clients[0]
        if not chosen.engaged:
            raise Refused(problems.engagement_missing(chosen.entry.organisation_number, who.owner_office or ""))
        return chosen.entry


def parts_of(request: Request) -> Parts:
    """Return the wiring of the application that the request came to."""
    parts: Parts = request.app.state.parts
    return parts


async def _parts(request: Request) -> Parts:
    return parts_of(request)


# Asynchronous all of them: FastAPI sends the others to a thread.
Wired = Annotated[Parts, Depends(_parts)]
_BEARER = HTTPBearer(auto_error=False, description="The install's key, as it was shown when it was made.")
HubClient = Annotated[
    str | None,
    Header(
        alias="Hub-Client",
        description="Organisation number of the company acted for. May be left out by an install that acts for one.",
    ),
]


async def _principal(
    parts: Wired,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    hub_client: HubClient = None,
    client: Annotated[str | None, Query(description="The same as Hub-Client.", include_in_schema=False)] = None,
) -> Principal:
    return await _found(parts, credentials, hub_client or client)


async def _found(parts: Parts, credentials: HTTPAuthorizationCredentials | None, asked: str | None) -> Principal:
    is_number = asked is None or is_organisation_number(asked)
    presented = credentials.credentials if credentials else ""
    # What is no organisation number is nobody's, and goes to no query.
    found = await parts.access.principal(Presented(presented, asked if is_number else None))
    if found is None:
        raise Refused(problems.UNAUTHENTICATED)
    if asked is not None and not is_number:
        raise Refused(problems.client_not_allowed(asked[:30]))
    return found


Known = Annotated[Principal, Depends(_principal)]


def _install_with(scope: Scope) -> Callable[[Principal], Awaitable[Caller]]:
    async def caller(who: Known) -> Caller:
        return _with_scope(who, scope)

    return caller


def _with_scope(who: Principal, scope: Scope) -> Caller:
    if scope not in who.scopes or who.install is None:
        raise Refused(problems.forbidden_scope(scope))
    return Caller(who.install, who)


async def sender_of(request: Request) -> Caller:
    """Return who sends the request, as the dependency `Sender` does (for direct routes); raises Refused."""
    asked = request.headers.get("hub-client") or request.query_params.get("client")
    who = await _found(parts_of(request), await _BEARER(request), asked)
    return _with_scope(who, Scope.TRANSACTIONS)


async def operator(who: Known) -> Principal:
    """Let operators in; raises Refused."""
    if Scope.ADMIN not in who.scopes:
        raise Refused(problems.forbidden_scope(Scope.ADMIN))
    return who


Sender = Annotated[Caller, Depends(_install_with(Scope.TRANSACTIONS))]
Reader = Annotated[Caller, Depends(_install_with(Scope.INBOX))]


async def _any_install(who: Known) -> Caller:
    if who.install is None:
        raise Refused(problems.forbidden_scope(Scope.TRANSACTIONS))
    return Caller(who.install, who)


AnyInstall = Annotated[Caller, Depends(_any_install)]
