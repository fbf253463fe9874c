"""`python -m hub.testing.sftp_server --folder F --user U --password P [--port N]`: serve until terminated.

Prints one JSON line when it listens: host, port, public_key and fingerprint of its host key (kept in the folder's
neighbour `<folder>.host_key`), and where `<folder>.received.jsonl` lists what arrived.
"""

import argparse
import signal
import sys
from pathlib import Path

import orjson

from hub.testing.sftp_server.server import SftpServer, host_key_at


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m hub.testing.sftp_server", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    folder: Path = arguments.folder.absolute()
    stopping = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping)  # before any thread, so that only sigwait takes them
    server = SftpServer(
        folder,
        arguments.user,
        arguments.password,
        host_key=host_key_at(folder.with_name(folder.name + ".host_key")),
        port=arguments.port,
        log=folder.with_name(folder.name + ".received.jsonl"),
    )
    with server:
        told = {
            "host": server.host,
            "port": server.port,
            "public_key": server.public_key,
            "fingerprint": server.fingerprint,
            "received": str(server.site.log),
        }
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
        sys.stdout.flush()
        signal.sigwait(stopping)


if __name__ == "__main__":
    main()
