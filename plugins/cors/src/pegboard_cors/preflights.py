"""Telling preflights from other requests with OPTIONS (Fetch, "CORS-preflight request")."""

from __future__ import annotations

from typing import NamedTuple

from pegboard.raw_headers import find
from pegboard.types import RawHeaders

__all__ = ["Preflight"]


class Preflight(NamedTuple):
    """What a preflight asks for, as it was sent: an origin, a method, lines of header names, the private network."""

    origin: bytes
    method: bytes
    asked: list[bytes]
    private: bool

    @classmethod
    def read(cls, raw: RawHeaders) -> Preflight | None:
        """The preflight in the headers of a request with OPTIONS, or None when it is none."""
        origin = find(raw, b"origin")
        method = find(raw, b"access-control-request-method")
        if origin is None or method is None:
            return None
        asked = [value for name, value in raw if name == b"access-control-request-headers"]
        return cls(origin, method, asked, find(raw, b"access-control-request-private-network") == b"true")
