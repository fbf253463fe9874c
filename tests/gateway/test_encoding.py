"""gzip in and out: what is packed becomes what was meant, and a bomb costs no more than the limit it meets."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator

import pytest

from tests.gateway.world import ALFA, World, headers, invoice

PATH = "/v1/transactions"
PACKED = {"Content-Encoding": "gzip", "Content-Type": "application/json"}


async def test_a_packed_invoice_is_the_same_as_the_unpacked_one(world: World) -> None:
    body = json.dumps(invoice(note="Blåbær")).encode() + b" " * 400_000
    same = headers(ALFA, key="packed")
    async with world.client("office") as http:
        first = await http.post(PATH, content=gzip.compress(body), headers=same | PACKED)
        plain = await http.post(PATH, content=body, headers=same | {"Content-Type": "application/json"})
        document = await http.get(first.json()["links"]["document"])
        customer = await http.put(
            "/v1/customers/1",
            content=gzip.compress(b'{"endpoint": "0007:5567321707"}'),
            headers={"Hub-Client": ALFA} | PACKED,
        )
    assert (first.status_code, first.content) == (202, plain.content)
    assert document.content == body
    assert customer.status_code == 200


async def test_what_unpacks_to_gigabytes_is_refused_at_the_limit(world: World) -> None:
    read = 0

    async def bomb() -> AsyncIterator[bytes]:
        nonlocal read
        packer = zlib.compressobj(9, wbits=31)
        for _ in range(2_000):
            piece = packer.compress(bytes(1_000_000))
            read += 1
            yield piece

    async with world.client("office") as http:
        answer = await http.post(PATH, content=bomb(), headers=headers(ALFA) | PACKED)
        small = await http.put("/v1/customers/1", content=bomb(), headers={"Hub-Client": ALFA} | PACKED)
    assert (answer.status_code, small.status_code) == (413, 413)
    assert read < 100, "it stopped asking for more"


async def test_what_unpacks_to_nothing_without_end_is_refused_too(world: World) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield gzip.compress(b"")[:10]
        while True:
            yield b"\x00\x00\x00\xff\xff" * 200_000  # stored blocks of no bytes

    async with world.client("office") as http:
        answer = await http.post(PATH, content=nothing(), headers=headers(ALFA) | PACKED)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more", gzip.compress(b"{}") * 2],
    ids=["nothing", "unpacked", "cut off", "with more behind it", "twice"],
)
async def test_what_is_no_whole_gzip_is_malformed(world: World, content: bytes) -> None:
    async with world.client("office") as http:
        answer = await http.post(PATH, content=content, headers=headers(ALFA) | PACKED)
    assert answer.status_code == 400
    assert answer.json()["field"] == "Content-Encoding"


async def test_another_encoding_is_refused_by_name(world: World) -> None:
    async with world.client("office") as http:
        answer = await http.post(PATH, content=b"x", headers=headers(ALFA) | {"Content-Encoding": "br"})
    assert answer.status_code == 415
    assert "`br`" in answer.json()["detail"]


async def test_long_answers_are_packed_for_whoever_accepts_it(world: World) -> None:
    async with world.client("office") as http:
        packed = await http.get("/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
        plain = await http.get("/v1/openapi.json", headers={"Accept-Encoding": "identity"})
        short = await http.get(PATH, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in short.headers
