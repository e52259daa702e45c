"""What a scheme is: one way in which callers show who they are.

A scheme looks at a connection, an HTTP request or a WebSocket before it is accepted, and says one of three things:
there are no credentials of my kind (None); they are good (an `Access`); they are bad (`Rejected`). Schemes are tried
in order, and the first that finds credentials decides: bad credentials are an answer, and never fall through to
anonymous.

A complete scheme of one's own::

    class Certificate(Scheme):
        name = "certificate"

        def authenticate(self, connection):
            tls = connection.scope.get("extensions", {}).get("tls", {})
            subject = tls.get("client_cert_name")
            return None if subject is None else Access(User(subject), self.name)
"""

from __future__ import annotations

import binascii
from collections.abc import Awaitable
from typing import ClassVar

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access
from pegboard_auth.refusals import ErrorCode, Rejected

__all__ = ["Scheme", "authorization", "decode_base64"]


class Scheme:
    """Base of schemes. Override ``authenticate``, and ``challenge`` where the scheme is one of WWW-Authenticate."""

    name: ClassVar[str]
    """One word: ``request.auth.scheme``, the settings' ``order`` and a route's ``schemes`` name the scheme by it."""

    vary: bytes = b""
    """A request header, in lower case, that caches must tell answers apart by (RFC 9110 section 12.5.5).

    Authorization needs none: shared caches keep no answers to requests that have it (RFC 9111 section 3.5).
    """

    def authenticate(self, connection: HTTPConnection) -> Access | Awaitable[Access | None] | None:
        """Look for credentials and verify them; ``async def`` is as welcome. Raises `Rejected` for bad ones."""
        raise NotImplementedError

    def challenge(self, realm: str, error: ErrorCode | None = None, scope: str = "") -> str | None:
        """The scheme's challenge for WWW-Authenticate (RFC 9110 section 11.6.1), or None when it has none.

        ``error`` is given when this scheme has rejected, or its caller may not; ``scope`` then tells what is needed.
        """
        return None


def authorization(connection: HTTPConnection, scheme: bytes) -> bytes | None:
    """The credentials of the Authorization header when they are of ``scheme`` (lower case), else None.

    Raises `Rejected` for several Authorization headers: whoever stands before us may have read another one.
    """
    value = connection.header(b"authorization")
    if value is None:
        return None
    if len(connection.headers.raw_getlist(b"authorization")) > 1:
        raise Rejected("several Authorization headers", "invalid_request", 400)
    name, _, credentials = value.partition(b" ")
    # RFC 9110 section 11.1: the name of a scheme is case-insensitive.
    return credentials.strip(b" \t") if name.lower() == scheme else None


def decode_base64(text: bytes) -> bytes:
    """Decode padded base64 (RFC 4648 section 4). Raises ValueError for any but the canonical spelling."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if binascii.b2a_base64(data, newline=False) != text:
        raise ValueError("not canonical base64")
    return data
