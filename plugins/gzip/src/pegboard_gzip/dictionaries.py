"""Compression with a dictionary that the client has: the coding ``dcz`` (RFC 9842).

A body begins with a skippable frame that holds the dictionary's SHA-256; what follows is zstd with the dictionary in
front of the window. Brotli's ``dcb`` is not offered: its Python library takes no dictionary.

A client says with Available-Dictionary which one it has, and takes ``dcz`` only if Accept-Encoding names it. How it got
the dictionary, by a response with ``Use-As-Dictionary``, is the application's business.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from pegboard_gzip.codecs import Codec, Stream, make_codec, zstd

__all__ = ["CODING", "Dictionary", "read_dictionaries"]

CODING = "dcz"
_MAGIC = bytes.fromhex("5e2a4d1820000000")
_STREAM_WINDOW = 17
_HIGHEST_WINDOW = 23


class Dictionary:
    """One dictionary, by its content. ``name`` is what Available-Dictionary says of it."""

    def __init__(self, content: bytes) -> None:
        digest = sha256(content).digest()
        self.name = b":%b:" % b64encode(digest)
        self._head = _MAGIC + digest
        self._loaded = zstd.ZstdDict(content, is_raw=True)
        # The dictionary has to stay within the window, for the client as well (RFC 9842 section 6).
        window = (len(content) * 5 // 4).bit_length()
        self._window = min(max(window, _STREAM_WINDOW), _HIGHEST_WINDOW)

    def codec(self, level: int) -> Codec:
        """The codec of this dictionary, with this level of zstd."""
        kept = threading.local()

        def whole(data: bytes) -> bytes:
            try:
                compressor = kept.compressor
            except AttributeError:
                compressor = kept.compressor = zstd.ZstdCompressor(level, zstd_dict=self._loaded.as_digested_dict)
            compressed: bytes = self._head + compressor.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)
            return compressed

        def stream() -> Stream:
            return _DictionaryStream(self._compressor(level), self._head)

        return Codec(CODING, level, whole, stream, make_codec("zstd", level).inline, exact=False)

    def _compressor(self, level: int) -> zstd.ZstdCompressor:
        parameter = zstd.CompressionParameter
        options: dict[int, int] = {parameter.compression_level: level, parameter.window_log: self._window}
        return zstd.ZstdCompressor(options=options, zstd_dict=self._loaded)


class _DictionaryStream:
    """A stream that begins with the dictionary's digest."""

    __slots__ = ("_compressor", "_head")

    def __init__(self, compressor: zstd.ZstdCompressor, head: bytes) -> None:
        self._compressor = compressor
        self._head = head

    def feed(self, data: bytes) -> bytes:
        return self._begun() + self._compressor.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)

    def finish(self, data: bytes) -> bytes:
        return self._begun() + self._compressor.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)

    def _begun(self) -> bytes:
        head, self._head = self._head, b""
        return head


def read_dictionaries(paths: Iterable[str]) -> list[Dictionary]:
    """The dictionaries in these files. Raises OSError."""
    return [Dictionary(Path(path).read_bytes()) for path in paths]
