"""The same channel against OpenSSH's server, where one is installed: what our own test server must not differ from."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko import Ed25519Key

from hub.delivery.ports import NotSent
from hub.errors import TryLater
from hub.pipeline import Receipt
from hub.testing.sftp_server import host_key_at
from tests.ftp_sender.conftest import DOCUMENT, RecordedAttempt, World

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="OpenSSH's sshd is not installed here")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def key(tmp_path: Path) -> str:
    made = Ed25519PrivateKey.generate()
    text = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    (tmp_path / "user_key").write_bytes(text)
    public = Ed25519Key(filename=str(tmp_path / "user_key"))
    (tmp_path / "authorized_keys").write_text(f"{public.get_name()} {public.get_base64()}\n")
    return text.decode()


@pytest.fixture
def openssh(tmp_path: Path, key: str) -> Iterator[int]:
    host_key_at(tmp_path / "openssh_key")
    port = free_port()
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/openssh_key\nPidFile none\n"
        f"AuthorizedKeysFile {tmp_path}/authorized_keys\nStrictModes no\nPasswordAuthentication no\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # its privilege separation
    assert SSHD is not None
    with (tmp_path / "sshd.log").open("wb") as log:
        command = [SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config")]
        running = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            for _ in range(100):
                if running.poll() is not None:
                    pytest.skip(f"sshd does not run here: {(tmp_path / 'sshd.log').read_text()[-200:]}")
                if answers(port):
                    break
                time.sleep(0.05)
            yield port
        finally:
            running.terminate()
            running.wait()


async def test_openssh_gets_the_file_and_answers_what_became_of_it(
    world: World, openssh: int, key: str, tmp_path: Path
) -> None:
    folder = tmp_path / "openssh"
    folder.mkdir()
    public = host_key_at(tmp_path / "openssh_key")
    await world.change(
        port=openssh,
        user=getpass.getuser(),
        password=None,
        private_key=key,
        folder=str(folder),
        host_key=f"{public.get_name()} {public.get_base64()}",
    )
    order = await world.ordered()
    receipt = await world.channel.deliver(order, RecordedAttempt())
    assert (folder / "10023_a.xml").read_bytes() == DOCUMENT
    assert receipt.confirmed_by.endswith("/openssh/10023_a.xml")
    assert isinstance(await world.channel.find_out(order, RecordedAttempt()), Receipt)

    (folder / "10023_a.xml").rename(folder / "10023_a.xml.part")
    assert isinstance(await world.channel.find_out(order, RecordedAttempt()), NotSent)
    assert list(folder.iterdir()) == []

    (folder / "10023_a.xml").write_bytes(b"the recipient's own")
    with pytest.raises(TryLater):
        await world.channel.deliver(order, RecordedAttempt())
    assert (folder / "10023_a.xml").read_bytes() == b"the recipient's own"
