"""Runs one service: migrations, outbox relay, consumers, replayers, workers and HTTP, until it is told to stop."""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import TextClause
from sqlalchemy.exc import DBAPIError
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from hub import failpoints, logs
from hub.batch import Handler
from hub.consumer import Consumer
from hub.db import DELIVERY_MIGRATIONS, HUB_MIGRATIONS, Database, is_unprepared
from hub.delivery.budget import Budget
from hub.delivery.handler import SenderHandler
from hub.delivery.ports import SendingChannel
from hub.delivery.store import DeliveryStore
from hub.delivery.worker import Worker
from hub.errors import Unavailable
from hub.health import Check, Health, Part
from hub.instances import Instance
from hub.ops.app import make_app, standard_routes
from hub.ops.desk import Desk, Names, WatchedSender
from hub.outbox import Relay
from hub.parties import Channel
from hub.pauses import Pauses
from hub.queues import DELIVERIES, TRANSPORT, Sampler
from hub.replayer import Replayer
from hub.retention import keep_forgetting
from hub.serving import Http
from hub.settings import HubSettings

# A stop takes less than ten seconds, the supervisor's patience: each step has its share.
STOP_SECONDS = 6.0
RELAY_SECONDS = 1.5
CLOSE_SECONDS = 1.0
LEAVE_SECONDS = 1.0
RETRY_SECONDS = 0.5
SWITCH_SECONDS = 0.0005
GARBAGE = (20_000, 20, 20)  # objects until each generation is looked through

log = structlog.get_logger(__name__)

Task = Callable[[], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Sender:
    """A sending channel of a service, and its limits. `names` gives destinations the names that people know them by."""

    channel: Channel
    adapter: SendingChannel
    budget: Budget
    names: Names | None = None


@dataclass(slots=True)
class Service:
    """What a service's `app.py` wires together. `background` runs beside the consumers and ends with the service.

    `migrations` is the folder of the service's own history, None where it has no tables. `resources` (pools, clients)
    are entered before anything runs and left last. `after_commit` is called after every commit that may have left
    events or work (wake-ups, never I/O). `checks` tell what a part lacks that cannot tell by itself, `parts` are those
    that can, beside the usual ones. `on_stop` is called when the service is told to stop (to end what waits).
    `queues` are the service's own beside those that all have (hub.queues tells their form).
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
    checks: Mapping[str, Check] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    on_stop: Sequence[Callable[[], None]] = ()
    queues: Sequence[TextClause] = ()

    def committed(self) -> None:
        """Wake whatever waits for commits."""
        for wake in self.after_commit:
            wake()


class _Parts:
    """The parts of a service, made and connected; `tasks` run them, the relay first, and `desk` shows them."""

    def __init__(self, service: Service, health: Health) -> None:
        self._service = service
        self._health = health
        pauses = Pauses(service.database)
        relay = Relay(service.database, service.settings.kafka_bootstrap, service.settings.topic_prefix)
        service.after_commit.append(relay.wake)
        health.parts.append(relay.part)
        handlers = list(service.handlers)
        queues = [TRANSPORT, *service.queues, *([DELIVERIES] if service.sender is not None else [])]
        sampler = Sampler(service.database, queues)
        forgetting = partial(keep_forgetting, service.database)
        self.tasks: list[Task] = [relay.run, *service.background, forgetting, sampler.run, health.run, pauses.run]
        sender: WatchedSender | None = None
        worker: Worker | None = None
        if service.sender is not None:
            worker = self._add_worker(service.sender)
            sender = WatchedSender(str(service.sender.channel), service.sender.names)
            handlers.append(SenderHandler(service.name, service.sender.channel, service.sender.adapter))
        consumers = [self._add_consumer(handler, pauses) for handler in handlers]
        told = worker.breakers.told if worker is not None else list
        instance = Instance(service.database, service.settings.ordinal, health.parts, told)
        self.tasks.append(instance.run)
        self.desk = Desk(
            service.name, service.database, service.committed, pauses, consumers, instance, sender, queues=queues
        )

    def _add_worker(self, sender: Sender) -> Worker:
        service = self._service
        owner = f"{service.name}-{service.settings.ordinal}"
        worker = Worker(sender.adapter, DeliveryStore(service.database), sender.budget, owner, service.committed)
        service.after_commit.append(worker.wake)
        self._health.parts.append(worker.part)
        self.tasks.append(worker.run)
        return worker

    def _add_consumer(self, handler: Handler, pauses: Pauses) -> Consumer:
        service, settings = self._service, self._service.settings
        replayer = Replayer(handler, service.database, service.committed, pauses)
        consumer = Consumer(
            handler,
            service.database,
            settings.kafka_bootstrap,
            settings.topic_prefix,
            str(settings.ordinal),
            service.committed,
            pauses,
        )
        self._health.parts += [consumer.part, replayer.part]
        self.tasks += [consumer.run, replayer.run]
        return consumer


async def _migrated(service: Service, health: Health) -> None:
    """Wait for the database and migrate."""
    histories = [HUB_MIGRATIONS]
    if service.sender is not None:
        histories.append(DELIVERY_MIGRATIONS)
    if service.migrations is not None:
        histories.append(service.migrations)
    while True:
        try:
            await service.database.migrate(histories)
        except (Unavailable, DBAPIError) as error:
            if not (isinstance(error, Unavailable) or is_unprepared(error)):
                raise
            health.no_database(error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


async def _started(
    service: Service, health: Health, tasks: Sequence[Task], stack: AsyncExitStack
) -> list[asyncio.Task[None]]:
    """Wait for what the service needs and start its parts; the relay is the first of them."""
    for resource in service.resources:
        await stack.enter_async_context(resource)
    await _migrated(service, health)
    _let_be_what_stays()
    health.opened = True
    health.service.works()
    log.info("service started", port=service.settings.port)
    return [asyncio.create_task(task()) for task in tasks]


async def _stopped(service: Service, health: Health, http: Http, tasks: Sequence[asyncio.Task[None]]) -> None:
    """End everything in order: no new work, what is under way, then the relay, so that its results are published."""
    health.service.waits("it is stopping")
    for end in service.on_stop:
        end()
    http.stop()
    relay, others = tasks[:1], [http.task, *tasks[1:]]
    for task in tasks[1:]:
        task.cancel()
    await asyncio.wait(others, timeout=STOP_SECONDS)
    for task in relay:
        task.cancel()
        await asyncio.wait({task}, timeout=RELAY_SECONDS)


async def serve(service: Service) -> None:
    """Run the service until SIGTERM or SIGINT; a part that dies takes the service with it (it is restarted)."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    health = Health(service.database, service.checks, service.parts)
    settings = service.settings
    parts = _Parts(service, health)
    routes = [*standard_routes(parts.desk), *service.ops_routes]
    app = make_app(service.name, settings.secret_key, health, routes, service.app)
    http = Http(app, settings.host, settings.port)
    stopping = asyncio.create_task(stop.wait(), name="stop")
    stack = AsyncExitStack()
    stack.push_async_callback(service.database.close)
    starting = asyncio.create_task(_started(service, health, parts.tasks, stack), name="start")
    tasks: list[asyncio.Task[None]] = []
    try:
        done, _ = await asyncio.wait([stopping, starting, http.task], return_when=asyncio.FIRST_COMPLETED)
        if starting in done:
            tasks = starting.result()
            done, _ = await asyncio.wait([stopping, http.task, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
    finally:
        for waiting in (starting, stopping):
            waiting.cancel()
        await asyncio.wait([starting], timeout=RELAY_SECONDS)
        await _stopped(service, health, http, tasks)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await stack.aclose()
        log.info("service stopped")


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
        if point := failpoints.arm(os.environ):
            log.critical("this process will die on purpose", point=point)
        code = 0
        try:
            await serve(service)
        except Exception as error:
            log.exception("the service ends")
            code = 1
            raise SystemExit(code) from error
        finally:
            # Everything has been stopped or given up by now; a thread that hangs on somebody else's server may not
            # hold up the end.
            last = threading.Timer(LEAVE_SECONDS, os._exit, (code,))
            last.daemon = True
            last.start()

    uvloop.run(main())
