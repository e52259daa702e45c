"""Padding: every decoder passes over it, and no length stays the same."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isal import isal_zlib
from zlib_ng import zlib_ng

import pegboard_gzip.padding
from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, Response, StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip
from pegboard_gzip.codecs import CODINGS, make_codec
from pegboard_gzip.decoders import DECODERS
from pegboard_gzip.padding import MOST, padded

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

Ask = Callable[..., Awaitable[Any]]
TEXT = "a text with a secret in it, " * 200


def whole_bodies(coding: str) -> list[Callable[[bytes], bytes]]:
    """Decoders of whole bodies, of several libraries."""
    table: dict[str, list[Any]] = {
        "zstd": [zstd.decompress],
        "br": [brotli.decompress],
        "gzip": [
            gzip.decompress,
            lambda data: zlib.decompress(data, 31),
            lambda data: zlib_ng.decompress(data, 31),
            lambda data: isal_zlib.decompress(data, 31),
        ],
    }
    return [*table[coding], lambda data: b"".join(DECODERS[coding]().feed(data))]


def frames_decoder() -> Callable[[bytes], bytes]:
    decoder = DECODERS["zstd"]()
    return lambda data: b"".join(decoder.feed(data))


def plain_decoder(coding: str) -> Callable[[bytes], bytes]:
    table: dict[str, Callable[[], Any]] = {
        "br": lambda: brotli.Decompressor().process,
        "gzip": lambda: zlib.decompressobj(31).decompress,
        "zstd": frames_decoder,
    }
    decode: Callable[[bytes], bytes] = table[coding]()
    return decode


@pytest.mark.parametrize("coding", CODINGS)
@settings(deadline=None)
@given(body=st.binary(max_size=500), most=st.integers(1, MOST))
def test_a_padded_body_is_decoded_by_every_library(coding: str, body: bytes, most: int) -> None:
    compressed = padded(make_codec(coding, 4), most).whole(body)
    for decode in whole_bodies(coding):
        assert decode(compressed) == body


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [1, 2, 255, MOST])
def test_every_number_of_bytes_can_stand_there(coding: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pegboard_gzip.padding, "randbelow", lambda most: size - 1)
    codec = padded(make_codec(coding, 4), MOST)
    plain = make_codec(coding, 4).whole(TEXT.encode())
    compressed = codec.whole(TEXT.encode())
    assert 0 <= len(compressed) - len(plain) - size <= 10
    assert {decode(compressed) for decode in whole_bodies(coding)} == {TEXT.encode()}


@pytest.mark.parametrize("coding", CODINGS)
@settings(deadline=None)
@given(pieces=st.lists(st.binary(max_size=200), max_size=5), last=st.binary(max_size=50))
def test_a_padded_stream_can_be_decoded_when_it_arrives(coding: str, pieces: list[bytes], last: bytes) -> None:
    stream = padded(make_codec(coding, 4), 64).stream()
    decode = plain_decoder(coding)
    for piece in pieces:
        assert decode(stream.feed(piece)) == piece
    assert decode(stream.finish(last)) == last


@pytest.mark.parametrize("coding", CODINGS)
def test_the_length_is_another_each_time_and_bounded(coding: str) -> None:
    codec = padded(make_codec(coding, 4), 32)
    sizes = {len(codec.whole(TEXT.encode())) for _ in range(200)}
    assert 20 <= len(sizes) <= 32
    assert max(sizes) - min(sizes) <= 31


async def whole(request: Request) -> Response:
    return PlainTextResponse(TEXT, headers={"etag": '"v1"'})


async def streamed(request: Request) -> Response:
    return StreamingResponse(iter([TEXT, "more"]), media_type="text/plain")


async def unchanged(request: Request) -> Response:
    return Response(status_code=304, headers={"etag": '"v1"'})


def board(**settings: Any) -> Pegboard:
    routes = [Route("/", whole), Route("/streamed", streamed), Route("/unchanged", unchanged)]
    routes.append(Route("/off", whole, plugins={"gzip": {"padding": 0}}))
    return Pegboard(routes=routes, plugins=[Gzip(padding=64, **settings)], config={}, autoload=False)


@pytest.mark.anyio
@pytest.mark.parametrize("coding", CODINGS)
async def test_responses_of_a_route_are_padded_and_no_two_are_of_one_length(ask: Ask, coding: str) -> None:
    app = board()
    for path, text in (("/", TEXT), ("/streamed", TEXT + "more")):
        answers = [await ask(app, path, coding) for _ in range(20)]
        assert {answer.coding for answer in answers} == {coding}
        assert {answer.decoded for answer in answers} == {text.encode()}
        assert len({len(answer.body) for answer in answers}) > 5
    same = {(await ask(app, "/off", coding)).body for _ in range(5)}
    assert len(same) == 1


@pytest.mark.anyio
async def test_tags_of_padded_responses_are_weak_since_their_bytes_are_never_the_same(ask: Ask) -> None:
    app = board()
    answer = await ask(app, "/", "gzip")
    assert answer.headers["etag"] == 'W/"v1"'
    assert (await ask(app, "/", "identity")).headers["etag"] == '"v1"'
    held = await ask(app, "/unchanged", "gzip", [("if-none-match", 'W/"v1"')])
    assert (held.status, held.headers["etag"]) == (304, 'W/"v1"')
    plain = await ask(app, "/unchanged", "identity", [("if-none-match", '"v1"')])
    assert plain.headers["etag"] == '"v1"'


@pytest.mark.anyio
async def test_padded_bodies_are_not_kept(ask: Ask) -> None:
    app = board(cache_size=10_000_000)
    assert len({len((await ask(app, "/", "br")).body) for _ in range(20)}) > 5
