"""The codings themselves: whole bodies and streams, at one level each.

Rules that must not move:

- A stream gives out all that it was fed: each piece ends with a flush, and can be decoded when it arrives.
- Windows are bounded, so that memory is, here and in the client: streams have 128 KiB (zstd), 256 KiB (Brotli) and
  32 KiB (gzip); whole bodies at most 8 MiB (zstd up to level 19, RFC 9659), 4 MiB (Brotli), and for gzip 32 KiB, or
  8 KiB where the body has no more.
- An open stream holds at most about 4 MB, whatever the level: the tables of zstd are cut to what its window can use,
  and streams of Brotli have quality 6 instead of 7, 8 and 9, whose tables take 9 to 33 MB and gain 2 %.
- A zstd compressor is kept for each thread and level up to 9, because making one costs more than a small body. Those
  of higher levels would keep too much memory, and the other codings are cheap to make.
- All of them release the interpreter's lock while they work. ``inline`` says up to how many bytes that takes less than
  about 0.4 ms; what is larger belongs in a thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final, Literal, NamedTuple, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if sys.implementation.name == "cpython":
    import brotli
else:
    import brotlicffi as brotli  # type: ignore[import-not-found]  # pyright: ignore[reportMissingImports]

try:
    from zlib_ng import zlib_ng as zlib
except ImportError:  # pragma: no cover - where it has no wheel
    import zlib  # type: ignore[no-redef]

__all__ = ["CODINGS", "Codec", "Coding", "Stream", "brotli", "make_codec", "zlib", "zstd"]

Coding = Literal["zstd", "br", "gzip"]

CODINGS: tuple[Coding, ...] = ("zstd", "br", "gzip")
"""The codings, as Accept-Encoding names them, in the order of preference."""

_BLOCK: Final = zstd.ZstdCompressor.FLUSH_BLOCK
_FRAME: Final = zstd.ZstdCompressor.FLUSH_FRAME
_ZSTD_KEPT = 9
_ZSTD_STREAM_WINDOW = 17
_ZSTD_SMALL_TABLES = 3  # up to this level tables are smaller than the window's already
_BROTLI_STREAM_WINDOW = 18
_BROTLI_STREAM_QUALITY = {7: 6, 8: 6, 9: 6}
_KIB = 1024
_GZIP_CONTAINER = 31
_GZIP_SMALL = 29  # a window of 8 KiB: what it holds is ready about a tenth sooner, and no larger
_SMALL = 8 * _KIB
_ISAL_HIGHEST = 2  # level 3 takes half as long again, and gains nothing on pages


class Stream(Protocol):
    """One body compressed piece by piece."""

    def feed(self, data: bytes) -> bytes:
        """Compress a piece; what is given out decodes to all that was fed so far."""
        ...

    def finish(self, data: bytes) -> bytes:
        """Compress the last piece, and end the body."""
        ...


Whole = Callable[[bytes], bytes]


class Codec(NamedTuple):
    """One coding at one level.

    ``whole`` compresses a whole body, ``stream`` starts one that comes in pieces, and ``inline`` is the number of bytes
    from which work belongs in a thread. ``exact`` says that a body has the same bytes for every client and every time,
    and ``mark`` stands in the tags of such bodies.
    """

    coding: str
    level: int
    whole: Whole
    stream: Callable[[], Stream]
    inline: int
    exact: bool = True
    mark: str = ""


def make_codec(coding: str, level: int, fast: bool = False) -> Codec:
    """The codec of ``coding`` at ``level``. Raises KeyError for a coding that is none of `CODINGS`.

    ``fast`` is for gzip: it is done by ISA-L, whose levels end at 2 here. Raises ImportError where that is missing.
    """
    if fast and coding == "gzip":
        level = min(level, _ISAL_HIGHEST)
        return Codec(coding, level, _isal_whole(level), partial(_GzipStream, level, _isal()), 160 * _KIB, mark=coding)
    whole, stream, limits = _CODECS[coding]
    inline = next(size for highest, size in limits if level <= highest)
    return Codec(coding, level, whole(level), partial(stream, level), inline, mark=coding)


@cache
def _zstd_whole(level: int) -> Whole:
    if level > _ZSTD_KEPT:
        return lambda data: zstd.ZstdCompressor(level).compress(data, _FRAME)
    kept = threading.local()

    def whole(data: bytes) -> bytes:
        try:
            compressor = kept.compressor
        except AttributeError:
            compressor = kept.compressor = zstd.ZstdCompressor(level)
        compressed: bytes = compressor.compress(data, _FRAME)
        return compressed

    return whole


def _brotli_whole(level: int) -> Whole:
    return partial(brotli.compress, quality=level)


def _gzip_whole(level: int) -> Whole:
    return lambda data: zlib.compress(data, level, _GZIP_CONTAINER if len(data) > _SMALL else _GZIP_SMALL)


def _isal() -> Any:
    """ISA-L in the words of zlib, from the package of that name."""
    from isal import isal_zlib  # noqa: PLC0415  optional

    return isal_zlib


def _isal_whole(level: int) -> Whole:
    isal = _isal()
    return lambda data: isal.compress(data, level, _GZIP_CONTAINER)


class _ZstdStream:
    __slots__ = ("_compressor",)

    def __init__(self, level: int) -> None:
        parameter = zstd.CompressionParameter
        options: dict[int, int] = {parameter.compression_level: level, parameter.window_log: _ZSTD_STREAM_WINDOW}
        if level > _ZSTD_SMALL_TABLES:
            options |= {parameter.hash_log: _ZSTD_STREAM_WINDOW, parameter.chain_log: _ZSTD_STREAM_WINDOW}
        self._compressor = zstd.ZstdCompressor(options=options)

    def feed(self, data: bytes) -> bytes:
        return self._compressor.compress(data, _BLOCK)

    def finish(self, data: bytes) -> bytes:
        return self._compressor.compress(data, _FRAME)


class _BrotliStream:
    __slots__ = ("_compressor",)

    def __init__(self, level: int) -> None:
        quality = _BROTLI_STREAM_QUALITY.get(level, level)
        self._compressor = brotli.Compressor(quality=quality, lgwin=_BROTLI_STREAM_WINDOW)

    def feed(self, data: bytes) -> bytes:
        compressed: bytes = self._compressor.process(data) + self._compressor.flush()
        return compressed

    def finish(self, data: bytes) -> bytes:
        compressed: bytes = self._compressor.process(data) + self._compressor.finish()
        return compressed


class _GzipStream:
    __slots__ = ("_compressor",)

    def __init__(self, level: int, library: Any = zlib) -> None:
        self._compressor = library.compressobj(level, zlib.DEFLATED, _GZIP_CONTAINER)

    def feed(self, data: bytes) -> bytes:
        compressed: bytes = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return compressed

    def finish(self, data: bytes) -> bytes:
        compressed: bytes = self._compressor.compress(data) + self._compressor.flush()
        return compressed


_CODECS: Mapping[str, tuple[Callable[[int], Whole], Callable[[int], Stream], Sequence[tuple[int, int]]]] = {
    "zstd": (
        _zstd_whole,
        _ZstdStream,
        ((3, 128 * _KIB), (6, 40 * _KIB), (9, 20 * _KIB), (12, 8 * _KIB), (19, 2 * _KIB)),
    ),
    "br": (_brotli_whole, _BrotliStream, ((1, 128 * _KIB), (4, 64 * _KIB), (6, 20 * _KIB), (8, 14 * _KIB), (11, 0))),
    "gzip": (_gzip_whole, _GzipStream, ((2, 96 * _KIB), (5, 64 * _KIB), (6, 24 * _KIB), (9, 8 * _KIB))),
}
"""How each coding works, and for levels up to the first number the bytes that about 0.4 ms are enough for."""
