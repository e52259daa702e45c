"""Which types of content are compressed, with which levels, and which are sent on piece by piece.

A pattern is ``type/subtype``, ``type/*``, or ``+suffix`` for a structured syntax suffix (RFC 6839). The most particular
pattern decides: a type before a suffix, a suffix before ``type/*``. Types that are not listed do not shrink, or nobody
knows. gRPC is never touched: it compresses its own messages (``application/grpc``, with any suffix).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pegboard.media_types import parse_media_type

__all__ = ["DEFAULT_TYPES", "IMMEDIATE_TYPES", "is_pattern", "matching", "patterns_of"]

DEFAULT_TYPES = (
    "text/*",
    "+json",
    "+xml",
    "+yaml",
    "application/json",
    "application/x-ndjson",
    "application/jsonl",
    "application/json-seq",
    "application/xml",
    "application/xml-dtd",
    "application/yaml",
    "application/toml",
    "application/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "application/graphql",
    "application/sql",
    "application/rtf",
    "application/wasm",
    "application/x-www-form-urlencoded",
    "application/vnd.apple.mpegurl",
    "application/vnd.ms-fontobject",
    "font/otf",
    "font/ttf",
    "font/collection",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
)
"""What is compressed by default: text, what is text underneath, and the few binary formats without compression."""

IMMEDIATE_TYPES = ("text/event-stream", "application/x-ndjson", "application/jsonl", "application/json-seq")
"""Streams whose pieces someone waits for: nothing of them is held back."""

_NAME = r"[!#$&'+\-.^_`|~0-9a-z]+"
_PATTERN = re.compile(rf"{_NAME}/(?:{_NAME}|\*)|\+{_NAME}")


def is_pattern(text: str) -> bool:
    """Whether ``text`` is a pattern, in lower case."""
    return _PATTERN.fullmatch(text) is not None


def patterns_of(content_type: bytes) -> Iterator[str]:
    """The patterns that a Content-Type matches, the most particular first; none when it is malformed or gRPC's."""
    try:
        media_type = parse_media_type(content_type)
    except ValueError:
        return
    if media_type.essence.startswith("application/grpc"):
        return
    yield media_type.essence
    _, plus, suffix = media_type.subtype.rpartition("+")
    if plus:
        yield f"+{suffix}"
    yield f"{media_type.type}/*"


def matching(content_type: bytes, patterns: Iterable[str]) -> str | None:
    """The most particular of ``patterns`` that a Content-Type matches, or None."""
    given = frozenset(patterns)
    return next((pattern for pattern in patterns_of(content_type) if pattern in given), None)
