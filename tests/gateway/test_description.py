"""The description (/v1/openapi.json) is whole, its examples are true to it, and the running gateway is true to both."""

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from gateway.api.description import operations
from gateway.catalogue import CATALOGUE
from gateway.catalogue.asking import ASKING
from hub.db import Database
from hub.pipeline import TOPICS
from hub.stack import provision
from tests.conftest import Servers
from tests.gateway.world import World
from tests.processes import environment, service

EXAMPLES = 6
# They ask a service that does not run here, and say so.
PEERS = {"/v1/usage", "/v1/customers/{number}"}
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
BATCH = "/v1/transactions/batch"  # says line by line what is wrong


@pytest.fixture
async def described(world: World) -> dict[str, Any]:
    async with world.client("nobody") as http:
        return dict((await http.get("/v1/openapi.json")).json())


def bodies(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every body that is sent or answered, with where it is described."""
    for method, path, operation in operations(document):
        for where, part in {"request": operation.get("requestBody", {}), **operation["responses"]}.items():
            for media_type, content in part.get("content", {}).items():
                yield f"{method} {path} {where} {media_type}", content


def schema_of(document: Mapping[str, Any], content: Mapping[str, Any]) -> Mapping[str, Any]:
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return dict(document["components"]["schemas"].get(name, {}))


async def test_every_request_answer_and_problem_has_an_example(described: dict[str, Any]) -> None:
    without = [
        where
        for where, content in bodies(described)
        if not {"example", "examples"} & {*content, *schema_of(described, content)}
    ]
    assert without == []
    answered = {kind.code for kind in CATALOGUE.values() if kind.status}
    assert set(described["components"]["examples"]) == answered
    told = {code for where, content in bodies(described) if "problem+json" in where for code in content["examples"]}
    assert {kind.code for kind in ASKING} - told == {"method"}, "what no operation is answered with"


async def test_every_example_is_what_its_schema_says(described: dict[str, Any]) -> None:
    components = described["components"]
    checked = 0
    for name, schema in components["schemas"].items():
        validator = jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": components})
        for example in schema.get("examples", []):
            assert not [error.message for error in validator.iter_errors(example)], name
            checked += 1
    problem = {"$ref": "#/components/schemas/ProblemDetails", "components": components}
    for example in components["examples"].values():
        assert jsonschema_rs.validator_for(problem).is_valid(example["value"])
    assert checked > 20


@schemathesis.serializer("application/x-ndjson")
def lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in (value if isinstance(value, list) else [value]))


def answers_as_described(url: str, keys: Mapping[str, str]) -> None:
    """Call each operation with what fits its description, and with what does not."""
    schema = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        key = keys["operator" if operation.path.startswith("/v1/admin") else "gamma"]
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            # Unknown query parameters are passed over, so only what is wrong in a body must be refused.
            strict = bool(operation.body) and operation.path != BATCH
            call(operation.as_strategy(generation_mode=mode), key, [checks.negative_data_rejection] if strict else [])


def call(cases: SearchStrategy[Any], key: str, more: Sequence[Any]) -> None:
    """Make some of these calls, the same ones each time, and check the answers."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def holds(case: Any) -> None:
        if str(case.query.get("wait")).isdecimal():
            case.query["wait"] = 0  # nobody waits here for news that will not come
        answer = case.call(headers={"Authorization": f"Bearer {key}"}, timeout=60)
        if answer.status_code != 503 or case.path not in PEERS:
            case.validate_response(answer, checks=[*CHECKS, *more])

    holds()


@pytest.mark.timeout(300)
async def test_the_running_gateway_answers_as_described(
    world: World, database: Database, servers: Servers, tmp_path: Path
) -> None:
    prefix = f"t{secrets.token_hex(4)}."
    await provision.create_topics(servers.kafka, TOPICS, prefix)
    environ = environment(servers, database, prefix, tmp_path)
    url = f"http://127.0.0.1:{environ['HUB_PORT']}"
    async with service("gateway", environ), httpx.AsyncClient(base_url=url) as http:
        await until_ready(http)
        await asyncio.to_thread(answers_as_described, url, world.keys)


async def until_ready(http: httpx.AsyncClient) -> None:
    while True:
        try:
            if (await http.get("/health/started")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
