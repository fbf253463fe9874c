"""The whole hub in one command: the local stack, the services on top of it, their logs, and an orderly end."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from hub.stack import process
from hub.stack.local import LocalStack
from hub.stack.provision import DATABASE, TopicSpec
from hub.stack.supervisor import Service, ServiceSpec, Supervisor, until_serving
from hub.stack.tail import follow

T = TypeVar("T")
Echo = Callable[[str, str], None]
SERVING = timedelta(seconds=60)  # to migrate and listen
ADDRESSES = "services.json"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class RunningStack:
    """What a caller of `run_stack` may use while it runs."""

    local: LocalStack
    services: tuple[Service, ...]
    database_urls: dict[str, str]


async def run_stack(
    data: Path,
    services: Sequence[ServiceSpec],
    topics: Iterable[TopicSpec],
    *,
    then: Callable[[RunningStack], Awaitable[T]] | None = None,
    database: str = DATABASE,
    topic_prefix: str = "",
    say: Callable[[str], None] = print,
    echo: Echo | None = None,
) -> T | None:
    """Start PostgreSQL, Kafka and the services, serve until Ctrl-C or SIGTERM, and stop all in good order.

    Once every service with a port accepts connections, `then` is called; when it returns, all is stopped and its
    result given (None after a signal). Servers named by HUB_DATABASE_URL and HUB_KAFKA_BOOTSTRAP are used, not
    started. `say` gets lines for the operator, `echo` each service's log lines (name, line). Raises StackError.
    Call from the main thread.
    """

    async def serve() -> T | None:
        async with running(
            data, services, topics, database=database, topic_prefix=topic_prefix, say=say, echo=echo
        ) as stack:
            if then:
                return await then(stack)
            await asyncio.Event().wait()
            return None

    return await _until_signalled(serve(), say)


@asynccontextmanager
async def running(
    data: Path,
    services: Sequence[ServiceSpec],
    topics: Iterable[TopicSpec],
    *,
    database: str = DATABASE,
    topic_prefix: str = "",
    say: Callable[[str], None] = print,
    echo: Echo | None = None,
) -> AsyncIterator[RunningStack]:
    """Run the stack and the services while the block lasts; `run_stack` without its signals, for tests."""
    async with LocalStack(data, say=say) as local:
        urls = await local.provision(
            [spec.name for spec in services], topics, database=database, topic_prefix=topic_prefix
        )
        members = [
            Service(
                spec,
                ordinal,
                environment={
                    **local.service_environment(urls[spec.name], topic_prefix=topic_prefix),
                    **{name: local.secret(f"{spec.name}/{name}") for name in spec.secrets},
                },
                logs=local.data / "logs",
            )
            for spec in services
            for ordinal in range(len(spec.ports))
        ]
        logs = {member.name: member.log for member in members}
        async with follow(logs, echo), Supervisor(members, say=say) as supervisor:
            await until_serving(members, supervisor, SERVING)
            process.write_private(local.data / ADDRESSES, _addresses(services))
            yield RunningStack(local, tuple(members), urls)


def _addresses(services: Sequence[ServiceSpec]) -> dict[str, list[str]]:
    """Give each service's addresses, an instance's at the place of its ordinal (`services.json` in the data folder)."""
    return {spec.name: [f"http://127.0.0.1:{port}" for port in spec.ports if port is not None] for spec in services}


async def _until_signalled(work: Awaitable[T], say: Callable[[str], None]) -> T | None:
    """Await the work; a signal cancels it once (its own clean-up runs to the end) and gives None."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    signalled = False

    def on_signal(number: signal.Signals) -> None:
        nonlocal signalled
        if not signalled:
            say(f"{number.name}: stopping")
            task.cancel()
        signalled = True

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not signalled:
            raise
        return None
    finally:
        for number in SIGNALS:
            with contextlib.suppress(ValueError):
                loop.remove_signal_handler(number)
