"""The local stack: PostgreSQL and Kafka on one data folder, or the operator's own, and what the services need there."""

import asyncio
import base64
import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.stack import artefacts, process, provision
from hub.stack.broker import Broker
from hub.stack.errors import StackError
from hub.stack.postgres import Postgres
from hub.stack.supervisor import Supervisor

SECRETS = "secrets.json"


class LocalStack:
    """Runs PostgreSQL and Kafka while the `async with` block lasts; their data stay in `data`.

    `environment` (our own by default) may name the operator's servers instead: HUB_DATABASE_URL, a role that may
    create databases and roles, and HUB_KAFKA_BOOTSTRAP; what is named is not started. With `supervise` a server that
    dies comes back on its port by itself. `say` gets lines for the operator. Entering raises StackError.
    """

    def __init__(
        self,
        data: Path,
        *,
        environment: Mapping[str, str] | None = None,
        supervise: bool = True,
        say: Callable[[str], None] = print,
    ) -> None:
        self.data = data.absolute()
        self.postgres: Postgres | None = None
        self.kafka: Broker | None = None
        self._environment = os.environ if environment is None else environment
        self._supervise = supervise
        self._say = say
        self._exit = AsyncExitStack()

    @property
    def cache(self) -> Path:
        """Where fetched jars and rules are kept."""
        return artefacts.cache_folder(self._environment)

    @property
    def database_url(self) -> str:
        """The administrator's address of the database server, `postgresql+asyncpg://…`."""
        if self.postgres:
            return self.postgres.url()
        scheme, _, rest = self._environment["HUB_DATABASE_URL"].partition("://")
        if scheme not in ("postgres", "postgresql", "postgresql+asyncpg"):
            raise StackError("HUB_DATABASE_URL must begin with postgresql+asyncpg:// (or postgresql://).")
        return f"postgresql+asyncpg://{rest}"

    @property
    def kafka_bootstrap(self) -> str:
        """The broker's address, `host:port`."""
        return self.kafka.bootstrap if self.kafka else self._environment["HUB_KAFKA_BOOTSTRAP"]

    async def __aenter__(self) -> Self:
        """Start what is not named in the environment, both at once, and return when both answer."""
        async with AsyncExitStack() as exits:
            exits.enter_context(_only_run_on(self.data))
            if not self._environment.get("HUB_DATABASE_URL"):
                self.postgres = Postgres(self.data, say=self._say)
            if not self._environment.get("HUB_KAFKA_BOOTSTRAP"):
                self.kafka = await self._broker()
            servers = [server for server in (self.postgres, self.kafka) if server]
            await exits.enter_async_context(Supervisor(servers, say=self._say, restart=self._supervise))
            self._exit = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started, and let others use the data folder."""
        await self._exit.aclose()

    async def provision(
        self,
        services: Iterable[str],
        topics: Iterable[provision.TopicSpec],
        *,
        database: str = provision.DATABASE,
        topic_prefix: str = "",
    ) -> dict[str, str]:
        """Make the database, a role and a schema per service, and the topics; give each service's database address.

        Services are named as deployed (`ehf-builder`). What exists stays as it is, so every start may call it.
        """
        passwords = self._passwords(services)
        await provision.provision_database(self.database_url, database, passwords)
        await provision.create_topics(self.kafka_bootstrap, topics, topic_prefix)
        return {
            service: provision.service_url(self.database_url, database, service, password)
            for service, password in passwords.items()
        }

    def service_environment(self, database_url: str, *, topic_prefix: str = "") -> dict[str, str]:
        """Give what a service reads from its environment: our own, the servers' addresses, blobs, cache and key.

        `database_url` is the service's own, from `provision`. HUB_BLOB_URL stands if it is set.
        """
        inherited = {name: value for name, value in self._environment.items() if name != "HUB_PORT"}
        return {
            "HUB_BLOB_URL": (self.data / "blobs").as_uri(),
            "HUB_SECRET_KEY": self.secret("secret_key"),
            "HUB_TOPIC_PREFIX": topic_prefix,
            **inherited,
            "HUB_CACHE_DIR": str(self.cache),
            "HUB_DATABASE_URL": database_url,
            "HUB_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
        }

    async def _broker(self) -> Broker:
        """Fetch the jars if need be; in a thread, so that Ctrl-C is heard meanwhile and ends it after a jar or two."""
        unwanted = threading.Event()

        def progress(line: str) -> None:
            if unwanted.is_set():
                raise StackError("The download was stopped.")
            self._say(line)

        try:
            jars = await asyncio.to_thread(artefacts.ensure, "kafka", self.cache, progress)
        except asyncio.CancelledError:
            unwanted.set()
            raise
        version = next(jar.stem for jar in jars if jar.stem.startswith("kafka_"))
        return Broker(self.data, jars, template=self.cache / "formatted" / version, say=self._say)

    def _passwords(self, services: Iterable[str]) -> dict[str, str]:
        return {service: self._secret(f"role/{service}", lambda: secrets.token_urlsafe(24)) for service in services}

    def secret(self, name: str) -> str:
        """Give 32 random bytes (base64) that this data folder keeps under the name."""
        return self._secret(name, lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    def _secret(self, name: str, make: Callable[[], str]) -> str:
        """Give a secret of this data folder, made at the first asking (secrets.json, readable by this user only)."""
        file = self.data / SECRETS
        known = process.read_private(file)
        if name not in known:
            known[name] = make()
            process.write_private(file, known)
        return str(known[name])


def known_service_url(data: Path, service: str, environment: Mapping[str, str]) -> str:
    """Give a service's database address on a hub that was started on `data`; raises StackError where none was."""
    password = process.read_private(data / SECRETS).get(f"role/{service}")
    if password is None:
        raise StackError(
            f"No hub was ever started on {data.absolute()}. Start it (python -m hub run), or name its folder with "
            "--data."
        )
    admin = environment.get("HUB_DATABASE_URL") or Postgres(data).url()
    return provision.service_url(admin, provision.DATABASE, service, password)


@contextlib.contextmanager
def _only_run_on(data: Path) -> Iterator[None]:
    """Hold the data folder, or say who does. The kernel lets go of it when we die, however we die."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = (data / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise StackError(
            f"The data folder {data} cannot be written ({error.strerror}). Give another one with --data."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise StackError(
                f"Sentral already runs on {data} (process {handle.read().strip() or 'unknown'}). Stop that one first, "
                "or give this one a folder of its own with --data."
            ) from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
