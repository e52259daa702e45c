"""Request bodies' codings are undone piece by piece, whatever was done to their bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import pairwise

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pegboard_gzip.codecs import CODINGS, make_codec
from pegboard_gzip.decoders import DECODERS, Broken

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": zstd.compress,
    "br": lambda data: brotli.compress(data, quality=5),
    "gzip": lambda data: zlib.compress(data, 9, 31),
}
EMPTY_GZIP = ENCODERS["gzip"](b"")
EMPTY_ZSTD = ENCODERS["zstd"](b"")
SKIPPED = struct.pack("<II", 0x184D2A50, 3) + b"abc"


def decode(coding: str, chunks: Iterable[bytes]) -> bytes:
    decoder = DECODERS[coding]()
    pieces = [piece for chunk in chunks for piece in decoder.feed(chunk)]
    decoder.finish()
    assert all(pieces), "no piece is empty"
    return b"".join(pieces)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("coding", CODINGS)
@settings(deadline=None)
@given(data=st.binary(max_size=2000), times=st.integers(1, 300), places=st.lists(st.integers(0, 10**6), max_size=5))
def test_what_any_encoder_made_is_decoded_however_it_is_cut(
    coding: str, data: bytes, times: int, places: list[int]
) -> None:
    coded = ENCODERS[coding](data * times)
    assert decode(coding, cut(coded, places)) == data * times


@pytest.mark.parametrize("coding", CODINGS)
@settings(deadline=None)
@given(data=st.binary(max_size=300))
def test_what_is_no_coding_is_broken_and_nothing_else(coding: str, data: bytes) -> None:
    with suppress(Broken):
        decode(coding, [data])


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_that_ends_too_early_is_broken_at_every_place(coding: str) -> None:
    coded = ENCODERS[coding](b"some text, and more of it")
    for end in range(1, len(coded)):
        with pytest.raises(Broken):
            decode(coding, [coded[:end]])
    assert decode(coding, []) == decode(coding, [b""]) == b""


@pytest.mark.parametrize("coding", CODINGS)
def test_what_stands_behind_the_end_is_broken(coding: str) -> None:
    for chunks in ([ENCODERS[coding](b"text") + b"more"], [ENCODERS[coding](b"text"), b"more"]):
        with pytest.raises(Broken):
            decode(coding, chunks)


@pytest.mark.parametrize("coding", CODINGS)
def test_pieces_are_of_bounded_size_and_made_when_they_are_taken(coding: str) -> None:
    decoder = DECODERS[coding]()
    pieces = decoder.feed(ENCODERS[coding](bytes(10_000_000)))
    sizes = [len(next(pieces)) for _ in range(5)]
    assert max(sizes) <= 128 * 1024
    with pytest.raises(Broken, match="too early"):
        decoder.finish()
    assert sum(sizes) + sum(map(len, pieces)) == 10_000_000
    decoder.finish()


@pytest.mark.parametrize(
    ("coding", "chunks", "expected"),
    [
        ("gzip", [ENCODERS["gzip"](b"one "), ENCODERS["gzip"](b"two")], b"one two"),
        ("gzip", [ENCODERS["gzip"](b"one ") + EMPTY_GZIP + ENCODERS["gzip"](b"two")], b"one two"),
        ("zstd", [ENCODERS["zstd"](b"one ") + ENCODERS["zstd"](b"two")], b"one two"),
        ("zstd", [SKIPPED + ENCODERS["zstd"](b"one ") + SKIPPED, ENCODERS["zstd"](b"two") + SKIPPED], b"one two"),
    ],
    ids=["members", "an empty member", "frames", "skippable frames"],
)
def test_the_parts_of_a_body_are_decoded_one_behind_the_other(
    coding: str, chunks: list[bytes], expected: bytes
) -> None:
    assert decode(coding, chunks) == expected
    whole = b"".join(chunks)
    assert decode(coding, [whole[at : at + 1] for at in range(len(whole))]) == expected


@pytest.mark.parametrize(("coding", "empty"), [("gzip", EMPTY_GZIP), ("zstd", EMPTY_ZSTD), ("zstd", SKIPPED)])
def test_a_great_many_tiny_parts_are_refused(coding: str, empty: bytes) -> None:
    assert decode(coding, [empty * 60]) == b""
    with pytest.raises(Broken, match="more parts"):
        decode(coding, [empty * 5000])


def test_parts_of_an_ordinary_size_may_be_many() -> None:
    part = ENCODERS["gzip"](b"".join(b"%d," % (number**9) for number in range(300)))
    assert len(part) > 1024
    assert len(decode("gzip", [part * 500])) == 500 * len(decode("gzip", [part]))


def test_a_window_that_takes_too_much_memory_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.compression_level: 1}
    wide = zstd.ZstdCompressor(options=options)
    with pytest.raises(Broken, match="8 MiB"):
        decode("zstd", [wide.compress(bytes(1000)) + wide.compress(b"", zstd.ZstdCompressor.FLUSH_FRAME)])


@pytest.mark.parametrize("coding", CODINGS)
def test_our_own_streams_and_bodies_can_be_decoded(coding: str) -> None:
    for level in (1, 5, 9):
        codec = make_codec(coding, level)
        assert decode(coding, [codec.whole(b"a body")]) == b"a body"
        stream = codec.stream()
        assert decode(coding, [stream.feed(b"a "), stream.feed(b"bo"), stream.finish(b"dy")]) == b"a body"
