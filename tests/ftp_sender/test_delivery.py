"""Deliveries to a real SFTP server, counted at the receiver."""

import asyncio
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from paramiko import PKey, RSAKey

from ftp_sender.adapters.sessions import Sessions
from ftp_sender.adapters.sftp import SftpChannel
from ftp_sender.targets import private_key
from hub.delivery.ports import Fenced, NotSent, Unknown
from hub.errors import HubError, Problem, Refused, TryLater, Unavailable
from hub.net import NetGuard
from hub.pipeline import FtpDestination, Receipt
from hub.testing.sftp_server import Faults, SftpServer, host_key_at
from tests.ftp_sender.conftest import CLIENT, DOCUMENT, PASSWORD, USER, RecordedAttempt, World, sha256


def code_of(error: HubError) -> str | None:
    problem = getattr(error, "problem", None)
    return problem.code if isinstance(problem, Problem) else None


async def test_a_file_arrives_whole_under_its_final_name_once(world: World) -> None:
    order = await world.ordered()
    attempt = RecordedAttempt()
    receipt = await world.channel.deliver(order, attempt)
    assert world.files() == {"10023_a.xml": DOCUMENT}
    assert [(file.name, file.sha256) for file in world.server.received] == [("/in/10023_a.xml", sha256(DOCUMENT))]
    assert attempt.commitments == 1
    assert receipt.confirmed_by == f"sftp://127.0.0.1:{world.server.port}/in/10023_a.xml"
    assert receipt.evidence is not None
    evidence = orjson.loads(await world.blobs.get(receipt.evidence))
    assert evidence["sha256"] == sha256(DOCUMENT)
    assert evidence["size"] == len(DOCUMENT)
    assert evidence["server_identity"].startswith("SSH-2.0-")
    assert PASSWORD not in str(evidence)


async def test_an_empty_folder_setting_means_where_the_user_lands(world: World) -> None:
    await world.change(folder="")
    await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert (world.server.site.root / "10023_a.xml").read_bytes() == DOCUMENT


async def test_many_files_share_few_connections(world: World) -> None:
    orders = [await world.ordered(f"<Invoice>{n}</Invoice>".encode(), f"{n}.xml") for n in range(20)]
    for order in orders:
        await world.channel.deliver(order, RecordedAttempt())
    assert len(world.server.received) == 20
    assert len(world.server._transports) <= 2


async def test_files_go_out_side_by_side(world: World) -> None:
    orders = [await world.ordered(f"<Invoice>{n}</Invoice>".encode(), f"{n}.xml") for n in range(8)]
    await asyncio.gather(*(world.channel.deliver(order, RecordedAttempt()) for order in orders))
    assert {file.name for file in world.server.received} == {f"/in/{n}.xml" for n in range(8)}


async def test_a_kept_connection_that_died_is_replaced(world: World) -> None:
    await world.channel.deliver(await world.ordered(b"<a/>", "a.xml"), RecordedAttempt())
    world.server.restart()
    await world.channel.deliver(await world.ordered(b"<b/>", "b.xml"), RecordedAttempt())
    assert [file.name for file in world.server.received] == ["/in/a.xml", "/in/b.xml"]


async def test_a_file_that_is_already_there_is_delivered_and_not_sent_again(world: World) -> None:
    order = await world.ordered()
    await world.channel.deliver(order, RecordedAttempt())
    again = RecordedAttempt(number=2)
    receipt = await world.channel.deliver(order, again)
    assert receipt.confirmed_by.endswith("/in/10023_a.xml")
    assert again.commitments == 0
    assert len(world.server.received) == 1


async def test_another_file_of_that_name_is_never_overwritten(world: World) -> None:
    (world.folder / "10023_a.xml").write_bytes(b"the recipient's own")
    with pytest.raises(TryLater) as later:
        await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert code_of(later.value) == "sftp-other-file"
    assert world.files() == {"10023_a.xml": b"the recipient's own"}


async def test_a_fenced_worker_renames_nothing(world: World) -> None:
    with pytest.raises(Fenced):
        await world.channel.deliver(await world.ordered(), RecordedAttempt(fenced=True))
    assert world.server.received == ()


async def test_a_server_without_posix_rename_gets_a_plain_one(world: World) -> None:
    world.server.faults.no_posix_rename = True
    await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert world.files() == {"10023_a.xml": DOCUMENT}


def ed25519(passphrase: str | None = None) -> str:
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption).decode()


def rsa(passphrase: str | None = None) -> str:
    text = io.StringIO()
    RSAKey.generate(2048).write_private_key(text, passphrase)
    return text.getvalue()


@pytest.mark.parametrize("passphrase", [None, "setning"])
@pytest.mark.parametrize("make", [ed25519, rsa])
async def test_a_private_key_logs_in(
    world: World, tmp_path: Path, make: Callable[[str | None], str], passphrase: str | None
) -> None:
    text = make(passphrase)
    key: PKey = private_key(text, passphrase)
    host_key = host_key_at(tmp_path / "host_key")
    with SftpServer(world.server.site.root, USER, None, host_key=host_key, keys=[key]) as server:
        await world.change(port=server.port, password=None, private_key=text, passphrase=passphrase)
        await world.channel.deliver(await world.ordered(), RecordedAttempt())
        assert len(server.received) == 1


async def test_a_server_that_is_down_is_unavailable(world: World) -> None:
    world.server.stop()
    with pytest.raises(Unavailable) as down:
        await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert code_of(down.value) == "host-no-answer"
    world.server.start()
    await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert len(world.server.received) == 1


async def test_something_else_than_sftp_is_unavailable(world: World) -> None:
    async def web(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(web, "127.0.0.1", 0) as other:
        await world.change(port=other.sockets[0].getsockname()[1])
        with pytest.raises(Unavailable) as strange:
            await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert code_of(strange.value) == "sftp-not-spoken"


FAULTS = [
    (Faults(refuse_login=True), TryLater, "sftp-login-refused"),
    (Faults(refuse_write=True), TryLater, "sftp-not-permitted"),
    (Faults(full_after=50_000), TryLater, "sftp-not-taken"),
    (Faults(cut_after=50_000), Unavailable, "sftp-connection-lost"),
]


@pytest.mark.parametrize(("faults", "kind", "code"), FAULTS)
async def test_nothing_is_committed_when_the_upload_fails(
    world: World, faults: Faults, kind: type[TryLater | Unavailable], code: str
) -> None:
    world.server.site.faults = world.server._door._faults = faults
    order, attempt = await world.ordered(), RecordedAttempt()
    with pytest.raises(kind) as failure:
        await world.channel.deliver(order, attempt)
    assert code_of(failure.value) == code
    assert attempt.commitments == 0
    assert "10023_a.xml" not in world.files()
    world.server.site.faults = world.server._door._faults = Faults()
    await world.channel.deliver(order, RecordedAttempt(number=2))
    assert world.files() == {"10023_a.xml": DOCUMENT}


async def test_a_folder_that_is_not_there_is_told(world: World) -> None:
    await world.change(folder="/nowhere")
    with pytest.raises(TryLater) as later:
        await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert code_of(later.value) == "sftp-folder-missing"


async def test_a_changed_host_key_stops_delivery_before_the_secret_is_sent(world: World, tmp_path: Path) -> None:
    other = host_key_at(tmp_path / "another")
    with SftpServer(world.server.site.root, USER, PASSWORD, host_key=other) as impostor:
        await world.change(port=impostor.port)
        with pytest.raises(TryLater) as later:
            await world.channel.deliver(await world.ordered(), RecordedAttempt())
        assert impostor.received == ()
    assert code_of(later.value) == "sftp-host-key-changed"


async def test_a_host_key_of_another_kind_stops_delivery(world: World) -> None:
    pinned = RSAKey.generate(2048)
    await world.change(host_key=f"{pinned.get_name()} {pinned.get_base64()}")
    with pytest.raises(TryLater) as later:
        await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert code_of(later.value) == "sftp-host-key-changed"


async def test_a_server_whose_key_nobody_confirmed_gets_nothing(world: World) -> None:
    await world.change(host_key=None)
    with pytest.raises(TryLater) as later:
        await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert code_of(later.value) == "sftp-host-key-unconfirmed"
    assert later.value.problem is not None
    assert world.server.fingerprint in later.value.problem.nb


async def test_a_pinned_fingerprint_is_enough(world: World) -> None:
    await world.change(host_key=world.server.fingerprint)
    await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert len(world.server.received) == 1


async def test_a_line_of_known_hosts_can_be_pinned(world: World) -> None:
    await world.change(host_key=f"[127.0.0.1]:{world.server.port} {world.server.public_key} a comment")
    await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert len(world.server.received) == 1


async def test_another_companys_target_is_refused(world: World) -> None:
    order = await world.ordered()
    other = order.parties.model_copy(update={"client": "310000027"})
    with pytest.raises(Refused) as refused:
        await world.channel.deliver(order.model_copy(update={"parties": other}), RecordedAttempt())
    assert refused.value.problems[0].code == "sftp-target-of-another"
    assert world.server.received == ()


async def test_a_target_that_is_not_known_waits(world: World) -> None:
    order = await world.ordered()
    elsewhere = FtpDestination(target=uuid4(), file_name="x.xml")
    with pytest.raises(TryLater) as later:
        await world.channel.deliver(order.model_copy(update={"where": elsewhere}), RecordedAttempt())
    assert code_of(later.value) == "sftp-target-missing"


async def test_a_closed_network_gets_nothing(world: World) -> None:
    async with Sessions(NetGuard()) as guarded:
        channel = SftpChannel(world.targets, world.blobs, guarded)
        with pytest.raises(TryLater) as later:
            await channel.deliver(await world.ordered(), RecordedAttempt())
    assert code_of(later.value) == "address-closed"
    assert world.server.received == ()


async def test_a_delivery_that_is_given_up_goes_no_further(world: World) -> None:
    world.server.faults.slow = timedelta(seconds=0.5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(world.channel.deliver(await world.ordered(), RecordedAttempt()), 0.8)
    world.server.faults.slow = timedelta(0)
    await asyncio.sleep(1)
    assert world.server.received == ()


async def test_the_destination_is_the_target(world: World) -> None:
    assert world.channel.destination_of(await world.ordered()) == str(world.target)


# What became of an attempt that had reached `committing`.


async def break_around_rename(world: World, faults: Faults) -> None:
    """Leave an attempt in committing, its rename's answer unknown."""
    world.server.site.faults = faults
    attempt = RecordedAttempt()
    with pytest.raises(Unavailable):
        await world.channel.deliver(await world.ordered(), attempt)
    assert attempt.commitments == 1
    world.server.site.faults = Faults()


async def test_a_rename_whose_answer_was_lost_is_found(world: World) -> None:
    await break_around_rename(world, Faults(after_rename=True))
    outcome = await world.channel.find_out(await world.ordered(), RecordedAttempt())
    assert isinstance(outcome, Receipt)
    assert len(world.server.received) == 1


async def test_a_rename_that_never_came_is_not_sent_and_can_never_come(world: World) -> None:
    await break_around_rename(world, Faults(before_rename=True))
    assert set(world.files()) == {"10023_a.xml.part"}
    assert isinstance(await world.channel.find_out(await world.ordered(), RecordedAttempt()), NotSent)
    assert world.files() == {}


async def test_a_file_that_the_recipient_took_away_is_unknown(world: World) -> None:
    await break_around_rename(world, Faults(after_rename=True))
    (world.folder / "10023_a.xml").unlink()
    outcome = await world.channel.find_out(await world.ordered(), RecordedAttempt())
    assert isinstance(outcome, Unknown)
    assert outcome.problem.code == "sftp-outcome-unknown"


async def test_a_part_that_is_not_whole_is_unknown(world: World) -> None:
    (world.folder / "10023_a.xml.part").write_bytes(DOCUMENT[:100])
    assert isinstance(await world.channel.find_out(await world.ordered(), RecordedAttempt()), Unknown)


async def test_other_content_under_the_name_is_unknown(world: World) -> None:
    (world.folder / "10023_a.xml").write_bytes(b"y" * len(DOCUMENT))
    outcome = await world.channel.find_out(await world.ordered(), RecordedAttempt())
    assert isinstance(outcome, Unknown)
    assert outcome.problem.code == "sftp-other-file"


async def test_a_server_that_cannot_be_asked_leaves_it_unknown(world: World) -> None:
    world.server.stop()
    outcome = await world.channel.find_out(await world.ordered(), RecordedAttempt())
    assert isinstance(outcome, Unknown)
    assert outcome.problem.code == "host-no-answer"


async def test_a_refused_rename_is_a_question_that_is_answered(world: World) -> None:
    world.server.faults.refuse_rename = True
    order = await world.ordered()
    with pytest.raises(TryLater) as later:
        await world.channel.deliver(order, RecordedAttempt())
    assert code_of(later.value) == "sftp-not-permitted"
    assert isinstance(await world.channel.find_out(order, RecordedAttempt()), NotSent)


async def test_the_evidence_belongs_to_the_client(world: World) -> None:
    receipt = await world.channel.deliver(await world.ordered(), RecordedAttempt())
    assert receipt.evidence is not None
    assert receipt.evidence.key.startswith(f"{CLIENT}/")
