import os
from pathlib import Path

import pytest

from hub.pipeline import TOPICS
from hub.stack.broker import Broker
from hub.stack.errors import StackError
from hub.stack.local import LocalStack
from hub.stack.postgres import Postgres


async def test_the_operators_own_servers_are_used_and_nothing_is_started(
    folder: Path, postgres: Postgres, kafka: Broker
) -> None:
    environment = {"HUB_DATABASE_URL": postgres.url(driver="postgresql"), "HUB_KAFKA_BOOTSTRAP": kafka.bootstrap}
    async with LocalStack(folder, environment=environment) as stack:
        assert stack.postgres is None
        assert stack.kafka is None
        urls = await stack.provision(["gateway", "ehf-builder"], TOPICS, database="own", topic_prefix="own.")
        again = await stack.provision(["gateway", "ehf-builder"], TOPICS, database="own", topic_prefix="own.")
        given = stack.service_environment(urls["gateway"], topic_prefix="own.")
    assert again == urls
    assert urls["ehf-builder"].startswith("postgresql+asyncpg://hub_ehf_builder:")
    assert given["HUB_DATABASE_URL"] == urls["gateway"]
    assert given["HUB_KAFKA_BOOTSTRAP"] == kafka.bootstrap
    assert given["HUB_TOPIC_PREFIX"] == "own."
    assert given["HUB_BLOB_URL"] == (folder / "blobs").as_uri()
    assert not (folder / "postgres").exists()
    assert not (folder / "kafka").exists()
    assert (folder / "secrets.json").stat().st_mode & 0o777 == 0o600


async def test_a_second_run_on_the_same_folder_is_refused_while_the_first_lasts(folder: Path) -> None:
    environment = {"HUB_DATABASE_URL": "postgresql://a/b", "HUB_KAFKA_BOOTSTRAP": "127.0.0.1:9"}
    async with LocalStack(folder, environment=environment):
        with pytest.raises(StackError, match=rf"already runs on {folder} \(process {os.getpid()}\).*--data"):
            async with LocalStack(folder, environment=environment):
                raise AssertionError
    async with LocalStack(folder, environment=environment):
        pass


async def test_secrets_stay_the_same_from_run_to_run(folder: Path, postgres: Postgres, kafka: Broker) -> None:
    environment = {"HUB_DATABASE_URL": postgres.url(), "HUB_KAFKA_BOOTSTRAP": kafka.bootstrap}
    seen = set()
    for _ in range(2):
        async with LocalStack(folder, environment=environment) as stack:
            urls = await stack.provision(["router"], [], database="own2")
            seen.add((urls["router"], stack.service_environment(urls["router"])["HUB_SECRET_KEY"]))
    assert len(seen) == 1


async def test_an_address_of_another_kind_of_database_is_refused(folder: Path) -> None:
    environment = {"HUB_DATABASE_URL": "mysql://a/b", "HUB_KAFKA_BOOTSTRAP": "127.0.0.1:9"}
    async with LocalStack(folder, environment=environment) as stack:
        with pytest.raises(StackError, match="must begin with postgresql"):
            await stack.provision(["router"], [])


async def test_a_data_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "file").write_text("in the way")
    with pytest.raises(StackError, match=r"The data folder .*file/data cannot be written.*--data"):
        async with LocalStack(folder / "file" / "data", environment={}):
            raise AssertionError
