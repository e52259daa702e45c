"""Entity tags of compressed responses (RFC 9110 section 8.8.3).

A strong tag names bytes, and each coding has bytes of its own. So a compressed response with the tag ``"v1"`` is sent
with ``"v1--gzip"``, and a condition that names this tag reaches the endpoint as ``"v1"``: the endpoint compares its own
tags, and knows nothing of compression. Weak tags name content, not bytes, and are left alone; where the bytes differ
from answer to answer, a strong tag becomes weak.

Rules that must not move:

- Conditions of GET and HEAD are turned back only for the coding that the request would get now. A cache that asks for a
  client without Brotli is never told to serve the Brotli bytes it has.
- Conditions of a request that changes something speak of the resource's state: they are turned back for every coding.
- ``If-Range`` is left alone. Ranges are cut from bytes without a coding, and do not fit into compressed ones. Nor does
  ``If-Match`` beside a Range.
"""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["strip_codings", "tag_for", "weak_tag"]

_STRONG_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')
_ANY_TAG = re.compile(rb'((?:W/)?"[^"]*)--([a-z]+)"')


def tag_for(tag: bytes, coding: str) -> bytes | None:
    """The tag of a response whose tag without a coding is ``tag``; None when ``tag`` is malformed and names nothing."""
    if tag.startswith(b"W/"):
        return tag
    if _STRONG_TAG.fullmatch(tag) is None:
        return None
    return b'%b--%b"' % (tag[:-1], coding.encode("ascii"))


def weak_tag(tag: bytes) -> bytes | None:
    """The weak tag for content whose tag is ``tag``; None when ``tag`` is malformed and names nothing."""
    if tag.startswith(b"W/"):
        return tag
    return None if _STRONG_TAG.fullmatch(tag) is None else b"W/" + tag


def strip_codings(condition: bytes, codings: Collection[str]) -> bytes:
    """``If-None-Match`` or ``If-Match`` with the tags of these codings as they are without one."""
    if b"--" not in condition:
        return condition

    def stripped(found: re.Match[bytes]) -> bytes:
        return found[1] + b'"' if found[2].decode("ascii") in codings else found[0]

    return _ANY_TAG.sub(stripped, condition)
