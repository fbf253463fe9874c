"""`python -m hub.testing.phoss_ap --port 8081 --known 0192:310000019 --folder DIR --backend URL --bearer SECRET`."""

import argparse
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from hub.testing.phoss_ap.app import application
from hub.testing.phoss_ap.world import Backend, Behaviour, Receiver, World


def _world() -> tuple[World, int]:
    parser = argparse.ArgumentParser(prog="python -m hub.testing.phoss_ap", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", default="phoss-token", help="the X-Token that callers must send")
    parser.add_argument("--known", nargs="*", default=[], help="receivers that everything is delivered to")
    parser.add_argument("--down", nargs="*", default=[], help="receivers whose access point refuses connections")
    parser.add_argument("--mls", choices=["AP", "AB", "RE"], help="the MLS code that known receivers answer")
    parser.add_argument("--folder", type=Path, help="where delivered documents are written, by receiver")
    parser.add_argument("--backend", help="where inbound documents are posted")
    parser.add_argument("--bearer", help="the secret sent to the backend as `Authorization: Bearer`")
    parser.add_argument("--retry-seconds", type=float, default=180.0)
    parser.add_argument("--most-attempts", type=int, default=3, help="how often a document is posted to the backend")
    said = parser.parse_args()
    receivers = {address: Receiver(mls=said.mls) for address in said.known}
    receivers |= {address: Receiver(Behaviour.DOWN) for address in said.down}
    headers = {"Authorization": f"Bearer {said.bearer}"} if said.bearer else {}
    world = World(
        token=said.token,
        receivers=receivers,
        backend=Backend(said.backend, headers) if said.backend else None,
        folder=said.folder,
        retry_after=timedelta(seconds=said.retry_seconds),
        most_attempts=said.most_attempts,
    )
    return world, said.port


def main() -> None:
    """Serve until interrupted."""
    world, port = _world()
    web.run_app(application(world), host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main()
