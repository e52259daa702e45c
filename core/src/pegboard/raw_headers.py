"""Headers as they travel: lists of pairs of bytes, edited in place (RFC 9110 section 5).

Rules that must not move:

- A list is never copied: it is the scope's or the response's own.
- Names in lists are lower case, as ASGI demands, so that finding one is a comparison of bytes. Lists of responses are
  two to ten long: to scan them is faster than any index.
- What comes in as str is validated by `field_name` and `field_value`; whoever hands over bytes vouches for them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pegboard.types import RawHeaders

__all__ = ["field_name", "field_value", "find", "merge_vary", "normalized", "remove", "replace"]

_NOT_TOKEN = re.compile(r"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@lru_cache(maxsize=512)
def field_name(name: str) -> bytes:
    """``name`` in lower case as bytes. Raises ValueError when it is not a token (RFC 9110 section 5.1)."""
    bad = _NOT_TOKEN.search(name)
    if bad is not None or not name:
        found = f"{bad[0]!a} at position {bad.start()}" if bad else "nothing"
        raise ValueError(
            f"header name {name!a}: expected letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.1), got {found}"
        )
    return name.lower().encode("ascii")


def field_value(name: str, value: str) -> bytes:
    """``value`` as bytes. Raises ValueError, naming header ``name``, when it cannot travel (RFC 9110 section 5.5)."""
    # Most values are printable ASCII: this spares them the search.
    if value.isascii() and value.isprintable():
        return value.encode()
    if bad := _CONTROL.search(value):
        raise ValueError(
            f"header {name!a}: its value has the control character {bad[0]!a} at position {bad.start()}; "
            "remove it or encode it, a header is one line (RFC 9110 section 5.5)"
        )
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"header {name!a}: its value has {value[error.start]!a} at position {error.start}, outside ISO-8859-1; "
            "encode it, for example with urllib.parse.quote (RFC 8187)"
        ) from None


def normalized(headers: Any) -> RawHeaders:
    """Headers as other applications send them, any iterable of pairs, as a list of pairs with names in lower case."""
    raw = list(headers)
    for pair in raw:
        name, value = pair
        if not (pair.__class__ is tuple and name.__class__ is value.__class__ is bytes and name.islower()):
            return [(bytes(name).lower(), bytes(value)) for name, value in raw]
    return raw


def find(raw: RawHeaders, name: bytes) -> bytes | None:
    """The first value of ``name`` (lower case) in ``raw``, or None."""
    for key, value in raw:
        if key == name:
            return value
    return None


def replace(raw: RawHeaders, name: bytes, value: bytes) -> None:
    """Set ``name`` (lower case) in ``raw``: exactly one is left, at the place of the first, or at the end."""
    place = 0
    for key, _ in raw:
        if key == name:
            break
        place += 1
    else:
        raw.append((name, value))
        return
    raw[place] = (name, value)
    remove(raw, name, place + 1)


def remove(raw: RawHeaders, name: bytes, start: int = 0) -> None:
    """Drop every ``name`` (lower case) from ``raw``, from index ``start`` on."""
    for index in range(len(raw) - 1, start - 1, -1):
        if raw[index][0] == name:
            del raw[index]


def merge_vary(raw: RawHeaders, token: bytes) -> None:
    """Add ``token``, one name or several with commas, to Vary in ``raw``: none twice, and ``*`` stays alone."""
    place, present, several = len(raw), b"", False
    for index, (key, value) in enumerate(raw):
        if key == b"vary":
            several = place < index
            place = min(place, index)
            present = b"%b,%b" % (present, value) if several else value
    if place == len(raw):
        raw.append((b"vary", _merged(b"", token)))
    elif several or present != token:
        raw[place] = (b"vary", _merged(present, token))
        if several:
            remove(raw, b"vary", place + 1)


@lru_cache(maxsize=256)
def _merged(present: bytes, token: bytes) -> bytes:
    """Vary with ``token``. Applications send few different ones."""
    names: dict[bytes, bytes] = {}
    for member in (b"%b,%b" % (present, token)).split(b","):
        name = member.strip(b" \t")
        if name:
            names.setdefault(name.lower(), name)
    return b"*" if b"*" in names else b", ".join(names.values())
