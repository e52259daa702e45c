"""Preflights (Fetch, "CORS-preflight request"): told from other requests with OPTIONS, and answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pegboard.responses import Response
from pegboard.types import RawHeaders

__all__ = ["Preflight", "PreflightResponse"]

_METHOD = b"access-control-request-method"
_HEADERS = b"access-control-request-headers"
_PRIVATE_NETWORK = b"access-control-request-private-network"
_ASKING = frozenset({b"origin", _METHOD, _HEADERS, _PRIVATE_NETWORK})


class Preflight(NamedTuple):
    """What a preflight asks for, as it was sent: an origin, a method, lines of header names, the private network."""

    origin: bytes
    method: bytes
    asked: tuple[bytes, ...]
    private: bool

    @classmethod
    def read(cls, raw: RawHeaders) -> Preflight | None:
        """The preflight in the headers of a request with OPTIONS, or None when it is none.

        Of several lines of one name the first counts; those of header names are all kept.
        """
        origin = method = private = None
        asked: list[bytes] = []
        for name, value in raw:
            if name in _ASKING:
                if name == _HEADERS:
                    asked.append(value)
                elif name == _METHOD:
                    method = value if method is None else method
                elif name == _PRIVATE_NETWORK:
                    private = value if private is None else private
                else:
                    origin = value if origin is None else origin
        if origin is None or method is None:
            return None
        return cls(origin, method, tuple(asked), private == b"true")


class PreflightResponse(Response):
    """An answer to a preflight: headers that are ready as they are, and no body."""

    def __init__(self, status_code: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.status_code = status_code
        self.raw_headers = [*headers]
