"""The SFTP channel (hub.delivery.ports.SendingChannel): `<name>.part`, then its final name in one step."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from ftp_sender import problems
from ftp_sender.adapters.session import File, Session
from ftp_sender.adapters.sessions import Sessions
from ftp_sender.sealing import UnsealableError
from ftp_sender.store import TargetStore
from ftp_sender.targets import Target
from hub import failpoints
from hub.blobs import BlobStore
from hub.delivery.ports import Attempt, NotSent, Unknown
from hub.errors import HubError, Problem, Refused, TryLater, Unavailable
from hub.failpoints import Point
from hub.ids import utc_now
from hub.pipeline import DeliveryOrdered, FtpDestination, Receipt


def _where(order: DeliveryOrdered) -> FtpDestination:
    if not isinstance(order.where, FtpDestination):
        raise TypeError(f"{order.where.channel} is not for ftp-sender")
    return order.where


def _file(order: DeliveryOrdered) -> File:
    return File(_where(order).file_name, order.document.size, order.document.sha256)


@dataclass(slots=True)
class SftpChannel:
    """Delivers files to customers' targets; budgets and breakers are per target."""

    targets: TargetStore
    blobs: BlobStore
    sessions: Sessions

    def destination_of(self, order: DeliveryOrdered) -> str:
        """Return the target's id."""
        return str(_where(order).target)

    async def deliver(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt:
        """Upload, see that all of it is there, and rename; a file that is already there is delivered."""
        target = await self._target(_where(order).target, order.parties.client)
        data = await self.blobs.get(order.document)
        file = _file(order)
        async with self.sessions.of(target) as session:
            there = await self.sessions.call(session, lambda: _upload(session, file, data))
            if not there:
                failpoints.reach(Point.FTP_UPLOADED)
                await attempt.committing()
                await self.sessions.call(session, lambda: session.rename(file.part, file.name))
                failpoints.reach(Point.FTP_RENAMED)
            identity = session.identity
        return await self._receipt(order, target, identity)

    async def find_out(self, order: DeliveryOrdered, attempt: Attempt) -> Receipt | NotSent | Unknown:
        """Look what lies there; a server that cannot be asked leaves it unknown."""
        del attempt
        file = _file(order)
        try:
            target = await self._target(_where(order).target, order.parties.client)
            async with self.sessions.of(target) as session:
                outcome = await self.sessions.call(session, lambda: _look(session, file))
                identity = session.identity
            if outcome is None:
                return await self._receipt(order, target, identity)
        except (Refused, TryLater, Unavailable) as error:
            return Unknown(_problem_of(error) or problems.outcome_unknown("", file.name))
        return outcome

    async def _target(self, identifier: UUID, client: str) -> Target:
        """Return the client's target; raises Refused for another company's, TryLater where it is not usable yet."""
        try:
            target = await self.targets.get(identifier)
        except UnsealableError as error:
            raise TryLater(f"target {identifier}: {error}", problem=problems.secret_unreadable()) from error
        if target is None:
            raise TryLater(f"target {identifier} is not known", problem=problems.target_missing())
        if target.owner != client:
            raise Refused(problems.target_of_another())
        return target

    async def _receipt(self, order: DeliveryOrdered, target: Target, identity: str) -> Receipt:
        """Return the receipt, with its evidence stored under the client."""
        now = utc_now()
        file = _file(order)
        path = target.path(file.name).lstrip("/")
        evidence = {
            "file": target.path(file.name),
            "size": file.size,
            "sha256": file.sha256,
            "server": target.address,
            "server_identity": identity,
            "host_key": target.host_key,
            "user": target.user,
            "seen_at": now,
        }
        stored = await self.blobs.put(order.parties.client, orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS))
        return Receipt(received_at=now, confirmed_by=f"sftp://{target.address}/{path}", evidence=stored)


def _problem_of(error: HubError) -> Problem | None:
    if isinstance(error, Refused):
        return error.problems[0]
    return getattr(error, "problem", None)


def _upload(session: Session, file: File, data: bytes) -> bool:
    """Write the whole `.part`; True when the final name is there with our content and nothing is left to do."""
    if session.holds(file):
        return True
    session.write(file.part, data)
    return False


def _look(session: Session, file: File) -> NotSent | Unknown | None:
    """Tell what became of a rename whose answer we do not have; None when the file is there.

    A whole `.part` and no final name is NotSent, once the `.part` is away: a rename that the server still has in its
    queue then finds nothing, so that it cannot come after the next attempt.
    """
    unknown = Unknown(problems.outcome_unknown(session.target.address, file.name))
    if session.holds(file):
        return None
    size = session.size(file.part)
    if size is None:  # perhaps renamed since we looked: a request of the broken connection may still be at work
        return None if session.holds(file) else unknown
    if size != file.size:
        return unknown
    try:
        removed = session.remove(file.part)
    except TryLater:  # a folder where files may be made but not removed
        return NotSent()
    if removed:
        return NotSent()
    return None if session.holds(file) else unknown
