"""What the services find ready: a database with a role and a schema for each of them, and the topics. Idempotent.

Each service's role owns the schema of the service's name and can reach nothing else.
"""

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from hub.stack.errors import StackError

DATABASE = "hub"
SCRAM_ROUNDS = 4096  # PostgreSQL's own default
TOPICS_READY = timedelta(seconds=30)
TOPIC_EXISTS = 36  # Kafka's error code, which is what we want
COPIES = 3  # of each topic, where there are as many brokers; 1 at home
_LOCK = 0x48554202


class TopicSpec(Protocol):
    """A topic as hub.pipeline declares it."""

    @property
    def name(self) -> str:
        """Its name without the installation's prefix."""

    @property
    def partitions(self) -> int:
        """How many partitions it is created with."""

    @property
    def config(self) -> Mapping[str, str]:
        """Its settings, as Kafka names them."""


def schema_of(service: str) -> str:
    """Give the schema of a service: `ehf-builder` owns `ehf_builder`."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", service):
        raise ValueError(f"{service!r} is no service's name: use lower-case letters, digits and hyphens")
    return service.replace("-", "_")


def role_of(service: str) -> str:
    """Give the database role of a service: `ehf-builder` logs in as `hub_ehf_builder`."""
    return f"hub_{schema_of(service)}"


def service_url(admin_url: str, database: str, service: str, password: str) -> str:
    """Give the address with which a service reaches its schema, on the server of `admin_url`."""
    url = make_url(admin_url).set(username=role_of(service), password=password, database=database)
    return url.render_as_string(hide_password=False)


async def provision_database(admin_url: str, database: str, passwords: Mapping[str, str]) -> None:
    """Create the database, and per service (the keys of `passwords`) its role and schema.

    `admin_url` (`postgresql+asyncpg://…`) belongs to a role that may create databases and roles. Raises StackError.
    """
    async with _connected(admin_url) as admin:
        await _one_at_a_time(admin)
        for service, password in passwords.items():
            await _ensure_role(admin, role_of(service), password)
        if not await _exists(admin, "pg_database", "datname", database):
            await admin.exec_driver_sql(f"CREATE DATABASE {_name(database)}")
        await _close_to_others(admin, database, passwords)
    async with _connected(_in_database(admin_url, database)) as inside:
        await _one_at_a_time(inside)
        await inside.exec_driver_sql("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in passwords:
            schema, role = _name(schema_of(service)), _name(role_of(service))
            await inside.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}")


async def create_database_from_template(admin_url: str, template: str, database: str, services: Iterable[str]) -> None:
    """Copy a provisioned (and migrated) database for one test; nobody may be connected to the template.

    Rights on the database itself are no part of the copy and are given anew.
    """
    async with _connected(admin_url) as admin:
        await admin.exec_driver_sql(f"CREATE DATABASE {_name(database)} TEMPLATE {_name(template)} STRATEGY file_copy")
        await _close_to_others(admin, database, services)


async def drop_database(admin_url: str, database: str) -> None:
    """Remove a test's database and cut whoever is still connected to it."""
    async with _connected(admin_url) as admin:
        await admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {_name(database)} WITH (FORCE)")


async def create_topics(bootstrap: str, topics: Iterable[TopicSpec], prefix: str = "") -> None:
    """Create those topics that do not exist, and return when all can be written to; existing ones stay as they are.

    Raises StackError.
    """
    wanted = {f"{prefix}{topic.name}": topic for topic in topics}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30_000)
    try:
        await admin.start()
        copies = min(COPIES, len((await admin.describe_cluster())["brokers"]))
        answer = await admin.create_topics(
            [
                NewTopic(name, topic.partitions, copies, topic_configs=dict(topic.config))
                for name, topic in wanted.items()
            ]
        )
        wrong = [f"{name}: {text or code}" for name, code, text in answer.topic_errors if code not in (0, TOPIC_EXISTS)]
        if wrong:
            raise StackError(
                f"Kafka on {bootstrap} refused topics ({'; '.join(wrong)}). Check the rights that the hub has there."
            )
        await asyncio.wait_for(_until_led(admin, list(wanted)), TOPICS_READY.total_seconds())
    except (KafkaError, OSError, TimeoutError) as error:
        raise StackError(
            f"The topics could not be created on {bootstrap}: {error!r}. Check that the broker runs there, and that "
            "HUB_KAFKA_BOOTSTRAP names it."
        ) from error
    finally:
        await admin.close()


async def _until_led(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    """Wait until every partition has a leader: the answer to a creation comes before brokers know of the topic."""
    while True:
        described = await admin.describe_topics(names)
        codes = [part["error_code"] for topic in described for part in (topic, *topic["partitions"])]
        if len(described) == len(names) and not any(codes):
            return
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    """Connect without transactions (databases cannot be created in one) and say what goes wrong in words."""
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"timeout": 10})
    shown = make_url(url).render_as_string(hide_password=True)
    try:
        async with engine.connect() as connection:
            yield connection
    except OSError as error:
        raise StackError(
            f"No database server answers at {shown} ({error}). Start it, or correct HUB_DATABASE_URL."
        ) from error
    except DBAPIError as error:
        raise StackError(
            f"The database server at {shown} refused to set up the hub: {error.orig}. The role of HUB_DATABASE_URL "
            "must be able to log in and to create databases and roles (ALTER ROLE … CREATEDB CREATEROLE)."
        ) from error
    finally:
        await engine.dispose()


async def _one_at_a_time(connection: AsyncConnection) -> None:
    """Wait for others who provision the same server; the lock ends with the connection."""
    await connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")


async def _ensure_role(admin: AsyncConnection, role: str, password: str) -> None:
    if not await _exists(admin, "pg_roles", "rolname", role):
        await admin.exec_driver_sql(f"CREATE ROLE {_name(role)}")
    # Every time, so that a lost secrets file heals itself.
    await admin.exec_driver_sql(f"ALTER ROLE {_name(role)} LOGIN PASSWORD '{_verifier(password)}'")
    await admin.exec_driver_sql(f"ALTER ROLE {_name(role)} SET search_path = {_name(role.removeprefix('hub_'))}")
    superuser = await admin.exec_driver_sql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if not superuser.scalar_one():  # who is none must be a member in order to make the role own something
        await admin.exec_driver_sql(f"GRANT {_name(role)} TO CURRENT_USER")


async def _close_to_others(admin: AsyncConnection, database: str, services: Iterable[str]) -> None:
    await admin.exec_driver_sql(f"REVOKE ALL ON DATABASE {_name(database)} FROM PUBLIC")
    for service in services:
        await admin.exec_driver_sql(
            f"GRANT CONNECT, TEMPORARY ON DATABASE {_name(database)} TO {_name(role_of(service))}"
        )


async def _exists(admin: AsyncConnection, catalogue: str, column: str, name: str) -> bool:
    found = await admin.exec_driver_sql(f"SELECT 1 FROM {catalogue} WHERE {column} = $1", (name,))  # noqa: S608
    return found.first() is not None


def _in_database(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _verifier(password: str) -> str:
    """Give what PostgreSQL stores of a password (RFC 5802), so that no statement and no server log ever holds it."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    words = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{words[0]}${words[1]}:{words[2]}"
