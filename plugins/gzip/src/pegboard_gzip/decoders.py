"""The codings of request bodies, undone a piece at a time.

Rules that must not move:

- What comes out at a time is bounded, about 64 KiB, however much a few bytes stand for: the next piece is made when the
  one before it was taken.
- Windows are bounded: 8 MiB for zstd (RFC 9659), 16 MiB for Brotli (RFC 7932), 32 KiB for gzip.
- A gzip body may have several members, a zstd body several frames (RFC 1952 section 2.2, RFC 8878 section 3.1), but not
  a great many tiny ones: each costs far more time than its few bytes.
- A body that ends in the middle is an error, as is one with something behind its end. No bytes at all are no body.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from pegboard_gzip.codecs import brotli, zlib, zstd

__all__ = ["DECODERS", "Broken", "Decoder"]

_PIECE = 64 * 1024
_GZIP_CONTAINER = 31
_ZLIB_ERROR: type[Exception] = zlib.error  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
_ZSTD_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
_FREE_MEMBERS = 64
_MEMBER_BYTES = 1024


class Broken(ValueError):
    """The bytes are not what their coding says."""


class Decoder(Protocol):
    """Undoes one coding of one body."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode a piece; take all of what this gives before the next. Raises Broken."""
        ...

    def finish(self) -> None:
        """See whether the body has ended. Raises Broken when it has not."""
        ...


class _Members:
    """A body of members one behind the other, each with a decompressor of its own."""

    def __init__(self) -> None:
        self._member: Any = None
        self._begun = self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._size += len(data)
        while data:
            member = self._member or self._begin()
            yield from self._pieces(member, data)
            data = b""
            if member.eof:
                data = member.unused_data
                self._member = None

    def finish(self) -> None:
        if self._member is not None:
            raise Broken("it ends too early")

    def _begin(self) -> Any:
        self._begun += 1
        if self._begun > _FREE_MEMBERS + self._size // _MEMBER_BYTES:
            raise Broken(f"it has more parts than one for each {_MEMBER_BYTES} bytes")
        self._member = member = self._new()
        return member

    def _new(self) -> Any:
        raise NotImplementedError

    def _pieces(self, member: Any, data: bytes) -> Iterator[bytes]:
        """Decode ``data`` up to the member's end, or to its own."""
        raise NotImplementedError


class _Gzip(_Members):
    def _new(self) -> Any:
        return zlib.decompressobj(_GZIP_CONTAINER)

    def _pieces(self, member: Any, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = member.decompress(data, _PIECE)
            except _ZLIB_ERROR as error:
                raise Broken("it is malformed") from error
            if piece:
                yield piece
            data = member.unconsumed_tail
            # A full piece may have left more behind in the decompressor itself.
            if member.eof or (not data and len(piece) < _PIECE):
                return


class _Zstd(_Members):
    def _new(self) -> Any:
        return zstd.ZstdDecompressor(options=_ZSTD_WINDOW)

    def _pieces(self, member: Any, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = member.decompress(data, _PIECE)
            except zstd.ZstdError as error:
                raise Broken("it is malformed, or needs a window of more than 8 MiB") from error
            if piece:
                yield piece
            if member.eof or member.needs_input:
                return
            data = b""


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        decompressor = self._decompressor
        self._begun = self._begun or bool(data)
        while True:
            try:
                piece = decompressor.process(data, output_buffer_limit=_PIECE)
            except brotli.error as error:
                raise Broken("it is malformed") from error
            if piece:
                yield piece
            # A full piece may have left more behind, whether there is room for input or not.
            if decompressor.is_finished() or (decompressor.can_accept_more_data() and len(piece) < _PIECE):
                return
            data = b""

    def finish(self) -> None:
        if self._begun and not self._decompressor.is_finished():
            raise Broken("it ends too early")


DECODERS: dict[str, type[_Members | _Brotli]] = {"zstd": _Zstd, "br": _Brotli, "gzip": _Gzip}
"""What undoes each coding."""
