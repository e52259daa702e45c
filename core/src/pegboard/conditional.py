"""Conditional requests (RFC 9110 section 13): whether what the client has is still what there is. No I/O.

Rules that must not move:

- The order of the conditions is that of section 13.2.2: If-Match, or without it If-Unmodified-Since; then
  If-None-Match, or without it If-Modified-Since; If-Range last.
- If-Match and If-Range compare tags strongly, If-None-Match weakly (section 8.8.3.2).
- A date that is none is ignored. In a list of tags, what is no tag matches nothing: an answer may be longer than
  needed then, but never wrong.
- One pass over each header, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pegboard.http_dates import parse_http_date
from pegboard.types import RawHeader, RawHeaders

__all__ = [
    "Validators",
    "conditional_fields",
    "failed_precondition",
    "make_etag",
    "not_modified_headers",
    "range_applies",
]

_READ = frozenset({b"if-match", b"if-modified-since", b"if-none-match", b"if-range", b"if-unmodified-since", b"range"})
_SAFE = ("GET", "HEAD")

# An opaque-tag may hold commas, so a list of them cannot be split. No quote is part of one: each match ends where the
# next may begin, and a quote that nothing closes is looked at once.
_TAG = re.compile(rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')

# RFC 9110 section 15.4.5: what speaks of content that is not sent.
_OF_CONTENT = frozenset(
    {
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-range",
        b"content-type",
    }
)


class Validators(NamedTuple):
    """What tells one state of a representation from another: ``etag`` as it is sent, ``modified`` in seconds."""

    etag: bytes | None = None
    modified: int | None = None


def make_etag(size: int, mtime_ns: int) -> bytes:
    """The strong entity tag of a file of ``size`` bytes that was changed ``mtime_ns`` nanoseconds after 1970."""
    return b'"%x-%x"' % (mtime_ns, size)


def conditional_fields(headers: Iterable[RawHeader]) -> dict[bytes, bytes]:
    """The preconditions and Range among a request's headers, by name; repeated ones are joined with commas."""
    fields: dict[bytes, bytes] = {}
    repeated: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if name in _READ:
            if name in fields:
                repeated.setdefault(name, [fields[name]]).append(value)
            else:
                fields[name] = value
    for name, values in repeated.items():
        fields[name] = b", ".join(values)
    return fields


def failed_precondition(method: str, fields: Mapping[bytes, bytes], current: Validators) -> int | None:
    """The status that answers the first condition that does not hold, 304 or 412; None when all hold.

    It is for requests that would be answered with 2xx (section 13.2.1) of a representation that exists.
    """
    if not _still_there(fields, current):
        return 412
    if _unchanged(method, fields, current):
        return 304 if method in _SAFE else 412
    return None


def range_applies(fields: Mapping[bytes, bytes], current: Validators) -> bool:
    """Whether If-Range, where there is one, lets a Range be answered (section 13.1.5)."""
    condition = fields.get(b"if-range")
    if condition is None:
        return True
    if condition.startswith((b'"', b"W/")):
        return condition == current.etag and not condition.startswith(b"W/")
    return current.modified is not None and parse_http_date(condition) == current.modified


def not_modified_headers(headers: RawHeaders) -> RawHeaders:
    """Of the headers that a 200 would have, those that its 304 has (section 15.4.5)."""
    has_tag = any(name == b"etag" for name, _ in headers)
    return [
        (name, value)
        for name, value in headers
        if name not in _OF_CONTENT and not (has_tag and name == b"last-modified")
    ]


def _still_there(fields: Mapping[bytes, bytes], current: Validators) -> bool:
    tags = fields.get(b"if-match")
    if tags is not None:
        return tags == b"*" or (current.etag in _TAG.findall(tags) and _is_strong(current.etag))
    since = _date(fields, b"if-unmodified-since")
    return since is None or current.modified is None or current.modified <= since


def _unchanged(method: str, fields: Mapping[bytes, bytes], current: Validators) -> bool:
    tags = fields.get(b"if-none-match")
    if tags is not None:
        if tags in (b"*", current.etag):
            return True
        return current.etag is not None and _opaque(current.etag) in map(_opaque, _TAG.findall(tags))
    since = _date(fields, b"if-modified-since") if method in _SAFE else None
    return since is not None and current.modified is not None and current.modified <= since


def _date(fields: Mapping[bytes, bytes], name: bytes) -> int | None:
    value = fields.get(name)
    return None if value is None else parse_http_date(value)


def _is_strong(tag: bytes | None) -> bool:
    return tag is not None and not tag.startswith(b"W/")


def _opaque(tag: bytes) -> bytes:
    return tag.removeprefix(b"W/")
