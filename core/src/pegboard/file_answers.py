"""What a request for a file is answered: the status, the headers, and which of its bytes. No I/O.

The order of decisions is that of RFC 9110 section 13.2.2: preconditions, then If-Range, then Range. Only GET and HEAD
have preconditions here, and only GET has ranges (section 14.2); an answer that is no success, such as a 404 page, has
neither.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pegboard.conditional import (
    Validators,
    conditional_fields,
    failed_precondition,
    not_modified_headers,
    range_applies,
)
from pegboard.http_dates import parse_http_date
from pegboard.ranges import InvalidRange, Range, UnsatisfiableRange, content_range, multipart, parse_ranges
from pegboard.raw_headers import find, replace
from pegboard.types import RawHeaders, Scope

__all__ = ["FileAnswer", "answer_for"]

# What is said of the file, and would be wrong of a message in its place.
_OF_FILE = frozenset({b"accept-ranges", b"cache-control", b"etag", b"expires", b"last-modified"})


class FileAnswer(NamedTuple):
    """An answer with a file: ``pieces`` are texts, and ranges of the file as ``(start, stop)``."""

    status_code: int
    headers: RawHeaders
    pieces: Sequence[bytes | Range]
    is_whole: bool = False
    """Whether it is the file from its first byte to its last, and nothing else."""


def answer_for(scope: Scope, status_code: int, headers: RawHeaders, size: int) -> FileAnswer:
    """The answer to the request in ``scope`` with a file of ``size`` bytes.

    ``status_code`` and ``headers`` (validators included, Content-Length not) are those of the whole file; they are not
    changed.
    """
    fields = conditional_fields(scope["headers"])
    if fields and 200 <= status_code < 300 and scope["method"] in ("GET", "HEAD"):
        modified = find(headers, b"last-modified")
        current = Validators(find(headers, b"etag"), None if modified is None else parse_http_date(modified))
        failed = failed_precondition(scope["method"], fields, current)
        if failed == 304:
            return FileAnswer(304, not_modified_headers(headers), ())
        if failed is not None:
            return _message(failed, "Precondition failed: the file is not the one that the request names", headers)
        if status_code == 200 and scope["method"] == "GET" and range_applies(fields, current):
            partial = _partial(fields, headers, size)
            if partial is not None:
                return partial
    return FileAnswer(status_code, _with_length(headers, size), ((0, size),) if size else (), bool(size))


def _partial(fields: Mapping[bytes, bytes], headers: RawHeaders, size: int) -> FileAnswer | None:
    """The answer to Range; None when there is none, or it is to be ignored."""
    wanted = fields.get(b"range")
    if wanted is None or find(headers, b"accept-ranges") == b"none":
        return None
    try:
        ranges = parse_ranges(wanted, size)
    except InvalidRange as error:
        return _message(400, str(error), headers)
    except UnsatisfiableRange as error:
        answer = _message(416, str(error), headers)
        answer.headers.append((b"content-range", b"bytes */%d" % size))
        return answer
    if ranges is None:
        return None
    if len(ranges) > 1:
        return _multipart(ranges, headers, size)
    start, stop = ranges[0]
    raw = _with_length(headers, stop - start)
    replace(raw, b"content-range", content_range(start, stop, size))
    return FileAnswer(206, raw, ranges)


def _multipart(ranges: Sequence[Range], headers: RawHeaders, size: int) -> FileAnswer:
    boundary = secrets.token_hex(16).encode("ascii")
    pieces, length = multipart(ranges, size, find(headers, b"content-type"), boundary)
    raw = _with_length(headers, length)
    replace(raw, b"content-type", b"multipart/byteranges; boundary=" + boundary)
    return FileAnswer(206, raw, pieces)


def _message(status_code: int, text: str, headers: RawHeaders) -> FileAnswer:
    """An answer in the place of the file; it keeps the headers that are not about the file."""
    body = text.encode()
    raw = _with_length([pair for pair in not_modified_headers(headers) if pair[0] not in _OF_FILE], len(body))
    raw.append((b"content-type", b"text/plain; charset=utf-8"))
    return FileAnswer(status_code, raw, (body,))


def _with_length(headers: RawHeaders, size: int) -> RawHeaders:
    return [*headers, (b"content-length", b"%d" % size)]
