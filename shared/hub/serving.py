"""A service's HTTP side as one of its parts: it listens before anything else, and ends what is open in good time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

CLOSE_SECONDS = 3


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the runner stops everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the runner."""
        yield


class Http:
    """Serves an application from the moment it is made; `task` ends with the server."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=CLOSE_SECONDS,
                lifespan="off",
            )
        )
        self.task = asyncio.create_task(self._server.serve(), name="http")

    def stop(self) -> None:
        """Take no new requests; those under way have three seconds."""
        self._server.should_exit = True
