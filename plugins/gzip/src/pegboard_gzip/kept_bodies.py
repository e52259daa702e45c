"""A bounded memory of compressed bodies, for responses that say that they do not change.

The key is the body itself, so that nothing depends on an application's tags being right, and no digest is computed: a
bytes object remembers its hash, and one that is sent again and again is found by identity.

Rules that must not move:

- What is kept has a bound in bytes, bodies and compressed bodies together; what was not used for longest goes first.
- Bodies are compressed for keeping once, at a high level, in a thread. Whoever asks meanwhile gets the usual level.
- Only responses that declare themselves stable are kept: those with a strong tag, or with ``immutable`` (RFC 8246).
  What must not be stored (``no-store``) is not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from pegboard.types import RawHeaders
from pegboard_gzip.codecs import Codec, make_codec

__all__ = ["KEPT_MARK", "LEVELS", "KeptBodies", "is_lasting"]

LEVELS: Mapping[str, int] = {"zstd": 19, "br": 10, "gzip": 9}
"""The levels of what is kept. Brotli's highest would take twice as long, and gain 2 %."""

KEPT_MARK = "kept"
"""Stands in tags behind the coding: these bytes are not those of the usual level."""

_SHARE = 8
_OVERHEAD = 256


class KeptBodies:
    """Keeps compressed bodies in at most ``size`` bytes; a single one may take an eighth of that."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._largest = size // _SHARE
        self._kept: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
        self._pending: set[tuple[str, bytes]] = set()
        self._codecs = {
            coding: make_codec(coding, level)._replace(mark=f"{coding}{KEPT_MARK}") for coding, level in LEVELS.items()
        }

    def codec(self, coding: str) -> Codec:
        """The codec that makes what is kept."""
        return self._codecs[coding]

    def find(self, coding: str, body: bytes) -> bytes | None:
        """``body`` as it was compressed with ``coding``, or None; where that made it no smaller, ``body`` itself."""
        key = (coding, body)
        compressed = self._kept.get(key)
        if compressed is not None:
            self._kept.move_to_end(key)
        return compressed

    def begin(self, coding: str, body: bytes) -> bool:
        """Whether the caller is to compress ``body``, and then say `end`: it fits, and nobody else is at it."""
        key = (coding, body)
        if key in self._pending or len(body) > self._largest:
            return False
        self._pending.add(key)
        return True

    def end(self, coding: str, body: bytes, compressed: bytes | None) -> None:
        """Keep what ``body`` has become, or None when it failed."""
        key = (coding, body)
        self._pending.discard(key)
        if compressed is None:
            return
        self._kept[key] = compressed
        self._left -= _cost(body, compressed)
        while self._left < 0:
            (_, oldest), gone = self._kept.popitem(last=False)
            self._left += _cost(oldest, gone)

    def __len__(self) -> int:
        return len(self._kept)


def is_lasting(raw: RawHeaders) -> bool:
    """Whether the response with this head says that its body does not change under its tag, or at all."""
    lasting = False
    for name, value in raw:
        if name == b"etag":
            lasting = lasting or value.startswith(b'"')
        elif name == b"cache-control":
            directives = [part.strip(b" \t") for part in value.lower().split(b",")]
            if b"no-store" in directives:
                return False
            lasting = lasting or b"immutable" in directives
    return lasting


def _cost(body: bytes, compressed: bytes) -> int:
    return len(body) + (0 if compressed is body else len(compressed)) + _OVERHEAD
