"""What may be compressed, and what compression does to a response's head.

Nothing here reads or writes bodies. A head is a status and the list of pairs of bytes that goes to the server; names
are in lower case.

Left as they are: responses without content, or with a part of it (206, Content-Range); those that have a coding
already; and those whose sender forbids a change (``no-transform``, RFC 9111 section 5.2.2.6).

``Vary: Accept-Encoding`` stands on every response that might have been compressed for another client, compressed or
not; on 304 as well, since it speaks for such a response (RFC 9110 section 15.4.5).
"""

from __future__ import annotations

from pegboard.types import RawHeaders
from pegboard_gzip.validators import tag_for

__all__ = ["NOT_MODIFIED", "PARTIAL", "WITHOUT_CONTENT", "describe_body", "encode_head", "forbids_transform"]

NOT_MODIFIED = 304
PARTIAL = 206
WITHOUT_CONTENT = frozenset({204, 205, 304})
"""Statuses whose responses have no content, besides 1xx (RFC 9110 section 6.4.1)."""

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

_TELLING = frozenset({b"cache-control", b"content-encoding", b"content-length", b"content-range", b"content-type"})


def describe_body(raw: RawHeaders) -> tuple[bytes, int | None] | None:
    """The Content-Type of the body that a head announces, and its length in bytes where one is told.

    None when the head has no type, or says that the body must stay as it is.
    """
    content_type = length = None
    for name, value in raw:
        if name not in _TELLING:
            continue
        if name == b"content-type":
            content_type = value
        elif name == b"content-length":
            length = int(value) if value.isdigit() else None
        elif name == b"content-range":
            return None
        elif name == b"content-encoding":
            if value.strip(b" \t").lower() not in (b"", b"identity"):
                return None
        elif forbids_transform(value):
            return None
    return None if content_type is None else (content_type, length)


def forbids_transform(cache_control: bytes) -> bool:
    """Whether a Cache-Control has the directive ``no-transform``."""
    lowered = cache_control.lower()
    return b"no-transform" in lowered and b"no-transform" in [part.strip(b" \t") for part in lowered.split(b",")]


def encode_head(raw: RawHeaders, coding: str) -> None:
    """Make a head that of the compressed body.

    Content-Encoding is set, the tag becomes the coding's own, and what speaks of other bytes goes. A malformed tag goes
    too, since it cannot name two bodies.
    """
    kept = []
    for pair in raw:
        if pair[0] == b"etag":
            tag = tag_for(pair[1], coding)
            if tag is not None:
                kept.append((b"etag", tag))
        elif pair[0] not in _OF_BYTES:
            kept.append(pair)
    kept.append((b"content-encoding", coding.encode("ascii")))
    raw[:] = kept
