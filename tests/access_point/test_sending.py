"""A leg is submitted once, and what became of it is found out; against the fake that the recordings hold."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp.test_utils import TestServer, unused_port
from pydantic import SecretStr

from access_point import peppol, problems
from access_point.adapters.phoss import PhossAccessPoint, make_session
from access_point.outcome import Answer
from access_point.ports import AnswerLostError, NeverReachedError, Submission
from access_point.sending import OpenOutcomeError, PeppolChannel
from hub.blobs import BlobStore
from hub.delivery.ports import Failed, NotSent, Unknown
from hub.errors import Refused, Unavailable
from hub.ids import utc_now, uuid7
from hub.parties import Initiator
from hub.pipeline import BlobRef, DeliveryOrdered, Parties, PeppolDestination, Receipt
from hub.testing.phoss_ap import Behaviour, Receiver, World, application
from tests.access_point.envelopes import INVOICE_TYPE, PROCESS, invoice

RECEIVER = "0192:310000019"
CLIENT = "987654325"
LIMIT = timedelta(seconds=2)


@dataclass
class RecordedAttempt:
    """Counts how often the effect was announced."""

    number: int = 1
    started_at: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    announced: int = 0

    async def committing(self) -> None:
        self.announced += 1


@dataclass
class Scene:
    world: World
    channel: PeppolChannel
    access_point: PhossAccessPoint
    blobs: BlobStore

    async def order(self, receiver: str = RECEIVER, document: bytes = b"") -> DeliveryOrdered:
        transaction_id = uuid7(utc_now())
        return DeliveryOrdered.caused(
            transaction_id,
            transaction_id,
            utc_now(),
            parties=Parties(
                client=CLIENT,
                initiator=Initiator(kind="client", organisation_number=CLIENT),
                sender=f"0192:{CLIENT}",
                recipient=receiver,
                number="F-1",
                document_type="invoice",
            ),
            leg=1,
            product="ehf",
            document=await self.blobs.put(CLIENT, document or invoice("F-1")),
            where=PeppolDestination(receiver=receiver, document_type_id=INVOICE_TYPE, process_id=PROCESS, country="NO"),
        )

    def restarted(self) -> PeppolChannel:
        """The channel of a new process, which remembers nothing."""
        return PeppolChannel(self.access_point, self.blobs, utc_now)

    async def until_given_up(self, order: DeliveryOrdered) -> None:
        async with asyncio.timeout(5):
            while True:
                if (await self.access_point.status(instance_of(order))).said["status"] == "permanently_failed":
                    return
                await asyncio.sleep(0.01)

    async def until_told(self, order: DeliveryOrdered) -> Receipt | NotSent | Failed:
        async with asyncio.timeout(5):
            while True:
                outcome = await self.restarted().find_out(order, RecordedAttempt())
                if not isinstance(outcome, Unknown):
                    return outcome
                await asyncio.sleep(0.01)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    world = World(
        receivers={RECEIVER: Receiver()},
        refused_after=timedelta(0),
        retry_after=timedelta(milliseconds=50),
    )
    blobs = BlobStore(tmp_path.as_uri())
    async with TestServer(application(world)) as server, make_session() as session:
        access_point = PhossAccessPoint(session, str(server.make_url("/")), SecretStr(world.token), LIMIT)
        yield Scene(world, PeppolChannel(access_point, blobs, utc_now), access_point, blobs)


def submissions(scene: Scene) -> int:
    return scene.world.submissions.total()


def instance_of(order: DeliveryOrdered) -> UUID:
    return peppol.instance_identifier(order.transaction_id, order.leg)


async def test_a_delivery_gives_the_signed_receipt_and_the_receiver_has_the_very_bytes(scene: Scene) -> None:
    order, attempt = await scene.order(), RecordedAttempt()

    receipt = await scene.channel.deliver(order, attempt)

    assert receipt.confirmed_by == "Peppol AS4 POP000002"
    assert receipt.evidence is not None
    assert receipt.evidence.key.startswith(f"{CLIENT}/")
    assert b"NonRepudiationInformation" in await scene.blobs.get(receipt.evidence)
    [delivered] = scene.world.delivered
    assert delivered.document == invoice("F-1")
    assert delivered.instance_id == str(instance_of(order))
    assert delivered.receiver == f"iso6523-actorid-upis::{RECEIVER}"
    assert delivered.document_type == f"busdox-docid-qns::{INVOICE_TYPE}"
    assert delivered.process == f"cenbii-procid-ubl::{PROCESS}"
    assert attempt.announced == 1


async def test_a_leg_that_was_sent_is_not_submitted_again(scene: Scene) -> None:
    order = await scene.order()
    await scene.channel.deliver(order, RecordedAttempt())
    again = RecordedAttempt(number=2)

    receipt = await scene.restarted().deliver(order, again)

    assert receipt.evidence is not None
    assert b'"status":"sent"' in await scene.blobs.get(receipt.evidence)
    assert again.announced == 0
    assert submissions(scene) == 1


async def test_many_at_once_reach_their_receiver_once_each(scene: Scene) -> None:
    orders = [await scene.order() for _ in range(40)]

    await asyncio.gather(*(scene.channel.deliver(order, RecordedAttempt()) for order in orders))

    assert {one.instance_id for one in scene.world.delivered} == {str(instance_of(order)) for order in orders}
    assert set(scene.world.arrivals.values()) == {1}


async def test_a_receiver_that_is_not_registered_is_a_failure_with_proof_that_nothing_was_sent(scene: Scene) -> None:
    order = await scene.order("0192:310000027")
    with pytest.raises(OpenOutcomeError):
        await scene.channel.deliver(order, RecordedAttempt())

    assert await scene.channel.find_out(order, RecordedAttempt()) == Failed(
        problems.RECIPIENT_UNKNOWN, nothing_sent=True
    )
    assert await scene.restarted().find_out(order, RecordedAttempt()) == Failed(
        problems.RECIPIENT_UNKNOWN, nothing_sent=False
    )
    assert submissions(scene) == 1


@pytest.mark.parametrize("behaviour", [Behaviour.DNS_FAILS, Behaviour.SMP_FAILS])
async def test_a_failing_lookup_is_not_told_as_an_unknown_recipient(scene: Scene, behaviour: Behaviour) -> None:
    scene.world.receivers[RECEIVER] = Receiver(behaviour)
    order = await scene.order()
    with pytest.raises(OpenOutcomeError):
        await scene.channel.deliver(order, RecordedAttempt())

    assert await scene.channel.find_out(order, RecordedAttempt()) == Failed(problems.LOOKUP_FAILED, nothing_sent=True)


async def test_a_receiver_that_is_down_is_left_to_the_access_point_and_delivered_once(scene: Scene) -> None:
    scene.world.receivers[RECEIVER] = Receiver(Behaviour.DOWN)
    order = await scene.order()
    with pytest.raises(OpenOutcomeError):
        await scene.channel.deliver(order, RecordedAttempt())
    assert await scene.channel.find_out(order, RecordedAttempt()) == Unknown(problems.STILL_TRYING)
    with pytest.raises(OpenOutcomeError):  # a second attempt finds it there and submits nothing
        await scene.restarted().deliver(order, RecordedAttempt(number=2))

    scene.world.receivers[RECEIVER] = Receiver()

    assert isinstance(await scene.until_told(order), Receipt)
    assert submissions(scene) == 1
    assert len(scene.world.delivered) == 1


async def test_a_receiver_that_stays_down_ends_as_undeliverable(scene: Scene) -> None:
    scene.world.receivers[RECEIVER] = Receiver(Behaviour.DOWN)
    order = await scene.order()
    with pytest.raises(OpenOutcomeError):
        await scene.channel.deliver(order, RecordedAttempt())

    assert await scene.until_told(order) == Failed(problems.UNDELIVERABLE, nothing_sent=False)


async def test_a_silent_receiver_costs_a_time_out_and_no_second_submission(scene: Scene) -> None:
    scene.world.hangs_for = LIMIT + timedelta(seconds=0.5)
    scene.world.receivers[RECEIVER] = Receiver(Behaviour.HANGS)
    order = await scene.order()
    with pytest.raises(AnswerLostError):
        await scene.channel.deliver(order, RecordedAttempt())
    assert await scene.channel.find_out(order, RecordedAttempt()) == Unknown(problems.STILL_TRYING)

    scene.world.receivers[RECEIVER] = Receiver()
    scene.world.hangs_for = timedelta(0)
    outcome = await scene.until_told(order)

    assert submissions(scene) == 1
    assert isinstance(outcome, Receipt)


async def test_a_crash_after_the_delivery_is_settled_by_the_message_level_status(scene: Scene) -> None:
    scene.world.receivers[RECEIVER] = Receiver(Behaviour.CRASHES_AFTER, mls="AP")
    order = await scene.order()
    with pytest.raises(AnswerLostError):
        await scene.channel.deliver(order, RecordedAttempt())

    outcome = await scene.until_told(order)

    assert isinstance(outcome, Receipt)
    assert len(scene.world.delivered) == 1
    assert submissions(scene) == 1


async def test_a_crash_after_the_delivery_stays_in_doubt_where_no_mls_comes(scene: Scene) -> None:
    scene.world.receivers[RECEIVER] = Receiver(Behaviour.CRASHES_AFTER)
    order = await scene.order()
    with pytest.raises(AnswerLostError):
        await scene.channel.deliver(order, RecordedAttempt())
    await scene.until_given_up(order)

    assert scene.world.arrivals.total() == 4  # the delivery, and three rejected repetitions
    assert await scene.channel.find_out(order, RecordedAttempt()) == Unknown(problems.DELIVERY_UNCERTAIN)
    assert submissions(scene) == 1


async def test_a_status_that_is_hidden_after_a_submission_is_a_doubt(scene: Scene) -> None:
    order = await scene.order()
    await scene.channel.deliver(order, RecordedAttempt())
    repeated = await scene.access_point.submit(await scene.channel._submission(order))
    assert repeated.status == 422

    assert await scene.restarted().find_out(order, RecordedAttempt()) == Unknown(problems.DELIVERY_UNCERTAIN)


async def test_an_access_point_that_is_down_stops_the_delivery_before_any_effect(scene: Scene) -> None:
    order, attempt = await scene.order(), RecordedAttempt()
    async with make_session() as session:
        nobody = PhossAccessPoint(session, f"http://127.0.0.1:{unused_port()}", SecretStr("x"), LIMIT)
        with pytest.raises(Unavailable) as raised:
            await PeppolChannel(nobody, scene.blobs, utc_now).deliver(order, attempt)
        in_doubt = await PeppolChannel(nobody, scene.blobs, utc_now).find_out(order, attempt)

    assert raised.value.problem == problems.ACCESS_POINT_DOWN
    assert in_doubt == Unknown(problems.DELIVERY_UNCERTAIN)
    assert attempt.announced == 0


async def test_a_wrong_token_stops_the_delivery_before_any_effect(scene: Scene) -> None:
    scene.world.token = "rotated"
    attempt = RecordedAttempt()
    with pytest.raises(Unavailable):
        await scene.channel.deliver(await scene.order(), attempt)
    assert attempt.announced == 0
    assert submissions(scene) == 0


@pytest.mark.parametrize("receiver", ["310000019", "0192:", "0192:3100 00019", "0192:../x"])
async def test_an_address_that_peppol_does_not_allow_is_refused_before_anything_is_sent(
    scene: Scene, receiver: str
) -> None:
    with pytest.raises(Refused):
        await scene.channel.deliver(await scene.order(receiver), RecordedAttempt())
    assert submissions(scene) == 0


@dataclass
class Stub:
    """An access point that knows nothing of the document and breaks as told."""

    error: Exception
    submitted: list[Submission] = field(default_factory=list)

    async def status(self, instance_id: UUID) -> Answer:  # noqa: ARG002
        return Answer(404, b"")

    async def submit(self, submission: Submission) -> Answer:
        self.submitted.append(submission)
        raise self.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NeverReachedError("refused"), NotSent()),
        (AnswerLostError("cut"), Unknown(problems.DELIVERY_UNCERTAIN)),
    ],
)
async def test_only_a_connection_that_never_came_about_may_be_tried_again(
    scene: Scene, error: Exception, expected: object
) -> None:
    order, channel = await scene.order(), PeppolChannel(Stub(error), scene.blobs, utc_now)
    with pytest.raises(type(error)):
        await channel.deliver(order, RecordedAttempt())

    assert await channel.find_out(order, RecordedAttempt()) == expected


class FullStore(BlobStore):
    """A store that takes nothing while `full`."""

    full = False

    async def put(self, owner: str, data: bytes) -> BlobRef:
        if self.full:
            raise Unavailable("full")
        return await super().put(owner, data)


async def test_a_receipt_that_could_not_be_stored_is_kept_until_it_can(scene: Scene, tmp_path: Path) -> None:
    store = FullStore(tmp_path.as_uri())
    channel, order = PeppolChannel(scene.access_point, store, utc_now), await scene.order()
    store.full = True
    with pytest.raises(Unavailable):
        await channel.deliver(order, RecordedAttempt())
    store.full = False

    receipt = await channel.find_out(order, RecordedAttempt())

    assert isinstance(receipt, Receipt)
    assert receipt.evidence is not None
    assert b"NonRepudiationInformation" in await store.get(receipt.evidence)
    assert submissions(scene) == 1


async def test_each_receiver_is_a_destination_of_its_own(scene: Scene) -> None:
    assert scene.channel.destination_of(await scene.order("0192:310000027")) == "0192:310000027"
