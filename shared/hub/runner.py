"""Runs one service: migrations, outbox relay, consumers, replayers, workers and HTTP, until it is told to stop."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from hub import logs
from hub.batch import Handler
from hub.consumer import Consumer
from hub.db import DELIVERY_MIGRATIONS, HUB_MIGRATIONS, Database
from hub.delivery.budget import Budget
from hub.delivery.handler import SenderHandler
from hub.delivery.ports import SendingChannel
from hub.delivery.store import DeliveryStore
from hub.delivery.worker import Worker
from hub.errors import Unavailable
from hub.ops.app import make_app
from hub.outbox import Relay
from hub.parties import Channel
from hub.replayer import Replayer
from hub.retention import keep_forgetting
from hub.settings import HubSettings

STOP_SECONDS = 8
SWITCH_SECONDS = 0.0005
GARBAGE = (20_000, 20, 20)  # objects until each generation is looked through

log = structlog.get_logger(__name__)

Task = Callable[[], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Sender:
    """A sending channel of a service, and its limits."""

    channel: Channel
    adapter: SendingChannel
    budget: Budget


@dataclass(slots=True)
class Service:
    """What a service's `app.py` wires together. `background` runs beside the consumers and ends with the service.

    `migrations` is the folder of the service's own history, None where it has no tables. `resources` (pools, clients)
    are entered before anything runs and left last. `after_commit` is called after every commit that may have left
    events or work (wake-ups, never I/O).
    """

    name: str
    settings: HubSettings
    database: Database
    migrations: Path | None
    handlers: Sequence[Handler] = ()
    sender: Sender | None = None
    app: ASGIApp | None = None
    ops_routes: Sequence[BaseRoute] = ()
    background: Sequence[Task] = ()
    resources: Sequence[AbstractAsyncContextManager[object]] = ()
    after_commit: list[Callable[[], None]] = field(default_factory=list)

    def committed(self) -> None:
        """Wake whatever waits for commits."""
        for wake in self.after_commit:
            wake()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the runner stops everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the runner."""
        yield


@asynccontextmanager
async def _http(service: Service, consumers: Sequence[Consumer]) -> AsyncIterator[None]:
    async def ready() -> bool:
        return all(consumer.ready for consumer in consumers)

    settings = service.settings
    app = make_app(service.name, service.database, settings.secret_key, ready, service.ops_routes, service.app)
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=3,
            lifespan="off",
        )
    )
    serving = asyncio.create_task(server.serve(), name="http")
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _workers(service: Service, relay: Relay) -> list[Task]:
    """Return the long-running parts of the service, and connect their wake-ups."""
    settings = service.settings
    service.after_commit.append(relay.wake)
    handlers = list(service.handlers)
    parts: list[Task] = [relay.run, *service.background]
    if service.sender is not None:
        sender = service.sender
        handlers.append(SenderHandler(service.name, sender.channel, sender.adapter))
        owner = f"{service.name}-{settings.ordinal}"
        worker = Worker(sender.adapter, DeliveryStore(service.database), sender.budget, owner, service.committed)
        service.after_commit.append(worker.wake)
        parts.append(worker.run)
    service.handlers = handlers
    parts.extend(Replayer(handler, service.database, service.committed).run for handler in handlers)
    return parts


async def _migrated(service: Service, stop: asyncio.Event) -> bool:
    """Wait for the database and migrate; False when told to stop before that."""
    histories = [HUB_MIGRATIONS]
    if service.sender is not None:
        histories.append(DELIVERY_MIGRATIONS)
    if service.migrations is not None:
        histories.append(service.migrations)
    while not stop.is_set():
        try:
            await service.database.migrate(histories)
        except Unavailable as error:
            log.warning("waiting for the database", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.5)
        else:
            return True
    return False


async def serve(service: Service) -> None:
    """Run the service until SIGTERM or SIGINT; a part that dies takes the service with it (it is restarted)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = service.settings
    async with AsyncExitStack() as stack:
        stack.push_async_callback(service.database.close)
        for resource in service.resources:
            await stack.enter_async_context(resource)
        if not await _migrated(service, stop):
            return
        relay = Relay(service.database, settings.kafka_bootstrap, settings.topic_prefix)
        parts = _workers(service, relay)
        consumers = [
            Consumer(
                handler,
                service.database,
                settings.kafka_bootstrap,
                settings.topic_prefix,
                str(settings.ordinal),
                service.committed,
            )
            for handler in service.handlers
        ]
        await stack.enter_async_context(_http(service, consumers))
        parts.extend(consumer.run for consumer in consumers)
        parts.append(partial(keep_forgetting, service.database))
        running = [asyncio.create_task(part()) for part in parts]
        stopping = asyncio.create_task(stop.wait(), name="stop")
        _let_be_what_stays()
        log.info("service started", port=settings.port)
        done, _ = await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
        for task in [stopping, *running]:
            task.cancel()
        await asyncio.wait([stopping, *running], timeout=STOP_SECONDS)
        log.info("service stopped")
        for task in done - {stopping}:
            if error := task.exception():
                raise error


def _let_be_what_stays() -> None:
    """Spare the collector's rounds modules, models and wiring: a full one stops the loop for a tenth of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def run(build: Callable[[], Service]) -> None:
    """Build a service and run it in this process."""
    import uvloop  # noqa: PLC0415 - Linux only, and only a running service needs it

    # A thread that writes a document gives the interpreter up at each system call; with the default of 5 ms it would
    # wait that long for each return while the loop is busy.
    sys.setswitchinterval(SWITCH_SECONDS)

    async def main() -> None:
        service = build()
        logs.configure(service.name, service.settings.log_level)
        try:
            await serve(service)
        except Exception as error:
            log.exception("the service ends")
            raise SystemExit(1) from error

    uvloop.run(main())
