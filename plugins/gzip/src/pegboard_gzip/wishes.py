"""What a request says about compression, read from its raw list of headers.

A list is scanned, and no index of it is built: this is cheaper as long as nobody else asks for one.
"""

from __future__ import annotations

from pegboard.types import RawHeaders
from pegboard_gzip.response_rules import forbids_transform

__all__ = ["Wishes", "read_wishes"]

Wishes = tuple[bytes | None, bool]
"""Accept-Encoding (its lines joined), or None, and whether the request forbids a change of what it gets."""


def read_wishes(raw: RawHeaders) -> Wishes:
    """The wishes of a request with these headers (RFC 9110 section 12.5.3, RFC 9111 section 5.2.1.6)."""
    accepted: bytes | None = None
    forbidden = False
    for name, value in raw:
        if name == b"accept-encoding":
            accepted = value if accepted is None else b"%b,%b" % (accepted, value)
        elif name == b"cache-control":
            forbidden = forbidden or forbids_transform(value)
    return accepted, forbidden
