import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from hub.pipeline import Topic
from hub.stack.broker import Broker
from hub.stack.errors import StackError
from hub.stack.postgres import Postgres
from hub.stack.provision import (
    create_database_from_template,
    create_topics,
    drop_database,
    provision_database,
    service_url,
)

PASSWORDS = {"gateway": "one of a kind", "ehf-builder": "another"}


@pytest.fixture(scope="module")
def admin_url(postgres: Postgres) -> str:
    return postgres.url()


async def _run(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def _as(service: str, admin_url: str, database: str = "hub") -> str:
    return service_url(admin_url, database, service, PASSWORDS[service])


def _host(url: str, database: str) -> str:
    return url.rpartition("@")[2].partition("/")[0] + "/" + database


async def test_a_service_works_in_its_own_schema_and_reads_no_other(admin_url: str) -> None:
    await provision_database(admin_url, "hub", PASSWORDS)
    await _run(_as("gateway", admin_url), "CREATE TABLE install (id int)")
    await _run(_as("gateway", admin_url), "INSERT INTO install VALUES (1)")
    assert await _run(_as("gateway", admin_url), "SELECT id FROM gateway.install") == [(1,)]
    for statement in (
        "SELECT * FROM gateway.install",
        "CREATE TABLE gateway.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SET ROLE hub_gateway",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _run(_as("ehf-builder", admin_url), statement)


async def test_provisioning_again_keeps_data_and_takes_a_new_password(admin_url: str) -> None:
    await provision_database(admin_url, "again", {"gateway": "first"})
    await _run(service_url(admin_url, "again", "gateway", "first"), "CREATE TABLE kept (id int)")
    await provision_database(admin_url, "again", {"gateway": "second"})
    assert await _run(service_url(admin_url, "again", "gateway", "second"), "SELECT * FROM kept") == []
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _run(service_url(admin_url, "again", "gateway", "first"), "SELECT 1")
    await provision_database(admin_url, "again", PASSWORDS)


async def test_a_copy_for_a_test_has_the_same_rights_and_its_own_data(admin_url: str) -> None:
    await provision_database(admin_url, "template", PASSWORDS)
    await _run(_as("gateway", admin_url, "template"), "CREATE TABLE copied (id int)")
    await create_database_from_template(admin_url, "template", "copy", PASSWORDS)
    await _run(_as("gateway", admin_url, "copy"), "INSERT INTO copied VALUES (1)")
    assert await _run(_as("gateway", admin_url, "template"), "SELECT * FROM copied") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _run(_as("ehf-builder", admin_url, "copy"), "SELECT * FROM gateway.copied")
    await _run(admin_url, "CREATE ROLE stranger LOGIN PASSWORD 'x'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
        await _run(f"postgresql://stranger:x@{_host(admin_url, 'copy')}", "SELECT 1")
    await drop_database(admin_url, "copy")
    await drop_database(admin_url, "copy")


async def test_a_role_without_superuser_rights_can_provision_an_operators_server(admin_url: str) -> None:
    await _run(admin_url, "CREATE ROLE operator LOGIN CREATEDB CREATEROLE PASSWORD 'x'")
    operator = f"postgresql+asyncpg://operator:x@{_host(admin_url, 'postgres')}"
    await provision_database(operator, "elsewhere", {"metering": "m"})
    await provision_database(operator, "elsewhere", {"metering": "m"})
    mine = service_url(operator, "elsewhere", "metering", "m")
    await _run(mine, "CREATE TABLE usage (id int)")
    assert await _run(mine, "SELECT * FROM metering.usage") == []


async def test_too_few_rights_and_an_absent_server_are_told_with_the_remedy(admin_url: str) -> None:
    await _run(admin_url, "CREATE ROLE powerless LOGIN PASSWORD 'secret word'")
    url = f"postgresql+asyncpg://powerless:secret%20word@{_host(admin_url, 'postgres')}"
    with pytest.raises(StackError, match="CREATEDB CREATEROLE") as refused:
        await provision_database(url, "hub2", {"router": "x"})
    assert "secret" not in str(refused.value)
    with pytest.raises(StackError, match=r"No database server answers at .*HUB_DATABASE_URL"):
        await provision_database("postgresql+asyncpg://a:b@127.0.0.1:9/postgres", "hub", PASSWORDS)


async def test_topics_are_created_with_prefix_partitions_and_settings(kafka: Broker) -> None:
    topics = [Topic(name="a"), Topic(name="b", partitions=1, config={"cleanup.policy": "compact"})]
    await create_topics(kafka.bootstrap, topics, "one.")
    await create_topics(kafka.bootstrap, topics, "one.")
    await create_topics(kafka.bootstrap, topics, "two.")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        described = {topic["topic"]: topic for topic in await admin.describe_topics()}
        (config,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "one.b")])
    finally:
        await admin.close()
    assert {"one.a", "one.b", "two.a", "two.b"} <= set(described)
    assert len(described["one.a"]["partitions"]) == 12
    assert len(described["one.b"]["partitions"]) == 1
    assert {entry[0]: entry[1] for entry in config.resources[0][4]}["cleanup.policy"] == "compact"


async def test_a_topic_that_kafka_refuses_is_named(kafka: Broker) -> None:
    with pytest.raises(StackError, match=r"refused topics .*bad name"):
        await create_topics(kafka.bootstrap, [Topic(name="bad name")])
