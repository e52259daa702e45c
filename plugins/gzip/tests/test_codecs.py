"""The codings, decoded by their own libraries."""

from __future__ import annotations

import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_gzip.codecs import CODINGS, make_codec

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

TEXT = b"".join(b"line %d of a text that repeats itself\n" % (number * 7919 % 1000) for number in range(3000))


def decoder(coding: str) -> Callable[[bytes], bytes]:
    """A decoder that takes pieces, and gives what they have brought so far."""
    objects: dict[str, Callable[[], Any]] = {
        "zstd": lambda: zstd.ZstdDecompressor().decompress,
        "br": lambda: brotli.Decompressor().process,
        "gzip": lambda: zlib.decompressobj(31).decompress,
    }
    decode: Callable[[bytes], bytes] = objects[coding]()
    return decode


@pytest.mark.parametrize("coding", CODINGS)
@given(body=st.binary(max_size=3000))
def test_a_whole_body_comes_back(coding: str, body: bytes) -> None:
    assert decoder(coding)(make_codec(coding, 4).whole(body)) == body


@pytest.mark.parametrize(("coding", "highest"), [("zstd", 19), ("br", 11), ("gzip", 9)])
def test_every_level_works(coding: str, highest: int) -> None:
    for level in range(0 if coding == "br" else 1, highest + 1):
        codec = make_codec(coding, level)
        compressed = codec.whole(TEXT[:20_000])
        assert decoder(coding)(compressed) == TEXT[:20_000]
        assert len(compressed) < 5000
        stream = codec.stream()
        assert decoder(coding)(stream.feed(TEXT[:5000]) + stream.finish(b"")) == TEXT[:5000]


@pytest.mark.parametrize("coding", CODINGS)
@given(pieces=st.lists(st.binary(max_size=300), max_size=12))
def test_each_piece_of_a_stream_can_be_read_when_it_arrives(coding: str, pieces: list[bytes]) -> None:
    stream = make_codec(coding, 3).stream()
    decode = decoder(coding)
    for piece in pieces:
        assert decode(stream.feed(piece)) == piece
    assert decode(stream.finish(b"the end")) == b"the end"


@pytest.mark.parametrize("coding", CODINGS)
def test_an_empty_stream_is_a_valid_body(coding: str) -> None:
    assert decoder(coding)(make_codec(coding, 4).stream().finish(b"")) == b""


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 40_000])
def test_a_small_gzip_body_needs_a_small_window_and_is_no_larger_for_it(size: int) -> None:
    body = TEXT[:size]
    compressed = make_codec("gzip", 6).whole(body)
    assert zlib.decompress(compressed, 29 if size <= 8192 else 31) == body
    assert len(compressed) <= len(zlib.compress(body, 6, 31)) * 1.02


@pytest.mark.parametrize("coding", CODINGS)
def test_equal_bodies_give_equal_bytes(coding: str) -> None:
    whole = make_codec(coding, 4).whole
    assert whole(TEXT) == whole(TEXT)


@pytest.mark.parametrize("coding", CODINGS)
def test_many_threads_compress_at_the_same_time(coding: str) -> None:
    codec = make_codec(coding, 3)
    barrier = threading.Barrier(8)

    def work(number: int) -> bool:
        barrier.wait(30)
        body = TEXT[number * 1000 :]
        return all(decoder(coding)(codec.whole(body)) == body for _ in range(5))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_a_window_of_zstd_is_never_larger_than_clients_accept() -> None:
    """RFC 9659: at most 8 MiB, also for a body larger than that at the highest level."""
    large = TEXT * 90
    assert len(large) > 8 << 20
    window_log_max: int = zstd.DecompressionParameter.window_log_max
    frame = make_codec("zstd", 19).stream()
    for compressed in (make_codec("zstd", 12).whole(large), frame.feed(TEXT) + frame.finish(TEXT)):
        assert zstd.ZstdDecompressor(options={window_log_max: 23}).decompress(compressed)
    streamed = make_codec("zstd", 19).stream()
    small_window = zstd.ZstdDecompressor(options={window_log_max: 17})
    assert len(small_window.decompress(streamed.feed(large) + streamed.finish(b""))) == len(large)


def test_the_higher_the_level_the_sooner_work_belongs_in_a_thread() -> None:
    for coding, levels in (("zstd", range(1, 20)), ("br", range(12)), ("gzip", range(1, 10))):
        inline = [make_codec(coding, level).inline for level in levels]
        assert inline == sorted(inline, reverse=True)


def test_an_unknown_coding_is_refused() -> None:
    with pytest.raises(KeyError):
        make_codec("deflate", 1)


MEMORY = """
import resource, sys
from pegboard_gzip.codecs import make_codec
piece = b"".join(b'{"id": %d, "text": "%d"}' % (number, number * number % 10_007) for number in range(600))
codec = make_codec(sys.argv[1], int(sys.argv[2]))
streams = []
def open_more():
    for _ in range(12):
        stream = codec.stream()
        for _ in range(40):
            stream.feed(piece)
        streams.append(stream)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = open_more()
print((open_more() - before) // 12)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is known for Linux")
@pytest.mark.parametrize(
    "coding_and_level", [*(("zstd", level) for level in (3, 9, 19)), ("br", 4), ("br", 9), ("gzip", 9)]
)
def test_an_open_stream_holds_a_few_megabytes_at_most_whatever_the_level(coding_and_level: tuple[str, int]) -> None:
    coding, level = coding_and_level
    command = [sys.executable, "-c", MEMORY, coding, str(level)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert int(ran.stdout) < 4500


@pytest.mark.parametrize("level", [1, 2, 6])
def test_gzip_is_done_by_another_library_when_it_has_to_be_fast(level: int) -> None:
    codec = make_codec("gzip", level, fast=True)
    assert (codec.coding, codec.level) == ("gzip", min(level, 2))
    assert decoder("gzip")(codec.whole(TEXT)) == TEXT
    assert codec.whole(TEXT) != make_codec("gzip", level).whole(TEXT)
    assert codec.inline > make_codec("gzip", level).inline
    stream, decode = codec.stream(), decoder("gzip")
    assert decode(stream.feed(b"one")) == b"one"
    assert decode(stream.finish(b"two")) == b"two"
    for coding in ("zstd", "br"):
        assert make_codec(coding, 3, fast=True).whole(TEXT) == make_codec(coding, 3).whole(TEXT)


WITHOUT = """
import sys
sys.modules["zlib_ng"] = sys.modules["isal"] = None
import gzip, zlib
from pegboard_gzip.codecs import make_codec, zlib as used
from pegboard_gzip.decoders import DECODERS
assert used is zlib
codec = make_codec("gzip", 6)
text = b"a text that repeats itself, " * 100
assert codec.whole(text) == zlib.compress(text, 6, 31)
stream = codec.stream()
assert gzip.decompress(stream.feed(text) + stream.finish(text)) == text * 2
decoder = DECODERS["gzip"]()
assert b"".join(decoder.feed(gzip.compress(text * 5000))) == text * 5000
decoder.finish()
from pegboard_gzip import Gzip
Gzip()
try:
    make_codec("gzip", 6, fast=True)
except ImportError:
    print("as it should be")
"""


def test_where_there_is_no_wheel_the_standard_library_does_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert done.stdout == "as it should be\n", done.stderr
