"""The register from the command line."""

import asyncio
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from gateway import cli
from hub.db import Database
from tests.gateway.world import ALFA, number

Run = Callable[..., Result]


@pytest.fixture
async def run(database: Database) -> Callable[..., object]:
    url = database.engine.url.render_as_string(hide_password=False)

    async def invoke(*words: str) -> Result:
        environment = {"HUB_DATABASE_URL": url}
        return await asyncio.to_thread(CliRunner().invoke, cli.app, ["admin", *words], env=environment)

    return invoke


async def test_an_office_with_a_client_and_an_install_is_made_in_five_lines(run: Callable[..., object]) -> None:
    office = number(100)

    async def line(*words: str) -> str:
        result = await run(*words)  # type: ignore[misc]
        assert result.exit_code == 0, result.output
        return str(result.output)

    await line("office", "add", office, "Regnskap AS")
    spaced = f"{ALFA[:3]} {ALFA[3:6]} {ALFA[6:]}"
    await line("company", "add", spaced, "Alfa AS", "--city", "Oslo", "--vat-registered", "--kid", "12:11")
    await line("engage", office, ALFA, "--client-number", "17")
    await line("activate", ALFA, "receiving")
    made = await line("install", "add", "ERP", "--office", office, "--acts-for", ALFA)
    key = next(word for word in made.split() if word.startswith("sentral_"))
    assert len(key) == 8 + 12 + 1 + 43
    assert "Alfa AS" in await line("company", "list")
    assert "17" in await line("engagements")
    assert "receiving" in await line("activations")
    assert ALFA in await line("install", "list")
    key_id = key.split("_")[1]
    keys = await line("key", "list")
    assert key_id in keys
    assert key not in keys
    assert "sentral_" in await line("key", "rotate", key_id)
    assert "revoked" in await line("key", "revoke", key_id)
    assert "sentral_" in await line("key", "add", "operator")


async def test_a_mistake_is_told_in_a_sentence(run: Callable[..., object]) -> None:
    kid = await run("company", "add", ALFA, "Alfa AS", "--kid", "3:10")  # type: ignore[misc]
    assert "write length:modulus" in kid.output
    kid = await run("company", "add", ALFA, "Alfa AS", "--kid", "3:10")  # type: ignore[misc]
    assert "write length:modulus" in kid.output
    wrong = await run("office", "add", "123456789", "Feil AS")  # type: ignore[misc]
    unknown = await run("activate", ALFA, "sending")  # type: ignore[misc]
    assert (wrong.exit_code, unknown.exit_code) == (1, 1)
    assert "is not a Norwegian organisation number" in wrong.output
    assert f"no company {ALFA}" in unknown.output


def test_without_a_database_it_says_how_to_give_one() -> None:
    result = CliRunner().invoke(cli.app, ["admin", "office", "list"], env={"HUB_DATABASE_URL": ""})
    assert result.exit_code == 2
    assert "HUB_DATABASE_URL" in result.output
    gone = CliRunner().invoke(
        cli.app, ["admin", "office", "list"], env={"HUB_DATABASE_URL": "postgresql+asyncpg://x@127.0.0.1:1/x"}
    )
    assert gone.exit_code == 2
    assert "cannot be reached" in gone.output
