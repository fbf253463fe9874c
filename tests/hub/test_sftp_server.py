"""The test server as a process of its own, as the demonstration runs it."""

import hashlib
import io
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import paramiko


def serve(folder: Path, port: int) -> tuple["subprocess.Popen[bytes]", dict[str, Any]]:
    command = [sys.executable, "-m", "hub.testing.sftp_server", "--folder", str(folder), "--port", str(port)]
    process = subprocess.Popen([*command, "--user", "u", "--password", "p"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told: dict[str, Any] = orjson.loads(process.stdout.readline())
    return process, told


def upload(told: dict[str, Any], name: str, content: bytes) -> None:
    with paramiko.Transport((told["host"], told["port"])) as transport:
        transport.connect(username="u", password="p")
        assert transport.get_remote_server_key().fingerprint == told["fingerprint"]
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        client.putfo(io.BytesIO(content), f"{name}.part")
        client.posix_rename(f"{name}.part", name)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_it_keeps_its_port_its_key_and_its_list_over_restarts(tmp_path: Path) -> None:
    process, first = serve(tmp_path / "site", 0)
    upload(first, "a.xml", b"<a/>")
    end(process)
    process, second = serve(tmp_path / "site", first["port"])
    upload(second, "b.xml", b"<b/>")
    end(process)
    assert second == first
    received = [orjson.loads(line) for line in Path(first["received"]).read_bytes().splitlines()]
    assert [(one["name"], one["sha256"]) for one in received] == [
        ("a.xml", hashlib.sha256(b"<a/>").hexdigest()),
        ("b.xml", hashlib.sha256(b"<b/>").hexdigest()),
    ]
