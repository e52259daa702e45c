"""Conditions of a request on its way to the endpoint, and back.

Tags of compressed responses become the endpoint's own before it sees them. What was turned back is remembered, so that
a 304 can name the tag that the client asked about.

``If-Match`` beside a Range is left alone, as If-Range is: the part comes from bytes without a coding.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from pegboard.raw_headers import find
from pegboard.requests import Request
from pegboard_gzip.validators import strip_codings, tag_for

__all__ = ["CONDITIONS", "asked_about", "turn_back"]

CONDITIONS: Final = frozenset({b"if-match", b"if-none-match"})
"""The headers that may name tags of compressed responses."""

_BESIDE_RANGE: Final = frozenset({b"if-none-match"})
_TURNED_BACK = "pegboard_gzip.turned_back"


def turn_back(request: Request, codings: Collection[str]) -> None:
    """Turn the tags of ``codings`` in the request's conditions into the endpoint's own.

    All who read the request from now on see the change. The server's list of headers is left as it is: the scope gets
    one of its own.
    """
    before = request.scope["headers"]
    names = CONDITIONS if find(before, b"range") is None else _BESIDE_RANGE
    headers = [(key, strip_codings(value, codings) if key in names else value) for key, value in before]
    if headers != before:
        request.scope[_TURNED_BACK] = [value for key, value in before if key == b"if-none-match"], codings
        request.replace_headers(headers)


def asked_about(request: Request, tag: bytes) -> bytes | None:
    """The tag of a compressed response that the request named, where the endpoint's own is ``tag``, or None."""
    conditions, codings = request.scope.get(_TURNED_BACK, ((), ()))
    for coding in codings:
        own = tag_for(tag, coding)
        if own is not None and own != tag and any(own in condition for condition in conditions):
            return own
    return None
