"""What the fields of ASGI messages must be, and the one form in which a violation is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from pegboard.types import Message, RawHeaders

__all__ = ["ASGIViolation", "check_flag", "check_headers", "check_path", "check_value", "described", "fail"]

# RFC 9110 section 5.6.2 (token), in lower case as ASGI asks; section 5.5 (no CR, LF or NUL in a field's value).
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_FORBIDDEN_IN_VALUE = re.compile(rb"[\r\n\0]")


class ASGIViolation(Exception):
    """An application broke the ASGI standard; the text names the message, what was expected and what was found."""


def fail(what: str, expected: str, got: object) -> NoReturn:
    """Raise ASGIViolation in the one form that all of them have."""
    raise ASGIViolation(f"{what}: expected {expected}, got {got}")


def check_headers(what: str, headers: Any) -> RawHeaders:
    """Check that ``headers`` are pairs of bytes as ASGI asks; gives them as a list of pairs.

    An iterator is refused as well: whoever stands between the application and the server could not read it.
    """
    if isinstance(headers, Mapping | Iterator | bytes | str) or not isinstance(headers, Iterable):
        fail(f"'headers' of {what}", "a list of (name, value) pairs", described(headers))
    checked: RawHeaders = []
    for pair in headers:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            fail(f"a header of {what}", "a (name, value) pair of bytes", described(pair))
        name, value = pair
        if not isinstance(name, bytes) or not _NAME.fullmatch(name):
            fail(f"a header's name in {what}", "bytes, a token in lower case (RFC 9110 section 5.6.2)", described(name))
        check_value(f"header {name.decode()!r} of {what}", value)
        checked.append((name, value))
    return checked


def check_value(what: str, value: Any) -> None:
    """Check one header's value."""
    if not isinstance(value, bytes):
        fail(what, "bytes", described(value))
    if _FORBIDDEN_IN_VALUE.search(value):
        fail(what, "no CR, LF or NUL (RFC 9110 section 5.5)", described(value))


def check_flag(what: str, message: Message, key: str) -> bool:
    """The flag ``key`` of a message, False when it is absent."""
    value = message.get(key, False)
    if not isinstance(value, bool):
        fail(f"{key!r} of {what}", "a bool", described(value))
    return value


def check_path(what: str, message: Message) -> None:
    """Check that the ``path`` of a message is absolute."""
    path = message.get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        fail(f"'path' of {what}", "a str that begins with '/'", described(path))


def described(value: object) -> str:
    """A value for an error: its type, and as much of it as fits a line."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 80 else text[:77] + '...'}"
