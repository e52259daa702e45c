"""The answer to a body that is too large, and the end of a connection whose body is not read to its end."""

from __future__ import annotations

from pegboard.exceptions import HTTPException
from pegboard.types import Scope

__all__ = ["announces_more", "closing_headers", "too_large"]


def announces_more(content_length: bytes | None, limit: int | None) -> bool:
    """Whether a Content-Length tells of a body over ``limit`` bytes, which need not be waited for."""
    if content_length is None or limit is None or not content_length.isdigit():
        return False
    return len(content_length) > 18 or int(content_length) > limit


def too_large(scope: Scope, limit: int | None) -> HTTPException:
    """The answer to a body over ``limit`` bytes: 413 (RFC 9110 section 15.5.14), closing an HTTP/1 connection."""
    return HTTPException(413, f"The body is larger than {limit} bytes", closing_headers(scope))


def closing_headers(scope: Scope) -> dict[str, str] | None:
    """The headers of an answer behind which the rest of the body is not read: HTTP/1 has to close the connection."""
    return {"Connection": "close"} if scope.get("http_version", "1.1") in ("1.0", "1.1") else None
