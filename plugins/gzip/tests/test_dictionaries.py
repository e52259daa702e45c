"""Compression with a dictionary that the client has (RFC 9842)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, Response, StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip
from pegboard_gzip.dictionaries import Dictionary

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

Ask = Callable[..., Awaitable[Any]]
CONTENT = "".join(f"a line of version one, number {number * 7919 % 10_007}\n" for number in range(400))
TEXT = CONTENT.replace("one", "two", 40) + "and a little more"
DIGEST = hashlib.sha256(CONTENT.encode()).digest()
AVAILABLE = f":{b64encode(DIGEST).decode()}:"


def decode(body: bytes, content: str = CONTENT) -> bytes:
    """As a client does: the head names the dictionary, the rest is zstd with it."""
    assert body[:8] == bytes.fromhex("5e2a4d1820000000")
    assert body[8:40] == hashlib.sha256(content.encode()).digest()
    dictionary = zstd.ZstdDict(content.encode(), is_raw=True)
    by_ours: bytes = zstd.ZstdDecompressor(zstd_dict=dictionary).decompress(body[40:])
    other = zstandard.ZstdCompressionDict(content.encode(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    by_other = zstandard.ZstdDecompressor(dict_data=other).decompressobj().decompress(body[40:])
    assert by_ours == by_other
    return by_ours


async def whole(request: Request) -> Response:
    return PlainTextResponse(TEXT, headers={"etag": '"v2"'})


async def streamed(request: Request) -> Response:
    pieces = (TEXT[start : start + 2000] for start in range(0, len(TEXT), 2000))
    return StreamingResponse(pieces, media_type="text/plain")


async def unchanged(request: Request) -> Response:
    return Response(status_code=304, headers={"etag": '"v2"'})


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "v1.txt").write_text(CONTENT)
    (tmp_path / "other.txt").write_text("nothing of it")
    return str(tmp_path / "v1.txt")


@pytest.fixture
def app(path: str) -> Pegboard:
    routes = [Route("/", whole), Route("/streamed", streamed), Route("/unchanged", unchanged)]
    routes.append(Route("/off", whole, plugins={"gzip": {"dictionaries": []}}))
    other = path.replace("v1", "other")
    return Pegboard(routes=routes, plugins=[Gzip(dictionaries=[other, path])], config={}, autoload=False)


ACCEPT = "gzip, br, zstd, dcb, dcz"


@pytest.mark.anyio
@pytest.mark.parametrize("route", ["/", "/streamed"])
async def test_whoever_has_the_dictionary_gets_a_body_that_leans_on_it(ask: Ask, app: Pegboard, route: str) -> None:
    answer = await ask(app, route, ACCEPT, [("available-dictionary", AVAILABLE)])
    assert answer.coding == "dcz"
    assert decode(answer.body) == TEXT.encode()
    assert answer.headers["vary"] == "Accept-Encoding, Available-Dictionary"
    assert len(answer.body) < len((await ask(app, route, "zstd")).body) / 3


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("accept", "available"),
    [
        (ACCEPT, None),
        (ACCEPT, ":" + b64encode(bytes(32)).decode() + ":"),
        (ACCEPT, AVAILABLE.strip(":")),
        (ACCEPT, "nonsense"),
        ("zstd, br", AVAILABLE),
        ("zstd, dcz;q=0.5", AVAILABLE),
        ("zstd, dcz;q=0", AVAILABLE),
    ],
)
async def test_everyone_else_gets_the_usual_codings(
    ask: Ask, app: Pegboard, accept: str, available: str | None
) -> None:
    headers = [] if available is None else [("available-dictionary", available)]
    answer = await ask(app, "/", accept, headers)
    assert (answer.coding, answer.decoded) == ("zstd", TEXT.encode())
    assert answer.headers["vary"] == "Accept-Encoding, Available-Dictionary"


@pytest.mark.anyio
async def test_a_route_without_dictionaries_knows_nothing_of_them(ask: Ask, app: Pegboard) -> None:
    answer = await ask(app, "/off", ACCEPT, [("available-dictionary", AVAILABLE)])
    assert (answer.coding, answer.headers["vary"]) == ("zstd", "Accept-Encoding")


@pytest.mark.anyio
async def test_the_tag_is_weak_since_the_bytes_depend_on_the_dictionary(ask: Ask, app: Pegboard) -> None:
    having = ("available-dictionary", AVAILABLE)
    assert (await ask(app, "/", ACCEPT, [having])).headers["etag"] == 'W/"v2"'
    answer = await ask(app, "/unchanged", ACCEPT, [having, ("if-none-match", 'W/"v2"')])
    assert (answer.status, answer.headers["etag"]) == (304, 'W/"v2"')
    answer = await ask(app, "/unchanged", ACCEPT, [("if-none-match", '"v2--zstd"')])
    assert (answer.status, answer.headers["etag"]) == (304, '"v2--zstd"')


@pytest.mark.parametrize("level", [1, 3, 9, 19])
def test_bodies_one_after_the_other_do_not_lean_on_each_other(level: int) -> None:
    codec = Dictionary(CONTENT.encode()).codec(level)
    first, second = codec.whole(TEXT.encode()), codec.whole(TEXT.encode())
    assert first == second
    assert decode(first) == TEXT.encode()
    stream = codec.stream()
    assert decode(stream.feed(TEXT.encode()) + stream.feed(b"x") + stream.finish(b"y")) == TEXT.encode() + b"xy"
    assert decode(codec.stream().finish(b"")) == b""


def test_a_large_dictionary_stays_within_the_window() -> None:
    content = "".join(f"{number * 7919 % 1_000_003};" for number in range(100_000))
    codec = Dictionary(content.encode()).codec(3)
    stream = codec.stream()
    body = stream.feed(content[:50_000].encode()) + stream.finish(b"")
    assert decode(body, content) == content[:50_000].encode()
    assert len(body) < 5000


def test_a_dictionary_that_cannot_be_read_refuses_to_start(tmp_path: Path) -> None:
    for path in (str(tmp_path / "absent"), str(tmp_path)):
        with pytest.raises(ConfigurationError, match=r"dictionaries\[0\]: there is no readable file"):
            Pegboard(routes=[], plugins=[Gzip(dictionaries=[path])], config={}, autoload=False).freeze()


@pytest.mark.anyio
async def test_a_client_that_takes_nothing_else_is_refused_unless_it_has_the_dictionary(ask: Ask, path: str) -> None:
    gzip = Gzip(dictionaries=[path], refuse_unacceptable=True)
    app = Pegboard(routes=[Route("/", whole)], plugins=[gzip], config={}, autoload=False)
    answer = await ask(app, "/", "dcz, *;q=0", [("available-dictionary", AVAILABLE)])
    assert (answer.status, answer.coding) == (200, "dcz")
    answer = await ask(app, "/", "dcz, *;q=0")
    assert (answer.status, answer.headers["vary"]) == (406, "Accept-Encoding, Available-Dictionary")
