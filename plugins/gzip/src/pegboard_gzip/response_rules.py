"""What may be compressed, and what compression does to a response's head.

Nothing here reads or writes bodies. A head is a status and the list of pairs of bytes that goes to the server; names
are in lower case.

Left as they are: responses without content, or with a part of it (206, Content-Range); those that have a coding
already; those with a digest in their trailers (RFC 9530); and those whose sender forbids a change (``no-transform``,
RFC 9111 section 5.2.2.6).

``Vary: Accept-Encoding`` stands on every response that might have been compressed for another client, compressed or
not; on 304 as well, since it speaks for such a response (RFC 9110 section 15.4.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pegboard.types import RawHeaders
from pegboard_gzip.codecs import CODINGS, Codec
from pegboard_gzip.validators import tag_for, weak_tag

__all__ = ["NOT_MODIFIED", "PARTIAL", "WITHOUT_CONTENT", "encode_head", "forbids_transform", "must_stay"]

NOT_MODIFIED = 304
PARTIAL = 206
WITHOUT_CONTENT = frozenset({204, 205, 304})
"""Statuses whose responses have no content, besides 1xx (RFC 9110 section 6.4.1)."""

_ENCODED = {coding: (b"content-encoding", coding.encode("ascii")) for coding in (*CODINGS, "dcz")}

_OF_BYTES = frozenset(
    {
        b"accept-ranges",
        b"content-digest",
        b"content-encoding",
        b"content-length",
        b"content-md5",
        b"digest",
        b"repr-digest",
    }
)
"""What speaks of the bytes without a coding, and is not true of the compressed ones (RFC 9110, RFC 9530)."""


def must_stay(raw: RawHeaders) -> bool:
    """Whether a head says that its body stays as it is."""
    for name, value in raw:  # noqa: SIM110  a generator is a frame more, on the path of every response
        if name in _FORBIDDING and _FORBIDDING[name](value):
            return True
    return False


def forbids_transform(cache_control: bytes) -> bool:
    """Whether a Cache-Control has the directive ``no-transform``."""
    lowered = cache_control.lower()
    return b"no-transform" in lowered and b"no-transform" in [part.strip(b" \t") for part in lowered.split(b",")]


def _announces_digest(trailer: bytes) -> bool:
    """Whether a Trailer names what will speak of the plain bytes behind them, too late to be taken away."""
    return any(name.strip(b" \t") in _OF_BYTES for name in trailer.lower().split(b","))


def encode_head(raw: RawHeaders, codec: Codec, length: int | None = None) -> None:
    """Make a head that of the compressed body, of which ``length`` is the number of bytes, if it is known.

    Content-Encoding is set, the tag becomes the coding's own, and what speaks of other bytes goes. A malformed tag goes
    too, since it cannot name two bodies. Where the bytes are not exactly the same each time, the tag becomes weak.
    """
    kept = []
    for pair in raw:
        if pair[0] == b"etag":
            tag = tag_for(pair[1], codec.mark) if codec.exact else weak_tag(pair[1])
            if tag is not None:
                kept.append((b"etag", tag))
        elif pair[0] not in _OF_BYTES:
            kept.append(pair)
    kept.append(_ENCODED[codec.coding])
    if length is not None:
        kept.append((b"content-length", b"%d" % length))
    raw[:] = kept


_FORBIDDING: Mapping[bytes, Callable[[bytes], bool]] = {
    b"content-range": lambda value: True,
    b"content-encoding": lambda value: value.strip(b" \t").lower() not in (b"", b"identity"),
    b"cache-control": forbids_transform,
    b"trailer": _announces_digest,
}
"""The headers that may forbid a change, and when they do."""
