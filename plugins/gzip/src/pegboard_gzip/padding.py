"""Random padding, so that the length of a compressed body tells less of what is in it (BREACH).

Each coding has a place for bytes that every decoder passes over: a field of gzip's header (RFC 1952 section 2.3.1.1),
a skippable frame of zstd (RFC 8878 section 3.1.2), a metadata block of Brotli (RFC 7932 section 9.2). How many bytes
stand there is drawn anew for every response; what they are does not matter, so they are zero.

An attacker who may ask as often as they like can still average the noise away. It makes that many times as long; it is
no replacement for keeping secrets and reflected input apart.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import partial
from secrets import randbelow

from pegboard_gzip.codecs import Codec, Stream, brotli

__all__ = ["MOST", "padded"]

Pad = Callable[[bytes], bytes]

MOST = 256
"""The most bytes of padding."""

_WITH_FIELD = b"\x04"
_GZIP_HEADER = 10
_SKIPPED = 0x184D2A50

# ISLAST 0, MNIBBLES 3 (which says metadata), reserved 0, MSKIPBYTES 1; from bit 6 on the length less one, in 8 bits.
_METADATA = 0b01_0_11_0
_METADATA_LENGTH = 6


def padded(codec: Codec, most: int) -> Codec:
    """``codec`` with 1 to ``most`` bytes of padding in each body, besides the few that announce them."""
    pad = partial(_PADS[codec.coding], most=most)

    def whole(data: bytes) -> bytes:
        return pad(codec.whole(data))

    def brotli_whole(data: bytes) -> bytes:
        compressor = brotli.Compressor(quality=codec.level)
        # Behind a flush the next byte begins anew, so that a block of bytes can follow.
        compressed: bytes = pad(compressor.process(data) + compressor.flush()) + compressor.finish()
        return compressed

    return codec._replace(
        whole=brotli_whole if codec.coding == "br" else whole,
        stream=lambda: _PaddedStream(codec.stream(), pad),
        exact=False,
    )


class _PaddedStream:
    """A stream whose first bytes are padded."""

    __slots__ = ("_pad", "_stream")

    def __init__(self, stream: Stream, pad: Pad) -> None:
        self._stream = stream
        self._pad: Pad | None = pad

    def feed(self, data: bytes) -> bytes:
        compressed = self._stream.feed(data)
        if self._pad is not None:
            compressed = self._pad(compressed)
            self._pad = None
        return compressed

    def finish(self, data: bytes) -> bytes:
        if self._pad is None:
            return self._stream.finish(data)
        return self.feed(data) + self._stream.finish(b"")


def _pad_gzip(compressed: bytes, most: int) -> bytes:
    size = 1 + randbelow(most)
    field = struct.pack("<H2sH", size + 4, b"Pb", size) + bytes(size)
    return compressed[:3] + _WITH_FIELD + compressed[4:_GZIP_HEADER] + field + compressed[_GZIP_HEADER:]


def _pad_zstd(compressed: bytes, most: int) -> bytes:
    size = 1 + randbelow(most)
    return struct.pack("<II", _SKIPPED, size) + bytes(size) + compressed


def _pad_brotli(compressed: bytes, most: int) -> bytes:
    size = 1 + randbelow(most)
    return compressed + struct.pack("<H", _METADATA | (size - 1) << _METADATA_LENGTH) + bytes(size)


_PADS: Mapping[str, Callable[..., bytes]] = {"gzip": _pad_gzip, "zstd": _pad_zstd, "br": _pad_brotli}
"""How the first flushed bytes of a body are padded."""
