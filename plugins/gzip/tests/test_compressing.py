"""The filter alone: what it gives out, what it makes of the head, and where it works."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Awaitable

import pytest

from pegboard.concurrency import ThreadLimit
from pegboard.filters import BodyFilter
from pegboard_gzip.codecs import Codec, make_codec
from pegboard_gzip.compressing import Compressing

pytestmark = pytest.mark.anyio

GZIP = make_codec("gzip", 4)
THREADS = ThreadLimit("gzip-test", 2)


def compressing(
    codec: Codec = GZIP, minimum: int = 100, gather: int = 100
) -> tuple[Compressing, list[tuple[bytes, bytes]]]:
    raw = [(b"content-length", b"1"), (b"etag", b'"v1"')]
    return Compressing(codec, raw, minimum, gather, THREADS), raw


async def fed(body_filter: BodyFilter, chunk: bytes, more: bool) -> bytes:
    result = body_filter.feed(chunk, more)
    return await result if isinstance(result, Awaitable) else result


ENCODED = [(b"etag", b'"v1--gzip"'), (b"content-encoding", b"gzip")]


async def test_a_whole_body_is_compressed_and_its_head_says_so() -> None:
    body_filter, raw = compressing()
    assert zlib.decompress(await fed(body_filter, b"a" * 500, False), 31) == b"a" * 500
    assert raw == ENCODED


async def test_a_whole_body_below_the_minimum_stays_as_it_was() -> None:
    body_filter, raw = compressing()
    assert await fed(body_filter, b"a" * 99, False) == b"a" * 99
    assert raw == [(b"content-length", b"1"), (b"etag", b'"v1"')]


async def test_a_whole_body_that_would_not_become_smaller_stays_as_it_was() -> None:
    body_filter, raw = compressing(minimum=0)
    assert await fed(body_filter, b"abc", False) == b"abc"
    assert raw == [(b"content-length", b"1"), (b"etag", b'"v1"')]


async def test_pieces_are_compressed_each_as_it_comes() -> None:
    body_filter, raw = compressing()
    decode = zlib.decompressobj(31).decompress
    assert decode(await fed(body_filter, b"a" * 200, True)) == b"a" * 200
    assert raw == ENCODED
    assert decode(await fed(body_filter, b"b", True)) == b"b"
    assert await fed(body_filter, b"", True) == b""
    assert decode(await fed(body_filter, b"", False)) == b""


async def test_a_stream_that_is_waited_for_has_its_head_before_the_first_piece() -> None:
    body_filter, raw = compressing(gather=0)
    assert raw == ENCODED
    assert zlib.decompress(await fed(body_filter, b"short", False), 31) == b"short"


async def test_large_pieces_are_compressed_in_a_thread_and_small_ones_on_the_spot() -> None:
    seen: list[int] = []

    def whole(body: bytes) -> bytes:
        seen.append(threading.get_ident())
        return GZIP.whole(body)

    codec = GZIP._replace(whole=whole, inline=1000)
    for size in (999, 1000):
        body_filter, raw = compressing(codec)
        assert zlib.decompress(await fed(body_filter, b"a" * size, False), 31) == b"a" * size
        assert raw == ENCODED
    assert seen[0] == threading.get_ident() != seen[1]


async def test_large_pieces_of_a_stream_are_compressed_in_a_thread_in_their_order() -> None:
    codec = GZIP._replace(inline=1000)
    body_filter, _ = compressing(codec)
    decode = zlib.decompressobj(31).decompress
    pieces = [b"a" * 5000, b"b" * 10, b"c" * 5000]
    for piece in pieces:
        result = body_filter.feed(piece, True)
        assert isinstance(result, Awaitable) is (len(piece) >= 1000)
        compressed = await result if isinstance(result, Awaitable) else result
        assert decode(compressed) == piece
    assert decode(await fed(body_filter, b"d" * 5000, False)) == b"d" * 5000


async def test_close_lets_go_of_the_stream_at_any_time() -> None:
    for feeds in (0, 1):
        body_filter, _ = compressing(gather=0)
        for _ in range(feeds):
            await fed(body_filter, b"a" * 500, True)
        body_filter.close()
