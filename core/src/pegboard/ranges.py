"""Range requests (RFC 9110 section 14): which bytes a client asks for, and how several parts are sent. No I/O.

Rules that must not move:

- A range is a pair ``(start, stop)`` of positions, ``stop`` behind the last byte, within the size at hand.
- At most `MAX_RANGES` are looked at. They are counted before anything else is done with them.
- Ranges that overlap or touch become one, found by sorting. The parts keep the order in which they were asked for
  (section 15.3.7.2).
- Time is linear in the length of the header, however long its numbers are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["MAX_RANGES", "InvalidRange", "Range", "UnsatisfiableRange", "content_range", "multipart", "parse_ranges"]

MAX_RANGES = 100
"""How many ranges one request may ask for."""

Range = tuple[int, int]

_SPEC = re.compile(rb"([0-9]*)-([0-9]*)")
_BEYOND = 1 << 63
"""Stands for every number that no file's size reaches."""


class InvalidRange(ValueError):
    """A Range header that is malformed: 400."""


class UnsatisfiableRange(ValueError):
    """A Range header that asks for nothing that is there, or for too many parts: 416."""


def parse_ranges(value: bytes, size: int) -> list[Range] | None:
    """The ranges of ``size`` bytes that a Range header asks for, merged; None when the header is to be ignored.

    Raises InvalidRange and UnsatisfiableRange. Units other than bytes are ignored (section 14.2), and so is what asks
    for the end of nothing, since no Content-Range can tell of it.
    """
    unit, _, specs = value.partition(b"=")
    if unit.strip().lower() != b"bytes":
        return None
    if specs.count(b",") >= MAX_RANGES:
        raise UnsatisfiableRange(f"Range has more than {MAX_RANGES} ranges; ask for fewer, or for the whole")
    asked = [_parse(spec, size) for member in specs.split(b",") if (spec := member.strip(b" \t"))]
    if not asked:
        raise InvalidRange("Range names no range; expected for example bytes=0-499")
    satisfiable = [(start, stop) for start, stop in asked if start < stop]
    if satisfiable:
        return _merged(satisfiable)
    if size == 0 and any(start == 0 for start, _ in asked):
        return None
    raise UnsatisfiableRange(f"Range lies outside of the {size} bytes there are")


def content_range(start: int, stop: int, size: int) -> bytes:
    """The value of Content-Range for one range (section 14.4)."""
    return b"bytes %d-%d/%d" % (start, stop - 1, size)


def multipart(
    ranges: Sequence[Range], size: int, content_type: bytes | None, boundary: bytes
) -> tuple[list[bytes | Range], int]:
    """The pieces of a ``multipart/byteranges`` body (section 14.6), texts and ranges in turn; and its length in bytes.

    ``boundary`` must not occur in the content.
    """
    kind = b"" if content_type is None else b"Content-Type: %b\r\n" % content_type
    pieces: list[bytes | Range] = []
    before = b""
    for start, stop in ranges:
        where = content_range(start, stop, size)
        pieces += [b"%b--%b\r\n%bContent-Range: %b\r\n\r\n" % (before, boundary, kind, where), (start, stop)]
        before = b"\r\n"
    pieces.append(b"\r\n--%b--\r\n" % boundary)
    return pieces, sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces)


def _parse(spec: bytes, size: int) -> Range:
    """One range within ``size``; an empty one where nothing of it is there. A suffix of nothing starts at 0."""
    found = _SPEC.fullmatch(spec)
    if found is None or spec == b"-":
        shown = spec[:40].decode("latin-1")
        raise InvalidRange(f"Range has {shown!a}; expected first-last, first- or -length, in digits")
    first, last = found.groups()
    if not first:
        length = _number(last)
        return (max(size - length, 0), size) if length else (size + 1, size)
    start, end = _number(first), _number(last) if last else _BEYOND
    if end < start:
        raise InvalidRange("Range has a range that ends before it starts")
    return (start, min(end + 1, size)) if size else (start + 1, 0)


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) < 19 else _BEYOND


def _merged(ranges: Sequence[Range]) -> list[Range]:
    if len(ranges) == 1:
        return [ranges[0]]
    groups: list[list[int]] = []
    for start, stop, place in sorted((start, stop, place) for place, (start, stop) in enumerate(ranges)):
        if groups and start <= groups[-1][1]:
            group = groups[-1]
            group[1] = max(group[1], stop)
            group[2] = min(group[2], place)
        else:
            groups.append([start, stop, place])
    groups.sort(key=lambda group: group[2])
    return [(start, stop) for start, stop, _ in groups]
