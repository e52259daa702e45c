"""What a preflight asks for, read within bounds.

``Access-Control-Request-Headers`` may come in several lines, with optional white space and empty elements (RFC 9110
section 5.6.1.2). The bounds hold before anything is split: whoever sends more than a browser ever would is refused at a
cost that does not grow with what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["MAX_BYTES", "MAX_EMPTY", "MAX_NAMES", "RequestedError", "is_token", "requested_names"]

MAX_NAMES = 64
MAX_EMPTY = 16
MAX_BYTES = 4096
"""Bytes of all lines together: 64 names of 64 bytes."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_MAX_ELEMENTS = MAX_NAMES + MAX_EMPTY


class RequestedError(ValueError):
    """The names are too many, or are none."""


def is_token(value: bytes) -> bool:
    """Whether ``value`` is a token (RFC 9110 section 5.6.2), as methods and header names are."""
    return _TOKEN.fullmatch(value) is not None


def requested_names(lines: Sequence[bytes]) -> tuple[bytes, ...]:
    """The header names of a preflight in lower case, none twice, in order.

    Raises RequestedError for more than `MAX_BYTES` bytes, `MAX_NAMES` names or `MAX_EMPTY` empty elements, and for what
    is no token.
    """
    if len(lines) > _MAX_ELEMENTS or sum(map(len, lines)) > MAX_BYTES:
        raise RequestedError(f"more than {MAX_BYTES} bytes or {_MAX_ELEMENTS} lines")
    names: dict[bytes, None] = {}
    count = empty = 0
    for line in lines:
        for element in line.split(b",", _MAX_ELEMENTS):
            name = element.strip(b" \t")
            if not name:
                empty += 1
            elif _TOKEN.fullmatch(name):
                count += 1
                names[name.lower()] = None
            else:
                raise RequestedError("an element that is no header name")
            if count > MAX_NAMES or empty > MAX_EMPTY:
                raise RequestedError(f"more than {MAX_NAMES} names or {MAX_EMPTY} empty elements")
    return tuple(names)
